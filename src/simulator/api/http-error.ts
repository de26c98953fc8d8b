import { BlockError, type BlockErrorCode } from '../device/blocks.ts';

const BLOCK_STATUS: Readonly<Record<BlockErrorCode, number>> = {
  'no-such-namespace': 404,
  'not-exported': 403,
  'read-only': 403,
  'out-of-range': 416,
  'no-space': 507,
};

/** An answer other than 200, with a code for programs and a message. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Gives anything that was thrown a status; what is not known is 500. */
  static from(error: unknown): HttpError {
    if (error instanceof HttpError) return error;
    if (error instanceof BlockError) return new HttpError(BLOCK_STATUS[error.code], error.code, error.message);
    return new HttpError(500, 'internal', error instanceof Error ? error.message : String(error));
  }
}
