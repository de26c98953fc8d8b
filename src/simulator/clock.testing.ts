import type { Clock } from './clock.ts';

/** A clock that stands still until a test moves it. */
export class HandClock implements Clock {
  #now: number;

  /** @param start A time that `Date` can read. */
  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  /** Moves the clock, and ends in a later turn of the event loop. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    this.pass(ms);
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }

  pass(ms: number): void {
    this.#now += ms;
  }
}
