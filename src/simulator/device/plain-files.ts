import { existsSync, statSync, truncateSync } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createHole } from './sparse-copy.ts';
import type { BlockFile, FileUsage, StoredEntry } from './volume-store.ts';

/**
 * What both backends do with directories and plain files, on paths of the host. Names and lengths are changed by
 * synchronous calls: those take microseconds, and a turn through the thread pool several times as long.
 */

/** Everything below a directory, or below a path in it, containers before their contents, with paths relative to the first. */
export async function listTree(root: string, below = ''): Promise<StoredEntry[]> {
  const found: StoredEntry[] = [];
  const walk = async (directory: string): Promise<void> => {
    for (const entry of await readdir(join(root, directory), { withFileTypes: true })) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      const kind = entry.isDirectory() ? 'directory' : 'file';
      const usage = kind === 'file' ? usageOf(join(root, path)) : { length: 0, allocated: 0 };
      found.push({ path, kind, usage });
      if (kind === 'directory') await walk(path);
    }
  };
  await walk(below);
  return found;
}

export function usageOf(path: string): FileUsage {
  const { size, blocks } = statSync(path);
  // st_blocks counts units of 512 bytes on every Unix, whatever the block size of the filesystem.
  return { length: size, allocated: blocks * 512 };
}

/** Makes a file of this length that is one hole; leaves nothing when the host refuses the length. */
export async function createHoleOnly(path: string, length: number): Promise<void> {
  try {
    createHole(path, length);
  } catch (error) {
    // A length that the host refuses leaves an empty file behind, unless it was there before.
    if (!hasCode(error, 'EEXIST')) await rm(path, { force: true });
    throw error;
  }
}

/** Lengthens a file by zeros, never shortens it. */
export function lengthen(path: string, length: number): void {
  if (statSync(path).size < length) truncateSync(path, length);
}

/** @param onWrite Called with each range before it is written. */
export async function openBlocks(
  path: string,
  onWrite: (offset: number, length: number) => void = () => {},
): Promise<BlockFile> {
  const file = await open(path, 'r+');
  return {
    async read(offset, length) {
      const data = Buffer.alloc(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(data, done, length - done, offset + done);
        if (bytesRead === 0) throw new Error(`${path} ends before ${offset + length}`);
        done += bytesRead;
      }
      return data;
    },
    async write(offset, data) {
      onWrite(offset, data.length);
      let done = 0;
      while (done < data.length) {
        done += (await file.write(data, done, data.length - done, offset + done)).bytesWritten;
      }
    },
    close: () => file.close(),
  };
}

/** @throws Error with the code `EEXIST` when there is something at this path. */
export function refuseExisting(path: string): void {
  if (existsSync(path)) throw Object.assign(new Error(`${path} exists`), { code: 'EEXIST' });
}

/** Whether an error has this code of the operating system, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
