import { setTimeout as pause } from 'node:timers/promises';

/** The kernel tells no one when its view of a device changes, so it is looked at this often. */
const INTERVAL_MS = 50;

/**
 * Looks until there is something to see.
 *
 * @returns undefined when `timeoutMs` passed, or the caller went away, without it.
 */
export async function waitFor<T>(
  look: () => Promise<T | undefined>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() >= end || signal?.aborted) return undefined;
    await pause(INTERVAL_MS);
  }
}
