import { writeSync } from 'node:fs';
import { DeviceUnderTest, MIB } from './device.testing.ts';
import { Device } from './device.ts';

/**
 * Changes a device at random until it is killed: `node crash-child.testing.ts <stateDir> <seed> [<Btrfs directory>]`. Each change is
 * announced on stdout as `?<operation> <name>` and, once done, confirmed as `!<operation> <name>`. Every image begins
 * with the name of the volume that it came from, which the name of a snapshot ends with.
 */
const [stateDir = '', seedText = '1', path] = process.argv.slice(2);
const SUBVOLUME = '/disk/btrfs/subvolume';

let seed = Number(seedText);
function random(below: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

const pool = { label: 'pool', mountPoint: 'pool' };
const options = path === undefined ? { pools: [pool] } : { backend: 'btrfs' as const, pools: [{ ...pool, path }] };
const under = new DeviceUnderTest(await Device.open({ stateDir, ...options }), stateDir);

async function subvolumes(prefix: string): Promise<string[]> {
  const names = (await under.rows(SUBVOLUME)).map((row) => String(row.props.get('name')));
  return names.filter((name) => name.startsWith(prefix));
}

async function step(operation: string, name: string, change: () => Promise<unknown>): Promise<void> {
  writeSync(1, `?${operation} ${name}\n`);
  await change();
  writeSync(1, `!${operation} ${name}\n`);
}

async function addVolume(name: string): Promise<void> {
  await step('add', name, () => under.add(SUBVOLUME, { fs: 'pool', name }));
  await step('attach', name, () => under.attach(name, { 'file-size': BigInt(4 * MIB) }));
  await step('write', name, () => under.device.blocks.write(`nqn.2026-11.test:${name}`, 0, Buffer.from(name)));
}

async function removeVolume(name: string): Promise<void> {
  if ((await under.row('/disk', name)) !== undefined) {
    await step('detach', name, () => under.run('/disk', 'remove', name));
  }
  await step('remove', name, () => under.run(SUBVOLUME, 'remove', name));
}

async function change(unique: string): Promise<void> {
  const [volumes, snapshots] = [await subvolumes('v-'), await subvolumes('s-')];
  const volume = volumes[random(volumes.length)];
  const snapshot = snapshots[random(snapshots.length)];
  const choice = random(5);
  if (volume === undefined || choice === 0) await addVolume(`v-${unique}`);
  else if (choice === 1 && volumes.length > 3) await removeVolume(volume);
  else if (choice === 2 && snapshot !== undefined) {
    await step('remove', snapshot, () => under.run(SUBVOLUME, 'remove', snapshot));
  } else await step('add', `s-${unique}-of-${volume}`, () => under.snapshot(volume, `s-${unique}-of-${volume}`));
}

for (let i = 0; ; i += 1) await change(`${seedText}x${i}`);
