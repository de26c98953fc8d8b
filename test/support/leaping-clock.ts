import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Clock } from '../../src/simulator/clock.ts';

/**
 * A clock for whoever waits in a test: waiting leaps over the time instead of spending it. Beside the leaps it runs with
 * the real time, so what takes time is seen to take it.
 *
 * Not for a limit on something that is under way, such as an answer: that wait, too, would be over at once.
 */
export class LeapingClock {
  #leaptMs = 0;
  #nextLeap = new AbortController();

  /** Milliseconds. It only goes forward, from a beginning of no meaning. */
  readonly now = (): number => performance.now() + this.#leaptMs;

  /**
   * Lets so many ms have passed, and ends in a later turn of the event loop.
   *
   * @throws the reason of the signal when that is or gets aborted.
   */
  readonly wait = async (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    this.leap(ms);
    await setImmediate();
    signal?.throwIfAborted();
  };

  /** Lets so many ms have passed. */
  leap(ms: number): void {
    this.#leaptMs += ms;
    const leap = this.#nextLeap;
    this.#nextLeap = new AbortController();
    leap.abort();
  }

  /**
   * The same time for a simulated RDS (`clock` of its options). What waits there does not leap: it ends when its time has
   * come, by leaps or by itself, so a script that stands still for a minute is overtaken by who waits for two.
   */
  readonly rds: Clock = {
    now: () => performance.timeOrigin + this.now(),
    wait: async (ms, signal) => {
      const due = this.now() + ms;
      for (let left = ms; left > 0; left = due - this.now()) {
        const leap = this.#nextLeap.signal;
        const wake = signal === undefined ? leap : AbortSignal.any([leap, signal]);
        await setTimeout(left, undefined, { signal: wake }).catch(() => signal?.throwIfAborted());
      }
      signal?.throwIfAborted();
    },
  };
}
