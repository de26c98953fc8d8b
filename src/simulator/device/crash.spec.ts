import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { openDevice, poolDirectory, temporaryDirectory, testOnBackends } from './device.testing.ts';
import type { DeviceOptions } from './options.ts';

const CHILD = join(import.meta.dirname, 'crash-child.testing.ts');
const ROUNDS = 4;

/** Runs the child until it has said this many lines, kills it, and returns what it said. */
async function runAndKill(t: TestContext, args: readonly string[], lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === lines) child.kill('SIGKILL');
  }
  const [, signal] = await exited;
  assert.equal(signal, 'SIGKILL', said.join('\n'));
  return said;
}

/** What must be there, and what may or may not be, after these announcements and confirmations. */
function expected(
  said: readonly string[],
  certain: Set<string>,
): { certain: Set<string>; doubtful: string | undefined } {
  for (const line of said) {
    const [operation, name = ''] = line.slice(1).split(' ');
    if (!line.startsWith('!')) continue;
    if (operation === 'add') certain.add(name);
    if (operation === 'remove') certain.delete(name);
  }
  const last = said.at(-1) ?? '';
  return { certain, doubtful: last.startsWith('?') ? last.split(' ')[1] : undefined };
}

async function beginning(path: string, length: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead).toString();
  } finally {
    await file.close();
  }
}

const CLAIM = 'killed at any moment, it comes back with everything it confirmed and nothing partial';

testOnBackends(CLAIM, async (t, options) => {
  const stateDir = await temporaryDirectory(t);
  const pool = poolDirectory(stateDir, options);
  const path = options.pools?.map((one) => one.path ?? '') ?? [];
  const written = new Set<string>();
  let certain = new Set<string>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const said = await runAndKill(t, [stateDir, `${round * 7919}`, ...path], 20 + round * 17);
    for (const line of said) if (line.startsWith('!write ')) written.add(line.slice('!write '.length));
    const outcome = expected(said, certain);
    const { device, fileNames } = await reopen(t, { ...options, stateDir });
    const names = device.pools()[0]?.subvolumes ?? [];

    const decided = (name: string) => name !== outcome.doubtful;
    assert.deepEqual(names.filter(decided).sort(), [...outcome.certain].filter(decided).sort());
    const onDisk = await readdir(pool, { recursive: true });
    assert.deepEqual(onDisk.map((file) => `pool/${file}`).sort(), fileNames);
    if (device.backend === 'files') assert.deepEqual(await readdir(join(stateDir, 'tmp')), []);
    for (const name of names) {
      const origin = name.replace(/^s-.*-of-/, '');
      const image = join(pool, name, 'volume.img');
      // A volume may have been killed before its first write; then it and its snapshots are blank.
      if (written.has(origin)) assert.equal(await beginning(image, origin.length), origin, name);
    }
    certain = new Set(names);
    await device.close();
  }
});

async function reopen(t: TestContext, options: Partial<DeviceOptions>) {
  const under = await openDevice(t, options);
  const fileNames = (await under.rows('/file')).map((row) => String(row.props.get('name')));
  return { device: under.device, fileNames: fileNames.filter((name) => name !== 'pool').sort() };
}
