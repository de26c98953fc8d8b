/** What of the kernel sits on a device and holds it: device mapper, LVM, MD. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BlockDevice, PLACES, type Places, readAttribute } from './block-device.ts';
import { unlessAbsent } from './errno.ts';

/** As messages name them, such as `dm-0 (vg-data, LVM)`; none for a device that is held by a mount alone. */
export async function holdersOf({ path }: BlockDevice, { sys }: Places = PLACES): Promise<string[]> {
  const device = join(sys, 'block', basename(path));
  // Partitions of it are directories in it, with holders of their own.
  const parts = (await list(device)).filter((name) => name.startsWith(basename(path)));
  const names = await Promise.all(['', ...parts].map((part) => list(join(device, part, 'holders'))));
  return await Promise.all([...new Set(names.flat())].map((name) => described(sys, name)));
}

async function described(sys: string, name: string): Promise<string> {
  const attribute = (file: string) => readAttribute(join(sys, 'block', name, file));
  const [mapped, uuid = '', level] = await Promise.all(['dm/name', 'dm/uuid', 'md/level'].map(attribute));
  if (level !== undefined) return `${name} (MD RAID, ${level})`;
  if (mapped === undefined) return name;
  const kind = /^[A-Za-z]+/.exec(uuid)?.[0] ?? 'device mapper';
  return `${name} (${mapped}, ${kind})`;
}

async function list(directory: string): Promise<string[]> {
  return (await unlessAbsent(() => readdir(directory))) ?? [];
}
