import PQueue from 'p-queue';
import { Breaker, type BreakerOptions, type Outcome } from './breaker.ts';
import { type Clock, systemClock, UptimeReading, type WriteDeadline } from './clock.ts';
import { type Answer, MAX_ANSWER_BYTES, parseAnswer } from './envelope.ts';
import { ChannelRefused, NotSent, RouterOsError, type RouterOsErrorKind } from './errors.ts';
import type { WatchExec } from './exec-watch.ts';
import type { HostKeys } from './host-key.ts';
import { hostKeysReader } from './host-key.ts';
import { PendingExec } from './pending-exec.ts';
import { defaultRetryPolicy, limitCall, Retries, type RetryPolicy } from './retry-policy.ts';
import type { JsonRow, RouterOs, RouterOsState, RunOptions } from './routeros.ts';
import { ros, type Script } from './script.ts';
import { Connection, type SshCredentials, type SshSession } from './ssh-session.ts';
import { AdaptiveWindow, fixedWindow, type Window } from './window.ts';

/** One exec, reported to whoever counts and logs them. */
export interface ExecEvent {
  /** Milliseconds from its turn in the queue to its end, connecting included. */
  readonly ms: number;
  /** Bytes of output. */
  readonly bytes: number;
  readonly outcome: 'ok' | RouterOsErrorKind;
  /** What went wrong, human-readable; empty when nothing did. */
  readonly detail: string;
}

export interface RouterOsOptions {
  readonly host: string;
  /** Default 22. */
  readonly port?: number;
  /**
   * `SHA256:…` fingerprints or public key lines; at least one, and two while the key of the RDS is being changed. A
   * function is asked at every connect.
   */
  readonly hostKeys: readonly string[] | (() => Promise<HostKeys>);
  /** Asked at every connect, so that a key that was replaced on disk is picked up; settles soon, one way or the other. */
  credentials(): Promise<SshCredentials>;
  /** Execs under way at one time; default `auto`: one, and up to four as long as the RDS bears it (docs/routeros.md, U15). */
  readonly maxInFlight?: number | 'auto';
  /** Execs that may wait for their turn; default 256. */
  readonly maxQueued?: number;
  /** Milliseconds for TCP, key exchange and login; default 10 000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds for one exec once connected; default 20 000. */
  readonly execTimeoutMs?: number;
  /**
   * Milliseconds from its sending in which a script may change something on the RDS; default 10 000, the least is 3 000.
   * After an answer was lost, nothing else is done to the object for as long.
   */
  readonly writeWithinMs?: number;
  /** Default {@link systemClock}. */
  readonly clock?: Clock;
  readonly retryPolicy?: RetryPolicy;
  readonly breaker?: BreakerOptions;
  /** Notified of every exec; must not throw. */
  readonly onExec?: (event: ExecEvent) => void;
  /** Follows every exec, waiting included. */
  readonly watchExec?: WatchExec;
}

/** How long an RDS is not asked unless something else is said. */
export const defaultBreaker: BreakerOptions = { failures: 5, firstBreakMs: 1_000, maxBreakMs: 30_000 };

/** Ends of an exec that may come of too many at once; every other one is an answer in time. */
const TROUBLE: ReadonlySet<ExecEvent['outcome']> = new Set(['unreachable', 'unauthenticated', 'unknown', 'late']);

/** Half of what an exec is waited for, so that a script which is waited for to the end has long stopped writing. */
const DEFAULT_WRITE_WITHIN_MS = 10_000;

class Router implements RouterOs {
  readonly #connection: Connection;
  readonly #queue: PQueue;
  readonly #window: Window;
  readonly #breaker: Breaker;
  readonly #retries: Retries;
  readonly #budgetMs: number;
  readonly #maxQueued: number;
  readonly #execTimeoutMs: number;
  readonly #writeWithinMs: number;
  readonly #clock: Clock;
  /** What each connection has read: another one may lead to a device that was started again. */
  readonly #uptimes = new WeakMap<SshSession, UptimeReading>();
  readonly #onExec: (event: ExecEvent) => void;
  readonly #watchExec: WatchExec | undefined;
  readonly #closing = new AbortController();
  /** Reads that another caller may join, by script. */
  readonly #reads = new Map<string, PendingExec>();

