/** What a volume is mounted on: made before, and removed after. Nothing of someone else is followed or removed. */
import type { Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageError } from '../storage/errors.ts';
import { hasCode, unlessAbsent } from './errno.ts';

/**
 * An empty directory to bind a filesystem to, or an empty file to bind a device to. What is there already must be that: it would
 * be hidden, and could not be removed afterwards.
 *
 * @throws StorageError `precondition`
 */
export async function makeTarget(kind: 'block' | 'filesystem', target: string): Promise<void> {
  if (kind === 'filesystem') {
    await makeDirectory(target);
    const names = await readdir(target);
    if (names.length > 0) throw inTheWay(target, `not empty (${names.slice(0, 3).join(', ')})`, 'an empty directory');
    return;
  }
  const found = await refuseSymlink(target);
  if (found !== undefined && !(found.isFile() && found.size === 0)) {
    throw inTheWay(target, found.isFile() ? `a file of ${found.size} bytes` : nameOf(found), 'an empty file');
  }
  await makeParents(dirname(target));
  await (await open(target, 'a', 0o660)).close();
}

/** To mount on, with all that it is in. @throws StorageError `precondition` when something else is there */
export async function makeDirectory(path: string): Promise<void> {
  const found = await refuseSymlink(path);
  if (found !== undefined && !found.isDirectory()) throw inTheWay(path, nameOf(found), 'a directory');
  await makeParents(path);
}

async function makeParents(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o750 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST', 'ENOTDIR')) throw error;
    throw new StorageError('NODE-PATH', path, `part of the path is not a directory (${error})`, { cause: error });
  }
}

/**
 * mount(8) would follow it, and mount where no one looks for it again.
 *
 * @returns what is there
 * @throws StorageError `precondition`
 */
async function refuseSymlink(path: string): Promise<Stats | undefined> {
  const found = await unlessAbsent(() => lstat(path));
  if (found?.isSymbolicLink()) {
    throw new StorageError('NODE-PATH', path, 'a symbolic link, and nothing is mounted through it');
  }
  return found;
}

function inTheWay(path: string, what: string, needed: string): StorageError {
  return new StorageError('NODE-PATH', path, `${what}, where ${needed} is needed`);
}

function nameOf(found: Stats): string {
  if (found.isDirectory()) return 'a directory';
  if (found.isFile()) return 'a file';
  return found.isFIFO() ? 'a named pipe' : 'a device or socket';
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
    throw new StorageError('NODE-PATH', target, `it cannot be removed: ${error}`, { cause: error });
  }
}
