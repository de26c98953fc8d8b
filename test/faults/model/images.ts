import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Content } from './world.ts';

const KiB = 1024;
export const MiB = 1024 * KiB;

/** Bytes of one write. */
const BLOCK_BYTES = 4 * KiB;

/** Where commands write: in the first MiB, and in the last block of each MiB, so that growth and copies show there. */
const OFFSETS = [0, 200 * KiB, 400 * KiB, 600 * KiB, ...[1, 2, 3, 4].map((mib) => mib * MiB - BLOCK_BYTES)];

/** Offset of a place in bytes. */
export function offsetOf(place: number): number {
  return OFFSETS[place] ?? 0;
}

/** The block that a seed stands for: the same four bytes all over. */
export function blockOf(seed: number): Buffer {
  const word = Buffer.alloc(4);
  word.writeUInt32LE(seed);
  return Buffer.alloc(BLOCK_BYTES, word);
}

/** An image as it is on the RDS. */
export interface Image {
  readonly mib: number;
  readonly content: Content;
}

/**
 * Reads the places of an image file; undefined when there is no file. A block that no single write made has the seed -1.
 *
 * @param whole Whether everything between the places is read too, and must be zeros; place -1 if it is not.
 */
export function readImage(path: string, whole: boolean): Image | undefined {
  if (!existsSync(path)) return undefined;
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const content = new Map<number, number>();
    for (const [place, offset] of OFFSETS.entries()) {
      const seed = offset < size ? seedOf(readBlock(file, offset)) : 0;
      if (seed !== 0) content.set(place, seed);
    }
    if (whole && !restIsZero(file, size)) content.set(-1, -1);
    return { mib: size / MiB, content };
  } finally {
    closeSync(file);
  }
}

function readBlock(file: number, offset: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  readSync(file, block, 0, BLOCK_BYTES, offset);
  return block;
}

function seedOf(block: Buffer): number {
  const seed = block.readUInt32LE();
  return block.equals(blockOf(seed)) ? seed : -1;
}

function restIsZero(file: number, size: number): boolean {
  const all = Buffer.alloc(size);
  readSync(file, all, 0, size, 0);
  for (const offset of OFFSETS.filter((start) => start < size)) all.fill(0, offset, offset + BLOCK_BYTES);
  return all.equals(Buffer.alloc(size));
}
