import { execFile } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Extent } from './volume-store.ts';

const run = promisify(execFile);
const CHUNK_BYTES = 2 ** 20;

/**
 * The ranges of a file that may hold data. The extent map of the filesystem says so where `filefrag` can read it;
 * elsewhere the file is read and its zero chunks left out.
 */
export async function dataExtents(path: string): Promise<Extent[]> {
  const { size, blocks } = await stat(path);
  // A small file may live inside its inode, which no extent map shows.
  if (size < CHUNK_BYTES) return scanForData(path, size);
  if (blocks === 0) return [];
  try {
    // -s syncs first: delayed allocation would hide what was just written.
    const { stdout } = await run('filefrag', ['-s', '-e', '-b1', '--', path], { maxBuffer: 256 * CHUNK_BYTES });
    return parseFilefrag(stdout, size);
  } catch {
    return scanForData(path, size);
  }
}

/**
 * Reads the table of `filefrag -e -b1` (units of one byte, both ends included) and joins neighbours.
 *
 * @param size Length of the file; an extent may reach past it to the end of a block.
 */
export function parseFilefrag(table: string, size: number): Extent[] {
  const extents: Extent[] = [];
  for (const line of table.split('\n')) {
    const match = /^\s*\d+:\s*(\d+)\.\.\s*(\d+):/.exec(line);
    if (match === null) continue;
    const offset = Number(match[1]);
    const end = Math.min(Number(match[2]) + 1, size);
    if (end > offset) extents.push({ offset, length: end - offset });
  }
  return join(extents);
}

/** Reads the whole file and reports the chunks of 1 MiB that are not all zero. */
export async function scanForData(path: string, size: number): Promise<Extent[]> {
  const extents: Extent[] = [];
  const zeros = Buffer.alloc(CHUNK_BYTES);
  const file = await open(path, 'r');
  try {
    for (let offset = 0; offset < size; offset += CHUNK_BYTES) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
      const isZero = buffer.subarray(0, bytesRead).equals(zeros.subarray(0, bytesRead));
      if (!isZero) extents.push({ offset, length: bytesRead });
    }
  } finally {
    await file.close();
  }
  return join(extents);
}

function join(extents: readonly Extent[]): Extent[] {
  const joined: Extent[] = [];
  for (const extent of extents) {
    const last = joined.at(-1);
    if (last !== undefined && last.offset + last.length === extent.offset) {
      joined[joined.length - 1] = { offset: last.offset, length: last.length + extent.length };
    } else {
      joined.push(extent);
    }
  }
  return joined;
}
