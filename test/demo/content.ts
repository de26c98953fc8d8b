import { createCipheriv, createHash } from 'node:crypto';
import type { Extent, SimulatorApi } from '../support/simulator-api.ts';

/** The bytes of exported volumes, by NQN: those of the simulator, or of a device over NVMe/TCP. */
export type BlockAccess = Pick<SimulatorApi, 'read' | 'write' | 'extents'>;

/** Bytes read or written in one request. */
const CHUNK = 8 * 1024 * 1024;

/** A range filled with bytes that depend on the pattern's name and on the position, so that nothing can pass for it. */
interface Region extends Extent {
  readonly pattern: string;
}

/** What a volume must hold: some ranges with a pattern, zeros everywhere else. */
export class Content {
  readonly #regions: readonly Region[];

  constructor(regions: readonly Region[] = []) {
    this.#regions = regions;
  }

  /** The same content after `pattern` was written over these ranges, which overlap earlier ones wholly or not at all. */
  overwrittenWith(pattern: string, ranges: readonly Extent[]): Content {
    const written = new Set(ranges.map(({ offset }) => offset));
    const kept = this.#regions.filter(({ offset }) => !written.has(offset));
    return new Content([...kept, ...ranges.map((range) => ({ ...range, pattern }))]);
  }

  /** The bytes of a range. */
  expected({ offset, length }: Extent): Buffer {
    const bytes = Buffer.alloc(length);
    for (const region of this.#regions) {
      const from = Math.max(offset, region.offset);
      const to = Math.min(offset + length, region.offset + region.length);
      if (from < to) {
        patternBytes(region, from - region.offset, to - from).copy(bytes, from - offset);
      }
    }
    return bytes;
  }

  /** Where the content is not zero. */
  ranges(): readonly Extent[] {
    return this.#regions;
  }
}

/** Writes a pattern to an exported volume. */
export async function writePattern(
  api: BlockAccess,
  nqn: string,
  pattern: string,
  ranges: readonly Extent[],
): Promise<void> {
  for (const range of ranges.flatMap(chunks)) {
    await api.write(nqn, range.offset, new Content([{ ...range, pattern }]).expected(range));
  }
}

/**
 * Compares every byte of an exported volume with what it must hold. Ranges that the RDS reports as holding no data read
 * as zeros, so only the others, and those that must hold a pattern, are read.
 *
 * @returns the first difference in words, or undefined when there is none.
 */
export async function difference(api: BlockAccess, nqn: string, content: Content): Promise<string | undefined> {
  const ranges = [...(await api.extents(nqn)), ...content.ranges()];
  for (const range of merge(ranges).flatMap(chunks)) {
    const actual = await api.read(nqn, range);
    const expected = content.expected(range);
    if (!actual.equals(expected)) {
      const at = expected.findIndex((byte, index) => byte !== actual[index]);
      return `${nqn}: byte ${range.offset + at} is ${actual[at]}, must be ${expected[at]}`;
    }
  }
  return undefined;
}

/** AES in counter mode as a fast, position-dependent and reproducible stream. */
function patternBytes({ pattern, offset }: Region, skip: number, length: number): Buffer {
  const key = createHash('sha256').update(pattern).digest().subarray(0, 16);
  const counter = Buffer.alloc(16);
  const position = BigInt(offset + skip);
  counter.writeBigUInt64BE(position / 16n, 8);
  const lead = Number(position % 16n);
  return createCipheriv('aes-128-ctr', key, counter)
    .update(Buffer.alloc(lead + length))
    .subarray(lead);
}

function merge(ranges: readonly Extent[]): Extent[] {
  const merged: { offset: number; length: number }[] = [];
  for (const { offset, length } of ranges.toSorted((a, b) => a.offset - b.offset)) {
    const last = merged.at(-1);
    if (last !== undefined && offset <= last.offset + last.length) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else {
      merged.push({ offset, length });
    }
  }
  return merged;
}

function chunks({ offset, length }: Extent): Extent[] {
  return Array.from({ length: Math.ceil(length / CHUNK) }, (_, index) => ({
    offset: offset + index * CHUNK,
    length: Math.min(CHUNK, length - index * CHUNK),
  }));
}
