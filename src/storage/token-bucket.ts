import type { Call } from './call.ts';
import { StorageError } from './errors.ts';

/** How often something may be done: `burst` times at once after a quiet time, `ratePerMinute` times in the long run. */
export interface Rate {
  readonly ratePerMinute: number;
  readonly burst: number;
}

/** What passes for time; replaced in tests. */
export interface Timers {
  /** Milliseconds; never goes back. */
  now(): number;
  /** Calls back once after so many milliseconds, unless the returned function is called before. */
  after(ms: number, callBack: () => void): () => void;
}

const REAL_TIME: Timers = {
  now: () => performance.now(),
  after: (ms, callBack) => {
    const timer = setTimeout(callBack, ms);
    return () => clearTimeout(timer);
  },
};

/** What a call must have left when its turn comes, in ms, or waiting is pointless. */
const LEFT_FOR_WORK_MS = 2_000;

/**
 * Spreads calls over time: a burst at once, then as many as the rate allows, in the order in which they came. Between any
 * two moments there are never more than `burst` and what the rate adds in that time.
 */
export class TokenBucket {
  /** Milliseconds that a token takes to come. */
  readonly #intervalMs: number;
  /** What a full bucket holds: tokens are counted in the time that they take to come. */
  readonly #fullMs: number;
  readonly #timers: Timers;
  /** Those whose turn is yet to come, the first in front. */
  readonly #queue: (() => void)[] = [];
  #cancelTimer = (): void => undefined;
  /** What the bucket holds at {@link #at}. */
  #heldMs: number;
  #at: number;

  constructor({ ratePerMinute, burst }: Rate, timers = REAL_TIME) {
    this.#intervalMs = 60_000 / ratePerMinute;
    this.#fullMs = burst * this.#intervalMs;
    this.#timers = timers;
    this.#heldMs = this.#fullMs;
    this.#at = timers.now();
  }

  /**
   * Takes a token, waiting for it as long as the caller can. A caller that cannot is refused at once, and takes none.
   *
   * @throws StorageError `busy`, hence ABORTED, when the turn comes too late for the caller. csi-snapshotter takes that
   *   for an operation under way: it keeps the content marked as being created and asks again with a growing pause. A
   *   final code would be wrong, for an earlier attempt may have taken the snapshot and lost the answer, and no one would
   *   delete it. UNAVAILABLE would say that the RDS is in trouble, RESOURCE_EXHAUSTED that someone has to make room.
   */
  async take({ signal, deadline = Number.POSITIVE_INFINITY }: Call): Promise<void> {
    this.#refill();
    if (this.#heldMs >= this.#intervalMs && this.#queue.length === 0) {
      this.#heldMs -= this.#intervalMs;
      return;
    }
    const waitMs = Math.max(0, (this.#queue.length + 1) * this.#intervalMs - this.#heldMs);
    if (signal.aborted || Date.now() + waitMs + LEFT_FOR_WORK_MS > deadline) {
      const seconds = Math.ceil(waitMs / 1_000);
      throw new StorageError('DRV-RATE', '', `the next turn is in ${seconds} s`);
    }
    await this.#turn(signal);
  }

  /** Returns a token that was taken and not used. */
  refund(): void {
    this.#refill();
    this.#heldMs = Math.min(this.#fullMs, this.#heldMs + this.#intervalMs);
    this.#serve();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#queue.splice(this.#queue.indexOf(served), 1);
      reject(new StorageError('DRV-RATE', '', 'the caller left before its turn'));
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
    while (this.#heldMs >= this.#intervalMs && this.#queue.length > 0) {
      this.#heldMs -= this.#intervalMs;
      this.#queue.shift()?.();
    }
    if (this.#queue.length > 0) {
      // Whole milliseconds, as timers have them: a fraction that is lost to rounding would be waited for without end.
      this.#cancelTimer = this.#timers.after(Math.ceil(this.#intervalMs - this.#heldMs), () => this.#serve());
    }
  }

  #refill(): void {
    const now = this.#timers.now();
    this.#heldMs = Math.min(this.#fullMs, this.#heldMs + now - this.#at);
    this.#at = now;
  }
}
