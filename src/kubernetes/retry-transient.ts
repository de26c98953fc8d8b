import { setTimeout as pause } from 'node:timers/promises';
import { KubernetesError } from './cluster.ts';

/**
 * Asks Kubernetes again while it does not answer, or answers with what another attempt may change. A pause ends at once
 * when the signal aborts, which those of the retry library do not.
 *
 * @param pausesMs before each further attempt
 * @throws what the last attempt failed with
 */
export async function retryTransient<T>(
  pausesMs: readonly number[],
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (const pauseMs of pausesMs) {
    try {
      return await work(signal);
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    await pause(pauseMs, undefined, { signal });
  }
  return await work(signal);
}

/** Rights that lack and objects that are gone stay so. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof KubernetesError)) return false;
  return error.status === undefined || error.status === 429 || error.status >= 500;
}
