import { StorageError } from './errors.ts';
import type { Call } from './storage.ts';

/** How often something may be done: `burst` times at once after a quiet time, `ratePerMinute` times in the long run. */
export interface Rate {
  readonly ratePerMinute: number;
  readonly burst: number;
}

/** What passes for time; replaced in tests. */
export interface Clock {
  /** Milliseconds; never goes back. */
  now(): number;
  /** Calls back once after so many milliseconds, unless the returned function is called before. */
  after(ms: number, callBack: () => void): () => void;
}

const REAL_TIME: Clock = {
  now: () => performance.now(),
  after: (ms, callBack) => {
    const timer = setTimeout(callBack, ms);
    return () => clearTimeout(timer);
  },
};

/** What a call must have left when its turn comes, in ms, or waiting is in vain. */
const LEFT_FOR_WORK_MS = 2_000;

/**
 * Spreads calls over time: a burst at once, then as many as the rate allows, in the order in which they came. Between any
 * two moments there are never more than `burst` and what the rate adds in that time.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  /** Those whose turn is yet to come, the first in front. */
  readonly #queue: (() => void)[] = [];
  #cancelTimer = (): void => undefined;
  /** Tokens at {@link #at}. */
  #tokens: number;
  #at: number;

  constructor({ ratePerMinute, burst }: Rate, clock = REAL_TIME) {
    this.#perMs = ratePerMinute / 60_000;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#at = clock.now();
  }

  /**
   * Takes a token, waiting for it as long as the caller can. A caller that cannot is told at once, and takes none.
   *
   * @throws StorageError `busy`, hence ABORTED, when the turn comes too late for the caller. csi-snapshotter takes that
   *   for an operation under way: it keeps the content marked as being created and asks again with a growing pause. A
   *   final code would be wrong, for an earlier attempt may have cut the snapshot and lost the answer, and nobody would
   *   delete it. UNAVAILABLE would say that the box is in trouble, RESOURCE_EXHAUSTED that a person has to make room.
   */
  async take({ signal, deadline = Number.POSITIVE_INFINITY }: Call): Promise<void> {
    this.#refill();
    if (this.#tokens >= 1 && this.#queue.length === 0) {
      this.#tokens -= 1;
      return;
    }
    const waitMs = Math.max(0, this.#queue.length + 1 - this.#tokens) / this.#perMs;
    if (signal.aborted || Date.now() + waitMs + LEFT_FOR_WORK_MS > deadline) {
      const seconds = Math.ceil(waitMs / 1_000);
      throw new StorageError('busy', `too many snapshots at once: the next turn is in ${seconds} s; it is tried again`);
    }
    await this.#turn(signal);
  }

  /** Returns a token that was taken and not used. */
  giveBack(): void {
    this.#refill();
    this.#tokens = Math.min(this.#burst, this.#tokens + 1);
    this.#serve();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#queue.splice(this.#queue.indexOf(served), 1);
      reject(new StorageError('busy', 'too many snapshots at once: the caller left before its turn'));
    };
    const served = () => {
      signal.removeEventListener('abort', leave);
      resolve();
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#queue.push(served);
    this.#serve();
    await promise;
  }

  /** Gives whole tokens to those in front, and comes back when the next one is whole. */
  #serve(): void {
    this.#cancelTimer();
    this.#refill();
    while (this.#tokens >= 1 && this.#queue.length > 0) {
      this.#tokens -= 1;
      this.#queue.shift()?.();
    }
    if (this.#queue.length > 0) {
      this.#cancelTimer = this.#clock.after((1 - this.#tokens) / this.#perMs, () => this.#serve());
    }
  }

  #refill(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
