/**
 * How a conversation with RouterOS can end other than well. The kind says what is known about the device, which is what
 * the caller has to decide on; texts of RouterOS itself are never decided on (docs/routeros.md, U2).
 */
export type RouterOsErrorKind =
  /** Our own script refused with `:error "RC-…"`; `code` holds the code. Nothing after that statement ran. */
  | 'refused'
  /** A RouterOS command in the script failed at run time; statements before it took effect. */
  | 'failed'
  /** The script came so late that it may not write any more: nothing after that moment was written (U22). */
  | 'late'
  /** The console could not parse the line: nothing ran (docs/routeros.md, 1.1). */
  | 'rejected'
  /** The command was never sent: there is no connection, or the RDS took no command on it. Nothing ran. */
  | 'unreachable'
  /**
   * The command was never sent: the driver and the RDS do not believe each other. A key file, the pinned host keys or the
   * account on the RDS has to be changed first, so it is not retried by itself within a call. Nothing ran.
   */
  | 'unauthenticated'
  /** The command was never sent: it waited here until its time was over, or the queue was full. Nothing ran. */
  | 'unsent'
  /** The command was sent and no intact answer came back. It may have run, be running, or never start (U22). */
  | 'unknown'
  /** The caller gave up before the command was sent. Nothing ran. */
  | 'cancelled';

/** The kinds that prove that nothing was sent. */
export const NEVER_SENT: ReadonlySet<RouterOsErrorKind> = new Set([
  'unreachable',
  'unauthenticated',
  'unsent',
  'cancelled',
]);

/** What a RouterOsError carries beside its kind and detail. */
export interface RouterOsErrorOptions extends ErrorOptions {
  readonly code?: string;
  readonly mayStillRun?: boolean;
}

/** The only error that a conversation with an RDS ends in; anything else thrown from this layer is a bug. */
export class RouterOsError extends Error {
  override readonly name = 'RouterOsError';
  readonly kind: RouterOsErrorKind;
  /** The `RC-…` code for kind `refused`, else empty. */
  readonly code: string;
  /** What RouterOS or the transport said, without secrets; for display, never for decisions. */
  readonly detail: string;

  /**
   * Whether this very script may be running on the device even now: always for kind `unknown`, and for every other kind
   * when an earlier attempt of the same call got no answer. Nothing may be cleaned up then (docs/routeros.md, U22).
   */
  readonly mayStillRun: boolean;

  constructor(kind: RouterOsErrorKind, detail: string, options?: RouterOsErrorOptions) {
    super(detail, options);
    this.kind = kind;
    this.code = options?.code ?? '';
    this.detail = detail;
    this.mayStillRun = options?.mayStillRun ?? kind === 'unknown';
  }
}

/**
 * The command was not sent because of how an earlier one ended. The kind proves that nothing ran; the reason is in
 * {@link because}, else the same fault would have another name as soon as nothing is sent any more.
 */
export class NotSent extends RouterOsError {
  readonly because: RouterOsError;

  /** @param why begins with `not sent` */
  constructor(why: string, because: RouterOsError) {
    const cause = because instanceof NotSent ? because.because : because;
    const kind = cause.kind === 'unauthenticated' ? cause.kind : 'unreachable';
    super(kind, `${why}: ${cause.detail}`, { cause });
    this.because = cause;
  }
}

/** The RDS gave the command no channel, as it may when it has too many: nothing was sent (RFC 4254, 5.1). */
export class ChannelRefused extends RouterOsError {
  constructor(cause: Error) {
    super('unreachable', cause.message, { cause });
  }
}
