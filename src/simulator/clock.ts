import { setTimeout } from 'node:timers/promises';

/** Time as the simulated device has it. Whatever lasts on the device lasts by it: uptime, delays, faults, quirks. */
export interface Clock {
  /** Milliseconds since the epoch. It only goes forward, and may leap. */
  now(): number;
  /**
   * Ends when so many ms have passed.
   *
   * @throws the reason of the signal when that aborts.
   */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The host's, which setting the time of day there does not move. */
export const HOST_CLOCK: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  async wait(ms, signal) {
    await setTimeout(ms, undefined, { signal }).catch(() => signal?.throwIfAborted());
  },
};
