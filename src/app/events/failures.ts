import type { ObjectReference } from '../../kubernetes/cluster.ts';
import type { EventReason } from '../../kubernetes/reasons.ts';
import type { Teller, Unresolved } from '../../kubernetes/teller.ts';
import type { RdsErrorCode } from '../../rds/index.ts';
import { StorageError } from '../../storage/errors.ts';
import { refusalOf, withoutRemedy } from '../../storage/failures.ts';

/** What a call was for, in Kubernetes. */
export interface Subject {
  /** Tells it from others. */
  readonly key: string;
  readonly about: ObjectReference | Unresolved;
  /** What is being made for it; undefined when it is there already. */
  readonly makes: 'volume' | 'snapshot' | undefined;
}

/** What a failure needs a person for; undefined where it heals by itself, or is told where it can be mended. */
const REASONS: Readonly<Record<RdsErrorCode, EventReason | undefined>> = {
  'RC-POOL': 'PoolMissing',
  'RC-NOVOL': 'VolumeMissing',
  'RC-NOSRC': 'SourceGone',
  'RC-ELSEWHERE': 'SourceElsewhere',
  'RC-OWNER': 'OwnedByOtherCluster',
  'RC-SMALL': 'RestoreTooSmall',
  'RC-SPACE': 'PoolFull',
  'RC-PROMISE': 'OverCommitReached',
  'RC-QUOTA': 'SnapshotQuotaReached',
  'RC-SLOT': 'SlotTaken',
  'RC-EMPTY': 'SourceUnusable',
  'RC-NODISK': 'SourceDetached',
  'RC-GROW': 'CannotGrow',
  'RC-EXPORTED': 'ExportUnrecorded',
  'RC-NQN': 'ExportChanged',
  'RC-TWO': 'CopyInTheWay',
  'RC-NAME': 'RouterOsUnfit',
  'RC-ERE': 'RouterOsUnfit',
  'RC-HALF': 'ImageNotAttached',
  failed: 'BoxRefuses',
  unsupported: 'RouterOsUnfit',
  unreachable: 'BoxUnreachable',
  unauthenticated: 'BoxLoginFailed',
  unknown: 'BoxUnreachable',
  // These heal.
  ...{ 'RC-SIZE': undefined, 'RC-LAG': undefined, 'RC-RACE': undefined, 'RC-LEFT': undefined, cancelled: undefined },
  ...{ late: undefined, waiting: undefined, unsent: undefined },
  // The node that has it is told of in the VolumeAttachment.
  ...{ 'RC-PUB': undefined, 'RC-MODE': undefined },
  // Of deletions, whose claim is gone.
  'RC-USED': undefined,
  // A defect of the driver, which its log tells.
  unexpected: undefined,
};

/** What a later attempt may get past: it is told when it has lasted. */
const PASSING: ReadonlySet<EventReason> = new Set(['BoxUnreachable', 'BoxRefuses', 'PoolMissing', 'ImageNotAttached']);

/** A failure that was not repeated for this long, in ms, has not lasted: no sidecar waits longer before it tries again. */
const FORGET_MS = 900_000;
/** Objects whose failures are remembered; beyond it the oldest are forgotten. */
const MAX_KNOWN = 1000;

export interface FailureTellerOptions {
  readonly teller: Teller;
  /** How long what may pass must have lasted for an object before it is told, in ms. */
  readonly lastingMs: number;
  /** Milliseconds that only go forward; replaced in tests. */
  readonly now?: () => number;
}

interface Failing {
  readonly reason: EventReason;
  readonly since: number;
  readonly last: number;
}

/** Turns failed calls into Events of the objects that they were for. */
export class FailureTeller {
  readonly #options: FailureTellerOptions;
  readonly #now: () => number;
  readonly #failing = new Map<string, Failing>();

  constructor(options: FailureTellerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Takes note of a call that succeeded. */
  succeeded({ key }: Subject): void {
    this.#failing.delete(key);
  }

  /** Takes note of a call that failed. Returns at once and never throws. */
  failed(subject: Subject, error: unknown): void {
    const reason = reasonOf(subject, error);
    if (reason === undefined || !(error instanceof StorageError)) return;
    if (PASSING.has(reason) && !this.#hasLasted(subject.key, reason)) return;
    this.#options.teller.tell(subject.about, { reason, message: withoutRemedy(error) });
  }

  #hasLasted(key: string, reason: EventReason): boolean {
    const now = this.#now();
    const before = this.#failing.get(key);
    const goesOn = before?.reason === reason && now - before.last < FORGET_MS;
    const since = goesOn ? before.since : now;
    this.#failing.delete(key);
    this.#failing.set(key, { reason, since, last: now });
    const [oldest] = this.#failing.keys();
    if (this.#failing.size > MAX_KNOWN && oldest !== undefined) this.#failing.delete(oldest);
    return now - since >= this.#options.lastingMs;
  }
}

function reasonOf({ makes }: Subject, error: unknown): EventReason | undefined {
  const refusal = refusalOf(error);
  if (makes !== undefined && isAbsence(error)) return 'SourceGone';
  return refusal === undefined ? undefined : REASONS[refusal];
}

/** What is being made cannot be absent: it is the source that is. */
function isAbsence(error: unknown): boolean {
  return error instanceof StorageError && error.kind === 'notFound';
}
