import { setTimeout as pause } from 'node:timers/promises';

/**
 * Does something at once and then again and again, with a pause between the end of one time and the beginning of the next,
 * until it is stopped. Resolves then.
 *
 * @param work must not throw
 * @param firstPauseMs before the first time
 */
export async function runPeriodically(
  pauseMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<unknown>,
  firstPauseMs = 0,
): Promise<void> {
  const wait = (ms: number) => pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
  if (firstPauseMs > 0) await wait(firstPauseMs);
  while (!signal.aborted) {
    await work(signal);
    await wait(pauseMs);
  }
}
