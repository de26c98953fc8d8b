import type { Call } from './call.ts';
import { StorageError } from './errors.ts';

/**
 * One operation at a time on one object within this process. It saves work and gives clear answers; safety does not
 * rest on it, since two controller processes may work at once.
 */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs `work` once every earlier holder of `key` has finished.
   *
   * @throws StorageError `busy` when the caller gives up before its turn.
   */
  async run<T>(key: string, call: Call, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const { promise: done, resolve: release } = Promise.withResolvers<void>();
    const tail = (before ?? Promise.resolve()).then(() => done);
    this.#tails.set(key, tail);
    void tail.then(() => this.#forget(key, tail));
    try {
      if (before !== undefined) {
        await turn(before, key, call.signal);
      }
      return await work();
    } finally {
      release();
    }
  }

  /** The keys that someone holds or waits for. */
  keys(): ReadonlySet<string> {
    return new Set(this.#tails.keys());
  }

  /** Drops the key when its last holder is done, so that memory is bounded by the operations under way. */
  #forget(key: string, tail: Promise<void>): void {
    if (this.#tails.get(key) === tail) {
      this.#tails.delete(key);
    }
  }
}

/** Waits for the earlier holder, but no longer than the caller does. */
async function turn(before: Promise<void>, key: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = () => reject(new StorageError('DRV-BUSY', key));
  if (signal.aborted) {
    giveUp();
  }
  signal.addEventListener('abort', giveUp, { once: true });
  before.then(resolve, resolve);
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
