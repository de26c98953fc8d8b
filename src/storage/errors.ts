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
  /** The size cannot be had: OUT_OF_RANGE. */
  | 'outOfRange'
  /** No space, a quota is reached, or the nodes asked for do not reach the backend: RESOURCE_EXHAUSTED. */
  | 'exhausted'
  /** The object is in a state that a person or the caller must change first: FAILED_PRECONDITION. */
  | 'precondition'
  /** Another operation works on the object, or the device needs more time: ABORTED. */
  | 'busy'
  /** The box cannot be reached, or is not the one we know: UNAVAILABLE. Nothing is concluded from it. */
  | 'unavailable'
  /** The page token is not one of ours: ABORTED, and the caller starts again without it (CSI ListSnapshots). */
  | 'badToken'
  /** The caller went away: CANCELLED. */
  | 'cancelled'
  /** The caller's deadline passed: DEADLINE_EXCEEDED. */
  | 'deadline'
  /** A defect of ours: INTERNAL. */
  | 'internal';

/** The only error that leaves the storage layer. The message names the object and what the user can do; no secrets. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
