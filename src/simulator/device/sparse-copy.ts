import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { constants, copyFile, type FileHandle, open, rm } from 'node:fs/promises';
import type { Extent } from './volume-store.ts';

/** What a filesystem answers that cannot share blocks between files. */
const NO_REFLINK: ReadonlySet<unknown> = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOSYS', 'ENOTTY']);
const PIECE_BYTES = 2 ** 20;
const ZEROS = Buffer.alloc(4096);

/** Copies files without filling their holes, and without copying bytes where the filesystem can share blocks. */
export class SparseCopier {
  #reflink = true;

  /**
   * Makes `target`, which must not exist, a copy of `source`.
   *
   * @param length Length of the source, in bytes.
   * @param extents Where the source may hold data.
   */
  async copy(source: string, target: string, length: number, extents: readonly Extent[]): Promise<void> {
    if (extents.length === 0) createHole(target, length);
    else if (!this.#reflink || !(await this.#clone(source, target))) await copyExtents(source, target, length, extents);
  }

  async #clone(source: string, target: string): Promise<boolean> {
    try {
      await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
      return true;
    } catch (error) {
      await rm(target, { force: true });
      if (!(error instanceof Error && 'code' in error && NO_REFLINK.has(error.code))) throw error;
      this.#reflink = false;
      return false;
    }
  }
}

/** Makes a file of this length that is one hole. */
export function createHole(path: string, length: number): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    ftruncateSync(file, length);
  } finally {
    closeSync(file);
  }
}

async function copyExtents(source: string, target: string, length: number, extents: readonly Extent[]): Promise<void> {
  createHole(target, length);
  const from = await open(source, 'r');
  try {
    const to = await open(target, 'r+');
    try {
      const largest = extents.reduce((most, extent) => Math.max(most, extent.length), 0);
      const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, largest));
      for (const extent of extents) await copyExtent(from, to, extent, buffer);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function copyExtent(from: FileHandle, to: FileHandle, extent: Extent, buffer: Buffer): Promise<void> {
  const end = extent.offset + extent.length;
  let offset = extent.offset;
  while (offset < end) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, end - offset), offset);
    if (bytesRead === 0) throw new Error('the source ends within an extent');
    for (const run of dataRuns(buffer.subarray(0, bytesRead))) {
      await writeAll(to, buffer.subarray(run.offset, run.offset + run.length), offset + run.offset);
    }
    offset += bytesRead;
  }
}

async function writeAll(file: FileHandle, data: Buffer, offset: number): Promise<void> {
  let done = 0;
  while (done < data.length) done += (await file.write(data, done, data.length - done, offset + done)).bytesWritten;
}

/** Runs of blocks that are not all zero. */
function dataRuns(data: Buffer): Extent[] {
  const runs: Extent[] = [];
  for (let offset = 0; offset < data.length; offset += ZEROS.length) {
    const block = data.subarray(offset, offset + ZEROS.length);
    if (block.equals(ZEROS.subarray(0, block.length))) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.offset + last.length === offset) {
      runs[runs.length - 1] = { offset: last.offset, length: last.length + block.length };
    } else {
      runs.push({ offset, length: block.length });
    }
  }
  return runs;
}
