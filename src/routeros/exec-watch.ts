import type { RouterOsErrorKind } from './errors.ts';
import type { RunOptions } from './routeros.ts';

/** What is known of an exec when a call asks for it. */
export interface ExecStart {
  readonly kind: RunOptions['kind'];
  /** 1 for the first attempt of the call. */
  readonly attempt: number;
}

/** How an exec went. */
export interface ExecEnd {
  /** `cancelled` when all callers left before it was sent; `defect` for an error that this driver should not have. */
  readonly outcome: 'ok' | RouterOsErrorKind | 'defect';
  /** Milliseconds in the queue. */
  readonly waitMs: number;
  /** Milliseconds from its turn to its end, connecting included; 0 when its turn never came. */
  readonly runMs: number;
  /** Bytes of output. */
  readonly bytes: number;
}

/** Follows one exec from its place in the queue to its end. Must not throw. */
export interface ExecWatch {
  /** One more call waits for the answer. Called in the asynchronous context of that call. */
  joined(): void;
  /** Called once, before any call gets the answer. */
  ended(end: ExecEnd): void;
}

/** Notified of every exec at once when it is asked for, in the asynchronous context of the call that asks. */
export type WatchExec = (start: ExecStart) => ExecWatch;
