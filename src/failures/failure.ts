import type { EventReason } from './events.ts';

/**
 * What can go wrong, in the words of the domain. Each kind has exactly one gRPC code (src/csi/status.ts), and the choice
 * of kind decides whether a sidecar retries, gives up or deletes, hence whether something leaks (docs/errors.md).
 */
export type ErrorKind =
  /** The request can never succeed as it stands: INVALID_ARGUMENT. */
  | 'invalid'
  /** An intact answer from the right pool said that the object is absent: NOT_FOUND. */
  | 'notFound'
  /** The name is taken by an object made from another request: ALREADY_EXISTS. */
  | 'alreadyExists'
  /** The requested size is not possible: OUT_OF_RANGE. */
  | 'outOfRange'
  /** No space, a quota is reached, or the nodes asked for do not reach the backend: RESOURCE_EXHAUSTED. */
  | 'exhausted'
  /** The object is in a state that someone or the caller must change first: FAILED_PRECONDITION. */
  | 'precondition'
  /** Another operation works on the object, or the RDS needs more time: ABORTED. */
  | 'busy'
  /** The RDS cannot be reached, or is not the one we know: UNAVAILABLE. Nothing is concluded from it. */
  | 'unavailable'
  /** The page token is not one of ours: ABORTED, and the caller starts again without it (CSI ListSnapshots). */
  | 'badToken'
  /** The caller went away: CANCELLED. */
  | 'cancelled'
  /** The caller's deadline passed: DEADLINE_EXCEEDED. */
  | 'deadline'
  /** A defect of ours: INTERNAL. */
  | 'internal';

/** One way in which a call can fail: all that a message, an Event, `rose-csi why` and the documentation say of it. */
export interface Failure {
  readonly kind: ErrorKind;
  /** What is so, beginning in lower case and without a full stop. In a message the detail follows after a colon. */
  readonly what: string;
  /**
   * The sentence that stands in a message in place of {@link what} and the detail, with the figures of the detail in units
   * that one reads; undefined for a detail that it does not know.
   */
  readonly says?: (detail: string) => string | undefined;
  /** What the reader can do, without the last full stop; empty where every message says it itself. */
  readonly remedy: string;
  /** Where more is written, below docs/. */
  readonly page?: string;
  /** The Event that reports it; none where it passes soon, or Kubernetes itself reports it. */
  readonly event?: EventReason;
  /** Whether a later attempt may get past it though no one does anything. Its Event comes only when it has lasted. */
  readonly passes?: true;
  /** What to type, for `rose-csi why`; {@link LOGS} stands for the command that shows the log of whoever reported it. */
  readonly command?: string;
}

/** The remedy of what passes. */
export const RETRIES = 'Retrying automatically';

/** What a row may have beside the least. */
type More = Omit<Partial<Failure>, 'kind' | 'what' | 'remedy'>;

/** A row. @see Failure */
export function failing(kind: ErrorKind, what: string, remedy: string, more: More = {}): Failure {
  return { kind, what, remedy, ...more };
}

/** A failure that passes, with no Event: the log says more. */
export function passing(kind: ErrorKind, what: string, more: Partial<Failure> = {}): Failure {
  return { kind, what, remedy: RETRIES, passes: true, command: LOGS, ...more };
}

/** Stands for the command that shows the log of whoever reported a failure. */
export const LOGS = '{logs}';
export const SNAPSHOTS = 'rose-csi snapshots ls --config rose-csi.yaml';
export const DOCTOR = 'rose-csi doctor --config rose-csi.yaml';
/** It makes scratch objects in the pools, and removes them. */
export const DOCTOR_WRITES = 'rose-csi doctor --config rose-csi.yaml --write';
export const VALUES = 'helm get values rose-csi';
export const ATTACHMENTS = 'kubectl get volumeattachments';
export const CLASSES = 'kubectl get storageclasses -o yaml';
