import type { BreakerState } from './breaker.ts';
import type { RouterOsError } from './errors.ts';
import type { Script } from './script.ts';

/** One JSON object that a script printed with `:put [:serialize …]`. Decode with ./json.ts, which tolerates U12. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** Someone who waits for an answer: until when, and the wish to stop. */
export interface Call {
  /** Aborted when the caller cancels or its deadline passes. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch at which the caller stops waiting; undefined when it set no deadline. */
  readonly deadline?: number;
}

export interface RunOptions extends Partial<Call> {
  /**
   * `read` scripts change nothing, so identical ones under way share one exec. `write` scripts never share. Both are
   * written so that running them again, even beside a first run that never died, is right.
   */
  readonly kind: 'read' | 'write';
  /**
   * Notified of every `write` that was sent and not answered, at once when that is known: until the given moment of the
   * router's clock, in milliseconds, its script may still write.
   */
  readonly onLost?: (quietAt: number) => void;
}

/** How it stands with the way to an RDS at this moment. */
export interface RouterOsState {
  readonly breaker: BreakerState;
  /** Execs that wait for their turn. */
  readonly queued: number;
  /** Execs whose turn it is, those that connect first included. */
  readonly inFlight: number;
  /** How many of them there may be at this moment. */
  readonly window: number;
  /** What the last attempt met on the way to the RDS; absent while the breaker is closed. */
  readonly lastFailure?: RouterOsError;
}

/** One RDS, as the layers above see it. */
export interface RouterOs {
  /**
   * Runs one script in one exec and returns the rows it printed.
   *
   * @throws RouterOsError with a kind that says what is known about the device.
   */
  run(script: Script, options: RunOptions): Promise<readonly JsonRow[]>;
  /** From memory; never touches the network. */
  state(): RouterOsState;
  close(): Promise<void>;
}
