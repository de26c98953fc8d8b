import { pathKey } from './records.ts';
import type { FileUsage } from './volume-store.ts';

/**
 * Lengths and space of all files of the device, kept up to date by whoever changes a file, so that free space and sizes
 * are known without walking the pools.
 */
export class UsageTable {
  readonly #files = new Map<string, FileUsage>();
  readonly #allocated = new Map<string, number>();
  #version = 0;

  /** Grows with every change, so that what is derived from the table can be kept until then. */
  get version(): number {
    return this.#version;
  }

  get(pool: string, path: string): FileUsage | undefined {
    return this.#files.get(pathKey(pool, path));
  }

  set(pool: string, path: string, usage: FileUsage): void {
    this.#add(pool, usage.allocated - (this.get(pool, path)?.allocated ?? 0));
    this.#files.set(pathKey(pool, path), usage);
  }

  delete(pool: string, path: string): void {
    this.#add(pool, -(this.get(pool, path)?.allocated ?? 0));
    this.#files.delete(pathKey(pool, path));
  }

  /** Bytes that all files of the pool take. */
  allocated(pool: string): number {
    return this.#allocated.get(pool) ?? 0;
  }

  #add(pool: string, bytes: number): void {
    this.#version += 1;
    this.#allocated.set(pool, this.allocated(pool) + bytes);
  }
}
