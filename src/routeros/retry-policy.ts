import { ExponentialBackoff, handleWhen, type IPolicy, noop, retry, wrap } from 'cockatiel';
import { NEVER_SENT, NotSent, RouterOsError, type RouterOsErrorKind } from './errors.ts';
import type { RunOptions } from './routeros.ts';

/** Which errors are retried, how often, and after what pause. */
export interface RetryRule {
  readonly kinds: readonly RouterOsErrorKind[];
  /** Attempts after the first one. */
  readonly retries: number;
  /** Milliseconds before the first retry, about; later pauses grow from there, and all are spread at random. */
  readonly firstPauseMs: number;
  /** No pause is longer, in milliseconds. */
  readonly maxPauseMs: number;
}

export interface RetryPolicy {
  /** The first rule is the outermost: its retries run the later rules again. */
  readonly rules: readonly RetryRule[];
  /** Milliseconds that one call may take with all its attempts when its caller sets no earlier deadline. */
  readonly budgetMs: number;
}

/**
 * The one policy for volumes and snapshots. Trouble on the way to the RDS passes, so it is waited out. A command that
 * failed, or came too late, is run again at once: the script looks for its result first, so it finds what a process that
 * raced it made (docs/routeros.md, U2). A refusal, a syntax error, a wrong key or a caller who left will not change by repeating.
 */
export const defaultRetryPolicy: RetryPolicy = {
  rules: [
    { kinds: ['unreachable', 'unsent', 'unknown'], retries: 4, firstPauseMs: 200, maxPauseMs: 5_000 },
    { kinds: ['failed', 'late'], retries: 1, firstPauseMs: 0, maxPauseMs: 0 },
  ],
  budgetMs: 60_000,
};

function policyOf({ kinds, retries, firstPauseMs, maxPauseMs }: RetryRule): IPolicy {
  const applies = handleWhen((error) => error instanceof RouterOsError && kinds.includes(error.kind));
  const backoff = new ExponentialBackoff({ initialDelay: firstPauseMs, maxDelay: maxPauseMs });
  // The timer of the call's own deadline keeps the process alive; a pause that outlives its call must not.
  return retry(applies, { maxAttempts: retries, backoff }).dangerouslyUnref();
}

/** What an attempt after a lost answer means: the lost one may be running still, whatever this one says. */
function afterLostAnswer(error: RouterOsError): RouterOsError {
  const nothingRan = NEVER_SENT.has(error.kind);
  const last = error instanceof NotSent ? error.because : error;
  const detail = NEVER_SENT.has(last.kind)
    ? `the answer to an earlier attempt was lost; then ${last.detail}`
    : last.detail;
  const options = { cause: error, code: error.code, mayStillRun: true };
  return new RouterOsError(nothingRan ? 'unknown' : error.kind, detail, options);
}

/** Makes the attempts of one call until one succeeds, the rules give up, or `signal` aborts. */
export class Retries {
  readonly #policy: IPolicy;

  constructor(rules: readonly RetryRule[]) {
    this.#policy = wrap(noop, ...rules.map(policyOf));
  }

  /**
   * @param attempt rejects on its own when `signal` aborts while it runs
   * @param signal whose reason is a RouterOsError
   * @throws RouterOsError the last attempt's error; after an attempt of kind `unknown` it says so, and is never one
   *   of the kinds that promise that nothing ran. An abort during a pause gives the error that led to the pause.
   */
  async run<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let lost = false;
    let pausedBy: unknown;
    const cut = Promise.withResolvers<never>();
    const onAbort = (): void => {
      if (pausedBy !== undefined) {
        cut.reject(pausedBy);
      }
    };
    const once = async (): Promise<T> => {
      pausedBy = undefined;
      signal.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        lost ||= error instanceof RouterOsError && error.kind === 'unknown';
        pausedBy = error;
        throw error;
      }
    };
    signal.addEventListener('abort', onAbort);
    try {
      return await Promise.race([this.#policy.execute(once, signal), cut.promise]);
    } catch (error) {
      throw lost && error instanceof RouterOsError && !error.mayStillRun ? afterLostAnswer(error) : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}

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
