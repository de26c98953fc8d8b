import { setTimeout as pause } from 'node:timers/promises';
import { StorageError } from './errors.ts';
import type { Call } from './storage.ts';

export interface TokenBucketOptions {
  readonly ratePerMinute: number;
  /** Tokens that gather in a quiet time. */
  readonly burst: number;
  /** Milliseconds of a clock that never goes back; replaced in tests. */
  readonly now?: () => number;
  /** Waits so many ms, less when the signal aborts; replaced in tests. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What a call must have left after waiting, in ms, or waiting is in vain. */
const LEFT_FOR_WORK_MS = 2_000;

/**
 * Spreads calls over time: a burst at once, then as many as the rate allows, in the order in which they came. A call
 * waits for its turn if that comes within its deadline.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Tokens at {@link #at}; below zero when calls have reserved tokens that are yet to come. */
  #tokens: number;
  #at: number;

  constructor({ ratePerMinute, burst, now = () => performance.now(), wait = waitMs }: TokenBucketOptions) {
    this.#perMs = ratePerMinute / 60_000;
    this.#burst = burst;
    this.#now = now;
    this.#wait = wait;
    this.#tokens = burst;
    this.#at = now();
  }

  /**
   * Takes a token, waiting for it as long as the call can.
   *
   * @throws StorageError `busy` (ABORTED) when the turn comes too late for the caller's deadline. csi-snapshotter keeps
   *   such a snapshot and tries again with back-off, as it does not for a final code; and ABORTED says, unlike
   *   RESOURCE_EXHAUSTED, that no person has to make room.
   * @throws StorageError `cancelled` when the caller went away meanwhile.
   */
  async take({ signal, deadline }: Call): Promise<void> {
    this.#refill();
    const waitMs = Math.max(0, (1 - this.#tokens) / this.#perMs);
    if (deadline !== undefined && Date.now() + waitMs + LEFT_FOR_WORK_MS > deadline && waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      throw new StorageError('busy', `too many snapshots at once: the next turn is in ${seconds} s; it is tried again`);
    }
    this.#tokens -= 1;
    if (waitMs === 0) return;
    try {
      await this.#wait(waitMs, signal);
    } catch (cause) {
      this.giveBack();
      throw new StorageError('cancelled', 'the caller went away while it waited for its turn', { cause });
    }
  }

  /** Returns a token that was taken and not needed. */
  giveBack(): void {
    this.#refill();
    this.#tokens = Math.min(this.#burst, this.#tokens + 1);
  }

  #refill(): void {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}

async function waitMs(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal });
}
