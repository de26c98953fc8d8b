import PQueue from 'p-queue';
import { ENDS } from '../failures/events.ts';
import type { Cluster, EventNote, ObjectReference } from './cluster.ts';
import { eventName } from './event.ts';
import { retryTransient } from './retry-transient.ts';

export interface EventRecorderOptions {
  readonly cluster: Pick<Cluster, 'event'>;
  /** Notified of Events that are given up. */
  readonly onFailure: (note: EventNote, error: unknown) => void;
  /** Milliseconds that only go forward; replaced in tests. */
  readonly now?: () => number;
  /** Milliseconds before each further attempt; replaced in tests. */
  readonly pausesMs?: readonly number[];
}

/** The same is reported once in this time, in ms: for as long as an API server keeps an Event by default. */
export const SILENCE_MS = 3_600_000;
/** And once in this time while it cannot be written. */
const FAILED_SILENCE_MS = 60_000;
/** Events that may wait; more are dropped, and written when they happen again. */
const MAX_WAITING = 100;
/** Notes whose last time is known; beyond it the oldest are forgotten, and reported again when they happen. */
const MAX_KNOWN = 2000;
const PAUSES_MS: readonly number[] = [1000, 10_000];

/** An object that has to be looked up first. Undefined when there is none to report. */
export interface Unresolved {
  /** Tells it from others until it is known. */
  readonly key: string;
  readonly find: (signal: AbortSignal) => Promise<ObjectReference | undefined>;
}

/** Records what happened to an object. */
export interface EventRecorder {
  /** Returns at once and never throws. */
  record(about: ObjectReference | Unresolved, note: EventNote): void;
}

/**
 * Records Events asynchronously: no one waits for the API server, fails because of it, or fills the
 * memory while it does not answer.
 */
export class KubernetesEventRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #now: () => number;
  readonly #queue = new PQueue({ concurrency: 2 });
  readonly #stopping = new AbortController();
  /** When each note may be reported again. The oldest is the first. */
  readonly #suppressedUntil = new Map<string, number>();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  record(about: ObjectReference | Unresolved, note: EventNote): void {
    const key = keyOf(about, note);
    if (this.#now() < (this.#suppressedUntil.get(key) ?? Number.NEGATIVE_INFINITY)) return;
    if (this.#stopping.signal.aborted || this.#queue.size >= MAX_WAITING) return;
    this.#suppress(key, SILENCE_MS);
    for (const reason of ENDS[note.reason] ?? []) this.#suppressedUntil.delete(keyOf(about, { ...note, reason }));
    void this.#queue.add(() => this.#write(key, about, note));
  }

  /** Gives up what is under way and what waits. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#queue.clear();
    await this.#queue.onIdle();
  }

  async #write(key: string, about: ObjectReference | Unresolved, note: EventNote): Promise<void> {
    const { cluster, onFailure, pausesMs = PAUSES_MS } = this.#options;
    try {
      await retryTransient(pausesMs, this.#stopping.signal, async (signal) => {
        const object = 'find' in about ? await about.find(signal) : about;
        if (object === undefined) this.#suppress(key, FAILED_SILENCE_MS);
        else await cluster.event(object, note, signal);
      });
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#suppress(key, FAILED_SILENCE_MS);
      onFailure(note, error);
    }
  }

  #suppress(key: string, ms: number): void {
    this.#suppressedUntil.delete(key);
    this.#suppressedUntil.set(key, this.#now() + ms);
    const [oldest] = this.#suppressedUntil.keys();
    if (this.#suppressedUntil.size > MAX_KNOWN && oldest !== undefined) this.#suppressedUntil.delete(oldest);
  }
}

/** The same for what need not be recorded twice. */
function keyOf(about: ObjectReference | Unresolved, note: EventNote): string {
  if (!('find' in about)) return eventName(about, note);
  return `${about.key} ${note.reason} ${note.subject ?? ''}`;
}
