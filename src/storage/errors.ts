import { FAILURES, type FailureCode } from '../failures/catalogue.ts';
import type { ErrorKind } from '../failures/failure.ts';
import { messageOf } from '../failures/message.ts';

/** The only error that leaves the storage layer and the node. Its message is that of its failure; no secrets. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: FailureCode;
  readonly kind: ErrorKind;
  /** What it is about. */
  readonly object: string;
  /** What the failure came with, e.g. words of the RDS. */
  readonly detail: string;

  /** @param options.kind where it must be another one than that of the failure, as while its outcome is open */
  constructor(
    code: FailureCode,
    object: string,
    detail = '',
    options: ErrorOptions & { readonly kind?: ErrorKind } = {},
  ) {
    super(messageOf(code, object, detail), options);
    this.code = code;
    this.kind = options.kind ?? FAILURES[code].kind;
    this.object = object;
    this.detail = detail;
  }
}
