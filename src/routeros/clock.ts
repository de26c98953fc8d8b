import { ros, type Script } from './script.ts';

/** A monotonic clock. Tests replace it, so that a time need not pass to be over. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /**
   * Waits so many milliseconds.
   *
   * @throws the reason of `signal` when it aborts first.
   */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wait(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => reject(signal?.reason);
    if (signal?.aborted) giveUp();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', giveUp, { once: true });
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    });
  },
};

/**
 * A script may go on long after the driver gave it up (docs/routeros.md, U22), so every script that writes carries the
 * uptime of the device at which it must have written. It is counted in uptime because the device's time of day may be set,
 * and because a reboot, which sets the uptime back, ends every script and every connection.
 */

/** Whether a script that is running may still write: the condition that each statement that changes something holds. */
export const inTime: Script = ros`$xU>[/system/resource get uptime]`;

/** Milliseconds by which the clocks of the two sides may have drifted apart since the last reading. */
export const DRIFT_MS = 1_000;

/** Milliseconds after which a reading is too old to rest on: 5 min, in which clocks drift by far less than a second. */
const MAX_AGE_MS = 300_000;

/** Until when a command may write. */
export interface WriteDeadline {
  /** Uptime of the device, in seconds, from which on the script writes nothing any more. */
  readonly uptimeSeconds: number;
  /** The same moment on this side's clock, in milliseconds, or later. */
  readonly passedAt: number;
}

/** What one connection knows of the uptime of its device. */
export class UptimeReading {
  #uptimeSeconds = 0;
  #readAt = Number.NEGATIVE_INFINITY;

  /**
   * Takes a reading, unless there is a recent one whose answer came a shorter way.
   *
   * @param uptimeSeconds as the device gave it, whole seconds
   * @param receivedAt when its answer was here, in milliseconds of this side's clock: the device was at least so far then
   */
  note(uptimeSeconds: number, receivedAt: number): void {
    const isBehind = uptimeSeconds * 1000 - receivedAt < this.#uptimeSeconds * 1000 - this.#readAt;
    if (isBehind && receivedAt - this.#readAt < MAX_AGE_MS / 2) return;
    this.#uptimeSeconds = uptimeSeconds;
    this.#readAt = receivedAt;
  }

  /** Whether it is recent enough for a deadline. */
  isFresh(now: number): boolean {
    return now - this.#readAt <= MAX_AGE_MS;
  }

  /**
   * The deadline of a command that is sent now. The device is ahead of what is reckoned here, by the way of the answer and
   * up to a second, so the script has that much less than `withinMs`, never more.
   *
   * @param withinMs how long a command may write, in milliseconds; not below 3 000.
   */
  deadline(now: number, withinMs: number): WriteDeadline {
    const uptimeSeconds = this.#uptimeSeconds + Math.floor((now - this.#readAt + withinMs) / 1000);
    const passedAt = this.#readAt + (uptimeSeconds - this.#uptimeSeconds) * 1000 + DRIFT_MS;
    return { uptimeSeconds, passedAt };
  }
}

/**
 * The seconds in an uptime as RouterOS prints it: `00:01:30`, `2d03:04:05`, `1w2d03:04:05`, parts of a second dropped;
 * undefined for anything else.
 */
export function parseUptime(text: string): number | undefined {
  const [, weeks = '0', days = '0', hours, minutes, seconds] =
    /^(?:(\d+)w)?(?:(\d+)d)?(\d+):(\d\d):(\d\d)(?:\.\d+)?$/.exec(text) ?? [];
  if (hours === undefined) return undefined;
  return ((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 3600 + Number(minutes) * 60 + Number(seconds);
}
