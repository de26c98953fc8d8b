import type { Call } from '../rds/index.ts';

export type { Call };

/**
 * The call of someone who waits for so long, and goes away earlier when the signal aborts.
 *
 * @param ms how long, in milliseconds
 */
export function callWithin(ms: number, signal?: AbortSignal): Call & { readonly deadline: number } {
  const limit = AbortSignal.timeout(ms);
  return { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]), deadline: Date.now() + ms };
}
