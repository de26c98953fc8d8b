/** The one place where errors of the domain become gRPC status codes (docs/errors.md). */
import { status } from '@grpc/grpc-js';
import { type ErrorKind, StorageError } from '../storage/errors.ts';

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

/** What a caller is told: a code and a sentence. CSI forbids status details beyond that. */
export interface RpcStatus {
  readonly code: status;
  readonly details: string;
}

/** Longest message in bytes of UTF-8: it travels in an HTTP/2 header, percent-encoded, and ends up in an event. */
const maxMessageBytes = 1024;

/**
 * The status for whatever a handler threw. Causes and stacks stay here; they are for the log. Anything but a
 * `StorageError` is a defect of ours and says so, without its own message, which nobody has checked for secrets.
 */
export function toStatus(error: unknown): RpcStatus {
  if (error instanceof StorageError) return { code: codes[error.kind], details: shorten(error.message) };
  return { code: status.INTERNAL, details: 'a defect in rose-csi: please report it with the log of the driver' };
}

/** At most {@link maxMessageBytes}, cut between characters; well-formed, since grpc-js throws on a lone surrogate. */
function shorten(message: string): string {
  const bytes = Buffer.from(message.toWellFormed());
  if (bytes.length <= maxMessageBytes) return bytes.toString();
  const ellipsis = '…';
  let end = maxMessageBytes - Buffer.byteLength(ellipsis);
  // 10xxxxxx is the inside of a UTF-8 sequence.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end) + ellipsis;
}
