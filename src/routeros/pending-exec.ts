import { randomBytes } from 'node:crypto';
import { DRIFT_MS, type WriteDeadline } from './clock.ts';
import { LONGEST_UPTIME, wrap } from './envelope.ts';
import { RouterOsError } from './errors.ts';
import type { ExecEnd, ExecWatch } from './exec-watch.ts';
import type { JsonRow, RunOptions } from './routeros.ts';
import type { Script } from './script.ts';

/**
 * One exec and the callers who wait for it. A caller may leave at any time and gets its answer at once; the exec is dropped only
 * when all have left and it was not sent, since a script that was sent may run to its end whoever waits.
 */
export class PendingExec {
  readonly script: Script;
  readonly kind: RunOptions['kind'];
  readonly nonce = randomBytes(8).toString('hex');
  /** Bytes of the answer, once there is one. */
  bytes = 0;
  readonly #watch: ExecWatch | undefined;
  readonly #createdAt = performance.now();
  #turn: number | undefined;
  #ended = false;
  readonly #result = Promise.withResolvers<readonly JsonRow[]>();
  readonly #abandoned = new AbortController();
  #waiting = 0;
  #sent = false;
  #quietAt = 0;

  /**
   * @param watch asked for once it is known that the script can be sent.
   * @throws RangeError when the script is too long to be sent.
   */
  constructor(script: Script, kind: RunOptions['kind'], watch?: () => ExecWatch | undefined) {
    this.script = script;
    this.kind = kind;
    wrap(script, this.nonce, kind === 'write' ? LONGEST_UPTIME : undefined);
    this.#watch = watch?.();
    // Each caller takes the outcome through wait(); there may be none left.
    this.#result.promise.catch(() => undefined);
  }

  get sent(): boolean {
    return this.#sent;
  }

  /** Aborts when the last caller leaves before the command was sent. */
  get abandoned(): AbortSignal {
    return this.#abandoned.signal;
  }

  /** Its turn in the queue has come. */
  begin(): void {
    this.#turn = performance.now();
  }

  /** To be called by a further caller, before it waits. */
  join(): void {
    this.#watch?.joined();
  }

  /**
   * The line to send, for a `write` with the uptime from which on it must not write.
   *
   * Called right before it goes out: from here on the outcome is unknown to whoever leaves.
   *
   * @param deadline undefined for a `read`
   */
  send(deadline?: WriteDeadline): string {
    this.#sent = true;
    this.#quietAt = deadline?.passedAt ?? 0;
    return wrap(this.script, this.nonce, deadline?.uptimeSeconds);
  }

  /** It was not sent after all, and is not before {@link send} is called again. Who left meanwhile believes that it was. */
  recall(): void {
    this.#sent = false;
    this.#quietAt = 0;
    if (this.#waiting === 0) this.#abandoned.abort();
  }

  /** The moment from which on it certainly writes nothing, in milliseconds of the router's clock; 0 when it never will. */
  get quietAt(): number {
    return this.#quietAt;
  }

  /** Whether its deadline may have passed by now on the device, whose clock may be ahead of what is reckoned here. */
  mayBeLate(now: number): boolean {
    return this.#quietAt > 0 && now >= this.#quietAt - 2 * DRIFT_MS;
  }

  succeed(rows: readonly JsonRow[]): void {
    this.#end('ok');
    this.#result.resolve(rows);
  }

  fail(error: unknown): void {
    this.#end(error instanceof RouterOsError ? error.kind : 'defect');
    this.#result.reject(error);
  }

  /** Only the first end counts: what was given up in the queue may still come to its turn. */
  #end(outcome: ExecEnd['outcome']): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    const now = performance.now();
    const turn = this.#turn ?? now;
    this.#watch?.ended({ outcome, waitMs: turn - this.#createdAt, runMs: now - turn, bytes: this.bytes });
  }

  /**
   * The outcome, for one more caller.
   *
   * @param limit whose reason is the RouterOsError to throw when it aborts before the command was sent
   * @throws RouterOsError of the exec, or `unknown` when `limit` aborts after the command was sent.
   */
  async wait(limit: AbortSignal): Promise<readonly JsonRow[]> {
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(this.#sent ? leftWhileRunning(limit.reason) : limit.reason);
    limit.addEventListener('abort', leave, { once: true });
    this.#waiting += 1;
    try {
      limit.throwIfAborted();
      return await Promise.race([this.#result.promise, left.promise]);
    } finally {
      limit.removeEventListener('abort', leave);
      this.#waiting -= 1;
      if (this.#waiting === 0 && !this.#sent) {
        this.#abandoned.abort();
      }
    }
  }
}

function leftWhileRunning(reason: unknown): RouterOsError {
  const why = reason instanceof RouterOsError ? reason.detail : String(reason);
  return new RouterOsError('unknown', `${why} after the command was sent`, { cause: reason });
}
