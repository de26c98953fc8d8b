import type { Clock } from './clock.ts';

/** How many execs may be under way on an RDS at once. */
export interface Window {
  readonly size: number;
  /**
   * An exec was answered in time.
   *
   * @param isWanted whether others wait for their turn
   */
  answered(isWanted: boolean): void;
  /** An exec got no channel, or no answer in time. */
  failed(): void;
}

/** What is known to have stalled an RDS is 19 (docs/routeros.md, 1.1); 5 failures in a row are taken for a dead RDS. */
const MOST = 4;
/** Answers in a row, while others waited, before there may be one more. */
const ANSWERS_TO_GROW = 8;
/** Milliseconds in which a size that failed is not retried: 1 h, as each trial may cost its callers a time-out. */
const REMEMBERED_MS = 3_600_000;

/** As many as the configuration says, whatever happens. */
export function fixedWindow(size: number): Window {
  return { size, answered() {}, failed() {} };
}

/**
 * Begins with one, has one more after some answers as long as others wait, and goes back to one when something fails. It
 * grows step by step, so what failed last is the least that fails: for an hour it stays below that.
 */
export class AdaptiveWindow implements Window {
  readonly #clock: Pick<Clock, 'now'>;
  #size = 1;
  #answers = 0;
  #most = MOST;
  #forgetAt = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#size;
  }

  answered(isWanted: boolean): void {
    if (!isWanted) return;
    this.#answers += 1;
    if (this.#answers < ANSWERS_TO_GROW) return;
    this.#answers = 0;
    if (this.#clock.now() >= this.#forgetAt) this.#most = MOST;
    this.#size = Math.min(this.#size + 1, this.#most);
  }

  failed(): void {
    this.#answers = 0;
    // Of those that fail together the first one says at which size; and one alone says nothing of several.
    if (this.#size === 1) return;
    this.#most = this.#size - 1;
    this.#forgetAt = this.#clock.now() + REMEMBERED_MS;
    this.#size = 1;
  }
}
