import type { Extent } from './volume-store.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * Which parts of a file were ever written, in chunks of 256 KiB, so that a sparse copy need not look for the holes.
 * Copies share their memory until one of them changes.
 */
export class ChunkMap {
  #bits: Uint8Array;
  #shared: boolean;

  private constructor(bits: Uint8Array, shared: boolean) {
    this.#bits = bits;
    this.#shared = shared;
  }

  /** The map of a file that may hold data in these ranges. */
  static of(extents: readonly Extent[]): ChunkMap {
    const map = new ChunkMap(new Uint8Array(0), false);
    for (const { offset, length } of extents) map.mark(offset, length);
    return map;
  }

  /** Records a write. */
  mark(offset: number, length: number): void {
    if (length === 0) return;
    const last = Math.floor((offset + length - 1) / CHUNK_BYTES);
    for (let chunk = Math.floor(offset / CHUNK_BYTES); chunk <= last; chunk += 1) {
      if (!this.#has(chunk)) this.#set(chunk);
    }
  }

  copy(): ChunkMap {
    this.#shared = true;
    return new ChunkMap(this.#bits, true);
  }

  /** The marked ranges within a file of this length, ascending, neighbours joined. */
  extents(fileLength: number): Extent[] {
    const extents: Extent[] = [];
    const chunks = Math.min(this.#bits.length * 8, Math.ceil(fileLength / CHUNK_BYTES));
    for (let start = 0; start < chunks; start += 1) {
      if (!this.#has(start)) continue;
      let end = start + 1;
      while (end < chunks && this.#has(end)) end += 1;
      const offset = start * CHUNK_BYTES;
      extents.push({ offset, length: Math.min(end * CHUNK_BYTES, fileLength) - offset });
      start = end;
    }
    return extents;
  }

  #has(chunk: number): boolean {
    return ((this.#bits[chunk >> 3] ?? 0) & (1 << (chunk & 7))) !== 0;
  }

  #set(chunk: number): void {
    const index = chunk >> 3;
    if (this.#shared || index >= this.#bits.length) {
      const bits = new Uint8Array(Math.max(this.#bits.length, index + 1));
      bits.set(this.#bits);
      this.#bits = bits;
      this.#shared = false;
    }
    this.#bits[index] = (this.#bits[index] ?? 0) | (1 << (chunk & 7));
  }
}
