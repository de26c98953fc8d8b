/** Bytes on a volume, written and compared as an application would: through a file, or the device of a raw block volume. */
import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, constants, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Mounted } from './cluster.ts';

/** Of the block of data. */
export const DATA_BYTES = 4 * 2 ** 20;
const RECORD = 4096;
/** Where records begin on a raw device, behind the block of data. */
const RECORDS_AT = 16 * 2 ** 20;

/** Bytes that differ for every seed and from place to place. */
function pattern(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

function dataFile(volume: Mounted): string {
  return volume.use === 'block' ? volume.path : join(volume.path, 'data');
}

/** Writes the block of data and waits until it is on the device. */
export function write(volume: Mounted, seed: string): void {
  const flags = volume.use === 'block' ? constants.O_RDWR : constants.O_RDWR | constants.O_CREAT;
  const file = openSync(dataFile(volume), flags, 0o600);
  try {
    writeSync(file, pattern(seed, DATA_BYTES), 0, DATA_BYTES, 0);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Whether the block of data is byte for byte what was written with this seed. */
export function holds(volume: Mounted, seed: string): boolean {
  const file = openSync(dataFile(volume), constants.O_RDONLY);
  try {
    const found = Buffer.alloc(DATA_BYTES);
    return readSync(file, found, 0, DATA_BYTES, 0) === DATA_BYTES && found.equals(pattern(seed, DATA_BYTES));
  } finally {
    closeSync(file);
  }
}

function record(seed: string, index: number): Buffer {
  return pattern(`${seed} ${index}`, RECORD);
}

function place(volume: Mounted, index: number): number {
  return (volume.use === 'block' ? RECORDS_AT : 0) + index * RECORD;
}

function recordFile(volume: Mounted): string {
  return volume.use === 'block' ? volume.path : join(volume.path, 'records');
}

/** Writes one record after the other, each flushed to the device before the next, until it is stopped. */
export class Writer {
  readonly #volume: Mounted;
  readonly #seed: string;
  readonly #pauseMs: number;
  readonly #done: Promise<void>;
  #stopping = false;
  #synced = 0;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  /** @param pauseMs between two records, for a pod that leaves the machine to others as well. */
  constructor(volume: Mounted, seed: string, pauseMs = 0) {
    this.#volume = volume;
    this.#seed = seed;
    this.#pauseMs = pauseMs;
    this.#done = this.#run();
    this.#done.catch(() => undefined);
  }

  /** Records that are safe on the device. */
  get synced(): number {
    return this.#synced;
  }

  /** Waits until so many records more are safe. */
  async more(count: number): Promise<void> {
    const reached = new Promise<void>((resolve) => this.#waiting.push({ count: this.#synced + count, resolve }));
    await Promise.race([reached, this.#done]);
  }

  /** @throws what a write failed with. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    const flags = this.#volume.use === 'block' ? constants.O_RDWR : constants.O_RDWR | constants.O_CREAT;
    const file = await open(recordFile(this.#volume), flags, 0o600);
    try {
      while (!this.#stopping) {
        const index = this.#synced;
        await file.write(record(this.#seed, index), 0, RECORD, place(this.#volume, index));
        await file.datasync();
        this.#synced += 1;
        for (const { resolve } of this.#waiting.filter(({ count }) => count <= this.#synced)) resolve();
        this.#waiting = this.#waiting.filter(({ count }) => count > this.#synced);
        if (this.#pauseMs > 0) await pause(this.#pauseMs);
      }
    } finally {
      await file.close();
    }
  }
}

/** How many records a volume holds without a gap, counted from the first. */
export function records(volume: Mounted, seed: string): number {
  const file = openSync(recordFile(volume), constants.O_RDONLY);
  try {
    const found = Buffer.alloc(RECORD);
    for (let index = 0; ; index += 1) {
      const length = readSync(file, found, 0, RECORD, place(volume, index));
      if (length < RECORD || !found.equals(record(seed, index))) return index;
    }
  } finally {
    closeSync(file);
  }
}
