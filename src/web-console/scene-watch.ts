import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** From the beginning of one reading to that of the next, at least, in ms. */
const PAUSE_MS = 15_000;

/** What was read, ready to be sent. */
export interface ReadScene {
  /** Grows with each reading, also from one process to the next. */
  readonly number: number;
  /** When the reading ended, in milliseconds since the epoch. */
  readonly at: number;
  /** The same for two readings that found the same. */
  readonly etag: string;
  /** The scene as JSON, compressed by gzip. */
  readonly gzipped: Buffer;
}

export interface SceneWatchOptions {
  /** Reads everything. @returns a scene (`scene.ts`) as JSON, in UTF-8 */
  readonly read: () => Promise<Uint8Array>;
  /** Default: 15 s. */
  readonly pauseMs?: number;
  /** Called with what keeps a reading from ending, which is a defect. */
  readonly onDefect: (error: unknown) => void;
}

/**
 * Reads while someone looks, once for all who do, and not at all while no one does. Someone looks as long as a call of
 * {@link after} waits.
 */
export class SceneWatch {
  readonly #options: SceneWatchOptions;
  readonly #pauseMs: number;
  readonly #stopped = new AbortController();
  readonly #waiting = new Set<(scene: ReadScene) => void>();
  #latest: ReadScene | undefined;
  #begunAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: SceneWatchOptions) {
    this.#options = options;
    this.#pauseMs = options.pauseMs ?? PAUSE_MS;
  }

  /**
   * The latest scene, as soon as there is one behind this number.
   *
   * @param number of the scene that is known already; 0 for none
   * @returns undefined when the signal aborts before
   */
  async after(number: number, signal: AbortSignal): Promise<ReadScene | undefined> {
    const latest = this.#latest;
    // One that asks for the first time is shown what there is, however old: it says so itself.
    if (latest !== undefined && latest.number > number) return latest;
    if (signal.aborted || this.#stopped.signal.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<ReadScene | undefined>();
    const leave = (): void => resolve(undefined);
    const ended = AbortSignal.any([signal, this.#stopped.signal]);
    ended.addEventListener('abort', leave, { once: true });
    this.#waiting.add(resolve);
    this.#schedule();
    try {
      return await promise;
    } finally {
      this.#waiting.delete(resolve);
      ended.removeEventListener('abort', leave);
      if (this.#waiting.size === 0) clearTimeout(this.#timer);
    }
  }

  /** Ends what is being read and every wait. */
  async close(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    await this.#reading;
  }

  #schedule(): void {
    if (this.#reading !== undefined || this.#stopped.signal.aborted) return;
    clearTimeout(this.#timer);
    const dueMs = this.#begunAt + this.#pauseMs - performance.now();
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, dueMs));
  }

  #begin(): void {
    if (this.#waiting.size === 0 || this.#reading !== undefined) return;
    this.#begunAt = performance.now();
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
      if (this.#waiting.size > 0) this.#schedule();
    });
  }

  async #read(): Promise<void> {
    try {
      const json = await this.#options.read();
      // Above those of an earlier process, whose page may still be open.
      const number = (this.#latest?.number ?? Date.now()) + 1;
      const etag = `"${createHash('sha256').update(json).digest('base64url').slice(0, 22)}"`;
      const gzipped = etag === this.#latest?.etag ? this.#latest.gzipped : await promisify(gzip)(json, { level: 5 });
      const latest = { number, at: Date.now(), etag, gzipped };
      this.#latest = latest;
      for (const resolve of [...this.#waiting]) resolve(latest);
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#options.onDefect(error);
    }
  }
}
