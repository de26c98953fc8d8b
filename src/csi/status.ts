/** The one place where errors of the domain become gRPC status codes (docs/errors.md). */
import { status } from '@grpc/grpc-js';
import type { ErrorKind } from '../failures/failure.ts';
import { messageOf, shorten } from '../failures/message.ts';
import { StorageError } from '../storage/errors.ts';

/**
 * The code of each kind. INTERNAL and the other final codes make a sidecar give up and forget what it asked for, so
 * trouble that may pass is never one of them.
 */
export const codes: Readonly<Record<ErrorKind, status>> = {
  invalid: status.INVALID_ARGUMENT,
  notFound: status.NOT_FOUND,
  alreadyExists: status.ALREADY_EXISTS,
  outOfRange: status.OUT_OF_RANGE,
  exhausted: status.RESOURCE_EXHAUSTED,
  precondition: status.FAILED_PRECONDITION,
  busy: status.ABORTED,
  unavailable: status.UNAVAILABLE,
  badToken: status.ABORTED,
  cancelled: status.CANCELLED,
  deadline: status.DEADLINE_EXCEEDED,
  internal: status.INTERNAL,
};

/** What a caller gets: a code and a sentence. CSI forbids status details beyond that. */
export interface RpcStatus {
  readonly code: status;
  readonly details: string;
}

/** Longest message in bytes of UTF-8: it travels in an HTTP/2 header, percent-encoded, and ends up in an event. */
const MAX_MESSAGE_BYTES = 1024;

/**
 * The status for whatever a handler threw. Causes and stacks stay here; they are for the log. Anything but a
 * `StorageError` is a defect of ours and says so, without its own message, which no one has checked for secrets.
 */
export function toStatus(error: unknown): RpcStatus {
  if (error instanceof StorageError)
    return { code: codes[error.kind], details: shorten(error.message, MAX_MESSAGE_BYTES) };
  return { code: status.INTERNAL, details: messageOf('DRV-DEFECT', '', '') };
}
