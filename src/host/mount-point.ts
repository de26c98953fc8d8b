/** What a volume is mounted on: made before, and removed after. Nothing of somebody else is followed or removed. */
import { lstat, mkdir, open, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageError } from '../storage/errors.ts';
import { unlessAbsent } from './errno.ts';

/** A directory to bind a filesystem to, or a file to bind a device to. @throws StorageError `precondition` */
export async function makeTarget(kind: 'block' | 'filesystem', target: string): Promise<void> {
  await refuseSymlink(target);
  await mkdir(kind === 'block' ? dirname(target) : target, { recursive: true, mode: 0o750 });
  if (kind === 'block') await (await open(target, 'a', 0o660)).close();
}

/**
 * mount(8) would follow it, and mount where nobody looks for it again.
 *
 * @throws StorageError `precondition`
 */
export async function refuseSymlink(path: string): Promise<void> {
  const found = await unlessAbsent(() => lstat(path));
  if (found?.isSymbolicLink()) {
    throw new StorageError('precondition', `${path} is a symbolic link: nothing is mounted through it; remove it`);
  }
}

/** Never more than an empty directory or an empty file, as it was made. @throws StorageError `precondition` */
export async function removeTarget(target: string): Promise<void> {
  const found = await unlessAbsent(() => lstat(target));
  if (found === undefined) return;
  try {
    if (found.isDirectory()) await rmdir(target);
    else if (found.isFile() && found.size === 0) await unlink(target);
    else throw new Error(`it is ${found.isSymbolicLink() ? 'a symbolic link' : 'not what was made there'}`);
  } catch (error) {
    throw new StorageError('precondition', `${target} cannot be removed: ${error}`, { cause: error });
  }
}