  constructor(options: RouterOsOptions) {
    this.#connection = new Connection({
      host: options.host,
      port: options.port ?? 22,
      hostKeys: hostKeysReader(options),
      credentials: () => options.credentials(),
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      maxOutputBytes: MAX_ANSWER_BYTES,
    });
    const { rules, budgetMs } = options.retryPolicy ?? defaultRetryPolicy;
    this.#retries = new Retries(rules);
    this.#budgetMs = budgetMs;
    this.#breaker = new Breaker(options.breaker ?? defaultBreaker);
    this.#maxQueued = options.maxQueued ?? 256;
    this.#execTimeoutMs = options.execTimeoutMs ?? 20_000;
    this.#writeWithinMs = options.writeWithinMs ?? DEFAULT_WRITE_WITHIN_MS;
    this.#clock = options.clock ?? systemClock;
    const { maxInFlight = 'auto' } = options;
    this.#window = maxInFlight === 'auto' ? new AdaptiveWindow(this.#clock) : fixedWindow(maxInFlight);
    this.#queue = new PQueue({ concurrency: this.#window.size });
    this.#onExec = options.onExec ?? (() => undefined);
    this.#watchExec = options.watchExec;
  }

  async run(script: Script, options: RunOptions): Promise<readonly JsonRow[]> {
    const limit = limitCall(options, this.#budgetMs, this.#closing.signal);
    let attempts = 0;
    const attempt = async (): Promise<readonly JsonRow[]> => {
      attempts += 1;
      const shared = options.kind === 'read' ? this.#reads.get(script.text) : undefined;
      shared?.join();
      const exec = shared ?? this.#newExec(script, options.kind, attempts);
      try {
        return await exec.wait(limit.signal);
      } catch (error) {
        const isLost = error instanceof RouterOsError && error.kind === 'unknown';
        if (isLost && exec.quietAt > 0) options.onLost?.(exec.quietAt);
        throw error instanceof RouterOsError ? this.#breaker.explained(error) : error;
      }
    };
    try {
      return await this.#retries.run(attempt, limit.signal);
    } finally {
      limit.dispose();
    }
  }

  state(): RouterOsState {
    const { size: queued, pending: inFlight } = this.#queue;
    const { state: breaker, lastFailure } = this.#breaker;
    return { breaker, queued, inFlight, window: this.#window.size, ...(lastFailure && { lastFailure }) };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection.close();
    await this.#queue.onIdle();
  }

  /** Puts an exec into the queue. */
  #newExec(script: Script, kind: RunOptions['kind'], attempt: number): PendingExec {
    if (!this.#breaker.closed) {
      throw this.#breaker.rejection();
    }
    if (this.#queue.size >= this.#maxQueued) {
      throw new RouterOsError('unsent', `the queue is full: ${this.#queue.size} commands wait`);
    }
    const exec = new PendingExec(script, kind, () => this.#watchExec?.({ kind, attempt }));
    if (kind === 'read') {
      this.#reads.set(script.text, exec);
      exec.abandoned.addEventListener('abort', () => this.#withdraw(exec));
    }
    this.#enqueue(exec, 0);
    return exec;
  }

  /** @param priority above 0 for before those that wait */
  #enqueue(exec: PendingExec, priority: number): void {
    const { abandoned: signal } = exec;
    // Rejects only when the exec was abandoned, when no one waits for it any more.
    this.#queue.add(() => this.#execute(exec), { signal, priority }).catch(() => exec.fail(abandoned()));
  }

  async #execute(exec: PendingExec): Promise<void> {
    exec.begin();
    const hasCompany = this.#queue.pending > 1;
    try {
      const outcome = await this.#breaker.run(() => this.#attempt(exec));
      // Next time it is alone, so this comes to an end.
      if ('error' in outcome && outcome.error instanceof ChannelRefused && hasCompany && this.#window.size === 1) {
        exec.recall();
        this.#enqueue(exec, 1);
        return;
      }
      this.#settle(exec);
      if ('value' in outcome) {
        exec.succeed(outcome.value);
      } else {
        exec.fail(outcome.error);
      }
    } catch (error) {
      this.#settle(exec);
      exec.fail(error);
    }
  }

  async #attempt(exec: PendingExec): Promise<Outcome<readonly JsonRow[]>> {
    const begin = performance.now();
    let bytes = 0;
    const done = (outcome: ExecEvent['outcome'], detail = ''): void => {
      this.#onExec({ ms: performance.now() - begin, bytes, outcome, detail });
      this.#adapt(outcome);
    };
    let session: SshSession | undefined;
    try {
      session = await this.#connection.session();
      const deadline = exec.kind === 'write' ? await this.#deadline(session) : undefined;
      // After all that takes time: what is sent now is sent, and whoever has left got the answer that it is not.
      if (exec.abandoned.aborted) {
        return { error: abandoned() };
      }
      const { output, note } = await session.exec(exec.send(deadline), this.#execTimeoutMs);
      bytes = output.length;
      exec.bytes = bytes;
      const { rows } = this.#noted(session, parseAnswer(output, exec.nonce, note));
      done('ok');
      return { value: rows };
    } catch (error) {
      if (!(error instanceof RouterOsError)) {
        throw error;
      }
      const known = exec.mayBeLate(this.#clock.now()) ? asLate(error) : error;
      // It may be that our reckoning is wrong: the next command asks.
      if (known.kind === 'late' && session !== undefined) this.#uptimes.delete(session);
      done(known.kind, known.detail);
      return { error: known };
    }
  }

  /** Lets more or fewer execs be under way, by how one of them ended. */
  #adapt(outcome: ExecEvent['outcome']): void {
    if (TROUBLE.has(outcome)) this.#window.failed();
    else this.#window.answered(this.#queue.size > 0);
    if (this.#queue.concurrency !== this.#window.size) this.#queue.concurrency = this.#window.size;
  }

  /**
   * Until when a command that is sent now may write. The uptime of the device comes with every answer; a connection that
   * has none, or none of late, asks for it.
   *
   * @throws RouterOsError `unreachable`: nothing was sent that could write.
   */
  async #deadline(session: SshSession): Promise<WriteDeadline> {
    const reading = this.#reading(session);
    if (!reading.isFresh(this.#clock.now())) {
      const question = new PendingExec(ros``, 'read');
      try {
        const { output, note } = await session.exec(question.send(), this.#execTimeoutMs);
        this.#noted(session, parseAnswer(output, question.nonce, note));
      } catch (error) {
        if (!(error instanceof RouterOsError) || error instanceof ChannelRefused) throw error;
        throw new NotSent('not sent, as the uptime of the RDS cannot be read', error);
      }
    }
    if (!reading.isFresh(this.#clock.now())) {
      throw new RouterOsError('unreachable', 'the RDS does not report its uptime');
    }
    return reading.deadline(this.#clock.now(), this.#writeWithinMs);
  }

  #reading(session: SshSession): UptimeReading {
    const known = this.#uptimes.get(session) ?? new UptimeReading();
    this.#uptimes.set(session, known);
    return known;
  }

  #noted(session: SshSession, answer: Answer): Answer {
    if (answer.uptimeSeconds !== undefined) this.#reading(session).note(answer.uptimeSeconds, this.#clock.now());
    return answer;
  }

  /** A read may be joined until it ends, and once it was sent only until a write ends, which it may not have seen. */
  #settle(exec: PendingExec): void {
    this.#withdraw(exec);
    if (exec.kind === 'write') {
      for (const read of [...this.#reads.values()].filter(({ sent }) => sent)) {
        this.#withdraw(read);
      }
    }
  }

  #withdraw(exec: PendingExec): void {
    if (this.#reads.get(exec.script.text) === exec) {
      this.#reads.delete(exec.script.text);
    }
  }
}

/** A statement that is late finds nothing to change, which the device may call a failure of another kind. */
function asLate(error: RouterOsError): RouterOsError {
  return error.kind === 'failed' ? new RouterOsError('late', error.detail, { cause: error }) : error;
}

function abandoned(): RouterOsError {
  return new RouterOsError('cancelled', 'all callers gave up');
}

/**
 * The way to one RDS. It connects when first used, begins execs in the order of the calls, as many at once as its window
 * allows, and repeats what the retry policy says. A call ends at its deadline or when its signal aborts; an exec that was sent keeps its place
 * until it is answered or out of time, as its script may be running (docs/routeros.md, U22).
 *
 * @throws TypeError when host keys are given and none is pinned, or one cannot be read.
 */
export function connectRouterOs(options: RouterOsOptions): RouterOs {
  return new Router(options);
}
