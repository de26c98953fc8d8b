import { FAILURES } from '../../failures/catalogue.ts';
import type { EventReason } from '../../failures/events.ts';
import { messageOf } from '../../failures/message.ts';
import type { ObjectReference } from '../../kubernetes/cluster.ts';
import type { EventRecorder, Unresolved } from '../../kubernetes/event-recorder.ts';
import { StorageError } from '../../storage/errors.ts';

/** What a call was for, in Kubernetes. */
export interface Subject {
  /** Tells it from others. */
  readonly key: string;
  readonly about: ObjectReference | Unresolved;
}

/** A failure that was not repeated for this long, in ms, has not lasted: no sidecar waits longer before it retries. */
const FORGET_MS = 900_000;
/** Objects whose failures are remembered; beyond it the oldest are forgotten. */
const MAX_KNOWN = 1000;

export interface FailureEventsOptions {
  readonly recorder: EventRecorder;
  /** How long what may pass must have lasted for an object before it is reported, in ms. */
  readonly lastingMs: number;
  /** Milliseconds that only go forward; replaced in tests. */
  readonly now?: () => number;
}

interface Failing {
  readonly reason: EventReason;
  readonly since: number;
  readonly last: number;
}

/** Turns failed calls into Events of the objects that they were for. */
export class FailureEvents {
  readonly #options: FailureEventsOptions;
  readonly #now: () => number;
  readonly #failing = new Map<string, Failing>();

  constructor(options: FailureEventsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Takes note of a call that succeeded. */
  succeeded({ key }: Subject): void {
    this.#failing.delete(key);
  }

  /** Takes note of a call that failed. Returns at once and never throws. */
  failed(subject: Subject, error: unknown): void {
    if (!(error instanceof StorageError)) return;
    const { code } = error;
    const { event: reason, passes } = FAILURES[code];
    if (reason === undefined || (passes && !this.#hasLasted(subject.key, reason))) return;
    this.#options.recorder.record(subject.about, { reason, message: messageOf(code, error.object, error.detail) });
  }

  #hasLasted(key: string, reason: EventReason): boolean {
    const now = this.#now();
    const before = this.#failing.get(key);
    const goesOn = before?.reason === reason && now - before.last < FORGET_MS;
    const since = goesOn ? before.since : now;
    this.#failing.delete(key);
    this.#failing.set(key, { reason, since, last: now });
    const [oldest] = this.#failing.keys();
    if (this.#failing.size > MAX_KNOWN && oldest !== undefined) this.#failing.delete(oldest);
    return now - since >= this.#options.lastingMs;
  }
}
