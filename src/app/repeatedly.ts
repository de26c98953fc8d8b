import { setTimeout as pause } from 'node:timers/promises';

/**
 * Does something at once and then again and again, with a pause between the end of one time and the beginning of the next,
 * until it is stopped. Resolves then.
 *
 * @param work must not throw
 */
export async function repeatedly(
  pauseMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  while (!signal.aborted) {
    await work(signal);
    await pause(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
