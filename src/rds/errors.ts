import { type FailureCode, isFailureCode } from '../failures/catalogue.ts';

/** The refusals of our own scripts: each says what an intact answer proved. */
export type RefusalCode = Extract<FailureCode, `RC-${string}`>;

/** The others say how the conversation failed. */
export type RdsErrorCode = RefusalCode | Extract<FailureCode, `RDS-${string}`>;

export function isRefusal(code: string): code is RefusalCode {
  return code.startsWith('RC-') && isFailureCode(code);
}

export class RdsError extends Error {
  override readonly name = 'RdsError';
  readonly code: RdsErrorCode;
  /** What the device or the transport added; human-readable. */
  readonly detail: string;
  /** True when this very call made the subvolume of the volume before it failed. */
  readonly made: boolean;
  /** True when an earlier attempt of this call lost its answer, so that a script may still be at work on the object (U22). */
  readonly mayStillRun: boolean;

  constructor(
    code: RdsErrorCode,
    detail: string,
    options?: ErrorOptions & { readonly made?: boolean; readonly mayStillRun?: boolean },
  ) {
    super(detail === '' ? code : `${code}: ${detail}`, options);
    this.code = code;
    this.detail = detail;
    this.made = options?.made ?? false;
    this.mayStillRun = options?.mayStillRun ?? false;
  }

  /** The same in other words. */
  with(detail: string): RdsError {
    const { code, cause, made, mayStillRun } = this;
    return new RdsError(code, detail, { cause, made, mayStillRun });
  }

  /** The same, of a call that had made the subvolume in an earlier attempt. */
  ofMade(): RdsError {
    const { code, detail, cause, mayStillRun } = this;
    return this.made ? this : new RdsError(code, detail, { cause, made: true, mayStillRun });
  }
}
