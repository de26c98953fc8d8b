/**
 * Why the box did not do what was asked. `code`s that begin with `RC-` are refusals of our own scripts; each says what an
 * intact answer proved. The others say how the conversation failed.
 */
export const REFUSALS = {
  'RC-POOL':
    'the pool is not there, or not configured: label and uuid must exist exactly once and be mounted exactly once; detail: its label',
  'RC-TWO':
    'several pools hold a subvolume of this id, and no disk item says which of them is the object; detail: its name',
  'RC-ERE': 'the console of the device does not know intervals such as {2} in expressions',
  'RC-NAME':
    'the device shows the subvolume under another name than the one that was sent; detail: the name that it shows',
  'RC-NOVOL': 'the volume does not exist',
  'RC-NOSRC': 'the source does not exist',
  'RC-ELSEWHERE': 'the source is in another pool; detail: its label, and the name of the subvolume',
  'RC-OWNER': 'the object belongs to another cluster',
  'RC-SMALL':
    'the size asked for is smaller than the source, or the source exceeds the limit; detail: bytes of the source',
  'RC-SPACE': 'the pool has too little free space; detail: bytes free, of those needed with the reserve',
  'RC-PROMISE':
    'the pool would promise more than overCommitRatio allows; detail: bytes promised with this volume, of those allowed',
  'RC-QUOTA': 'the volume has as many snapshots as its class allows; detail: their number, and the oldest',
  'RC-SLOT': 'the disk slot of the volume is taken by another file; detail: that file',
  'RC-HALF': 'the subvolume is there without a disk item, and the device does not attach its image; detail: its words',
  'RC-EMPTY':
    'the image is missing or smaller than its source: a restore must never be silently empty; detail: bytes of the source',
  'RC-NODISK': 'the disk item of the source volume is lost; publishing the volume attaches it again',
  'RC-SIZE': 'the size of the disk did not become readable in time',
  'RC-LAG':
    'the device accepted the new size, but does not show it yet; detail: bytes that it shows. If this repeats, it cannot grow a disk',
  'RC-GROW': 'the device refused to grow the image; detail: bytes that it has, and the words of the device',
  'RC-PUB': 'the volume is published; detail: the disk comment',
  'RC-NQN':
    'the volume is exported under an NQN that is not of its record: somebody has changed its disk item; detail: its slot, that NQN, and the right one',
  'RC-EXPORTED': 'the disk is exported, but no node is recorded on it',
  'RC-MODE': 'the volume is published to this node in another mode',
  'RC-RACE': 'another controller changed the publication at the same time',
  'RC-USED': 'a disk item uses a file of the object; detail: its slot',
  'RC-LEFT': 'after its removal the disk item is still there, or there again',
} as const;

export type RefusalCode = keyof typeof REFUSALS;

export type RdsErrorCode =
  | RefusalCode
  /** A command of the script failed on the device, also when repeated. */
  | 'failed'
  /** The device came to the script too late for it to change anything any more, also when repeated. */
  | 'late'
  /** Nothing was sent: an earlier command on the object got no answer and may still be at work; detail: for how long. */
  | 'waiting'
  /** The console did not know a command or argument: RouterOS is too old, or a package is missing. Nothing ran. */
  | 'unsupported'
  /** Nothing was sent: there is no connection. */
  | 'unreachable'
  /** Nothing was sent: a key file, the pinned host keys or the account on the device has to be changed first. */
  | 'unauthenticated'
  /** Nothing was sent: it waited here until its time was over, or the queue was full. */
  | 'unsent'
  /** The outcome is unknown, also after repeats. */
  | 'unknown'
  | 'cancelled'
  /** The answer was intact, but is not what such a script prints. */
  | 'unexpected';

export class RdsError extends Error {
  override readonly name = 'RdsError';
  readonly code: RdsErrorCode;
  /** What the device or the transport added; for people. */
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
  /** The same, of a call that had made the subvolume in an earlier attempt. */
  ofMade(): RdsError {
    const { code, detail, cause, mayStillRun } = this;
    return this.made ? this : new RdsError(code, detail, { cause, made: true, mayStillRun });
  }
}
