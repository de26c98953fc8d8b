import { RouterOsError } from './errors.ts';
import type { RunOptions } from './routeros.ts';

/** Until when one call is worth going on with. */
export interface CallLimit {
  /** Aborts with a RouterOsError as its reason, which is right for a command that was not sent. */
  readonly signal: AbortSignal;
  /** Must be called when the call is over, whichever way. */
  dispose(): void;
}

/**
 * Joins what may end a call: its caller (`cancelled`), its deadline or the budget in milliseconds, whichever is earlier,
 * and the closing of the router (both `unsent`).
 */
export function limitCall(
  { signal, deadline = Number.POSITIVE_INFINITY }: RunOptions,
  budgetMs: number,
  closing: AbortSignal,
): CallLimit {
  const limit = new AbortController();
  const leave = (): void => limit.abort(new RouterOsError('cancelled', 'the caller gave up'));
  const close = (): void => limit.abort(new RouterOsError('unsent', 'the driver closes the connection'));
  const late = (): void => limit.abort(new RouterOsError('unsent', 'the time for this call was over'));

  const timer = setTimeout(late, Math.max(0, Math.min(deadline - Date.now(), budgetMs)));
  signal?.addEventListener('abort', leave);
  closing.addEventListener('abort', close);
  if (closing.aborted) {
    close();
  } else if (signal?.aborted) {
    leave();
  } else if (deadline <= Date.now()) {
    late();
  }
  return {
    signal: limit.signal,
    dispose() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
      closing.removeEventListener('abort', close);
    },
  };
}
