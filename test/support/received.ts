import assert from 'node:assert/strict';
import { change } from './console.ts';
import type { Stack } from './stack.ts';

/** The subvolume of an id in a pool. */
export function nameIn({ simulator }: Stack, pool: string, id: string): string {
  const prefix = `${id.slice('rds1:'.length)}-`;
  const found = inPool(simulator, pool).find((name) => name.startsWith(prefix));
  return found ?? assert.fail(`${id} is not in ${pool}`);
}

/** Full names of all subvolumes in a pool. */
export function inPool({ device }: Stack['simulator'], pool: string): readonly string[] {
  return device.pools().find(({ label }) => label === pool)?.subvolumes ?? [];
}

/**
 * Sends an object from the pool `pool` to another one under its name, as `/disk/btrfs/transfer` does. A volume is sent as a
 * read-only snapshot of it that has its name.
 *
 * @param complete Whether the transfer comes to its end.
 * @returns the name.
 */
export async function receive(stack: Stack, id: string, complete = true, pool = 'cold'): Promise<string> {
  const { simulator } = stack;
  const name = nameIn(stack, 'pool', id);
  if (!id.includes(':pvc-')) {
    await simulator.device.receive({ from: { pool: 'pool', name }, to: { pool }, complete });
    return name;
  }
  const container = `sent-${crypto.randomUUID().slice(0, 8)}`;
  await change(simulator, `/disk/btrfs/subvolume add fs=pool name=${container}`);
  await nest(stack, id, container, 'read-only=yes');
  await simulator.device.receive({ from: { pool: 'pool', name: `${container}/${name}` }, to: { pool }, complete });
  await change(simulator, `/disk/btrfs/subvolume remove [find where fullname="${container}/${name}"]`);
  await change(simulator, `/disk/btrfs/subvolume remove [find where name=${container}]`);
  return name;
}

/** Copies an object into another subvolume of its pool, under its name. @returns the full name */
export async function nest(stack: Stack, id: string, container: string, flags: string): Promise<string> {
  const name = nameIn(stack, 'pool', id);
  const fullname = `${container}/${name}`;
  await change(stack.simulator, `/disk/btrfs/subvolume add fs=pool parent="${name}" name="${fullname}" ${flags}`);
  return fullname;
}

/** Removes all disk items of volumes, as a reset of the router does. */
export async function loseItems({ simulator }: Stack): Promise<void> {
  await change(simulator, '/disk set [find where type=file] nvme-tcp-export=no');
  await change(simulator, '/disk remove [find where type=file]');
}
