import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhenResult,
  isBrokenCircuitError,
} from 'cockatiel';
import { NotSent, RouterOsError, type RouterOsErrorKind } from './errors.ts';

export interface BreakerOptions {
  /** Attempts that fail in a row on the way to the RDS before a break. */
  readonly failures: number;
  /** Milliseconds of the first break, about; doubled each time the attempt after it fails too. */
  readonly firstBreakMs: number;
  /** No break is longer, in milliseconds. */
  readonly maxBreakMs: number;
}

/** `open` during a break; `half-open` from its end until an attempt has shown whether the RDS answers again. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** How one attempt ended: an error that the RDS itself answered with proves that it can be reached. */
export type Outcome<T> = { readonly value: T } | { readonly error: RouterOsError };

const TRANSPORT_FAILURES: ReadonlySet<RouterOsErrorKind> = new Set(['unreachable', 'unauthenticated', 'unknown']);

function isTransportFailure(result: unknown): boolean {
  const { error } = result as { readonly error?: RouterOsError };
  return error !== undefined && TRANSPORT_FAILURES.has(error.kind);
}

/**
 * Keeps a dead RDS from being tried by every call in turn. After a break one attempt goes through (the half-open state),
 * and decides whether the others may follow. The breaks are also what spaces out reconnects: they grow, and are spread
 * at random so that the processes that lost an RDS together do not return together.
 */
export class Breaker {
  readonly #policy: CircuitBreakerPolicy;
  #brokenUntil = 0;
  /** The longest that the present break may be, in ms: what is said is not another thing each time. */
  #longestMs = 0;
  #lastFailure: RouterOsError | undefined;

  constructor({ failures, firstBreakMs, maxBreakMs }: BreakerOptions) {
    const halfOpenAfter = new DelegateBackoff(({ attempt }: { readonly attempt: number }) => {
      const longest = Math.min(maxBreakMs, firstBreakMs * 2 ** (attempt - 1));
      this.#longestMs = longest;
      const pause = Math.ceil(longest * (0.5 + Math.random() / 2));
      this.#brokenUntil = Date.now() + pause;
      return pause;
    });
    const breaker = new ConsecutiveBreaker(failures);
    this.#policy = circuitBreaker(handleWhenResult(isTransportFailure), { breaker, halfOpenAfter });
  }

  /** Whether an attempt would be let through now, or is being made to find out. */
  get closed(): boolean {
    return Date.now() >= this.#brokenUntil;
  }

  get state(): BreakerState {
    if (!this.closed) return 'open';
    return this.#policy.state === CircuitState.Closed ? 'closed' : 'half-open';
  }

  /** Why the last attempt failed on the way to the RDS; undefined while closed. */
  get lastFailure(): RouterOsError | undefined {
    return this.state === 'closed' ? undefined : this.#lastFailure;
  }

  /** The error of a call that comes during a break: nothing was sent, and the reason is what the last attempt met. */
  rejection(): NotSent {
    const last = this.#lastFailure ?? new RouterOsError('unreachable', 'it did not answer');
    const seconds = Math.ceil(this.#longestMs / 1000);
    return new NotSent(`not sent, and no new attempt for up to ${seconds} s; the last attempt failed`, last);
  }

  /** An error of a call whose command waited here and was not sent, with what the last attempt met if that had trouble. */
  explained(error: RouterOsError): RouterOsError {
    const { lastFailure } = this;
    if (error.kind !== 'unsent' || lastFailure === undefined) return error;
    return new RouterOsError('unsent', `${error.detail}; the last attempt failed: ${lastFailure.detail}`, {
      cause: error,
    });
  }

  /**
   * Makes an attempt and counts how it ended.
   *
   * @throws RouterOsError as {@link rejection}, without an attempt, during a break.
   */
  async run<T>(attempt: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    try {
      return await this.#policy.execute(async () => {
        const outcome = await attempt();
        if ('error' in outcome && isTransportFailure(outcome)) {
          this.#lastFailure = outcome.error instanceof NotSent ? outcome.error.because : outcome.error;
        }
        return outcome;
      });
    } catch (error) {
      throw isBrokenCircuitError(error) ? this.rejection() : error;
    }
  }
}
