import { RdsError, type RdsErrorCode, REFUSALS } from '../rds/index.ts';
import { type ErrorKind, StorageError } from './errors.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { Call } from './storage.ts';

/** What a failure on the box means to the caller, and what to do about it. */
interface Meaning {
  readonly kind: ErrorKind;
  readonly remedy: string;
}

/**
 * Transport trouble is `unavailable`, a busy object `busy`, and absence `notFound` only where an intact answer from the
 * right pool said so; the other kinds end a sidecar's retries.
 */
const MEANINGS: Readonly<Record<RdsErrorCode, Meaning>> = {
  'RC-POOL': { kind: 'unavailable', remedy: 'check on the box which filesystems are present and mounted' },
  'RC-TWO': {
    kind: 'precondition',
    remedy:
      'the driver touches neither; look at both on the box, then attach the image of the right one or remove the other (docs/guides/troubleshooting.md)',
  },
  'RC-ERE': { kind: 'unavailable', remedy: 'nothing is touched on such a box; please report this RouterOS version' },
  'RC-NAME': {
    kind: 'precondition',
    remedy: 'nothing can be made on such a box; rose-csi doctor --write shows what it does with names',
  },
  'RC-NOVOL': { kind: 'notFound', remedy: '' },
  'RC-NOSRC': { kind: 'notFound', remedy: '' },
  'RC-ELSEWHERE': { kind: 'invalid', remedy: 'use a StorageClass that names the pool of the source' },
  'RC-OWNER': { kind: 'precondition', remedy: 'if that cluster is gone, list its id under adoptedClusterIds' },
  'RC-SMALL': { kind: 'outOfRange', remedy: 'ask for at least the size of the source' },
  'RC-SPACE': { kind: 'exhausted', remedy: 'free space in the pool: delete snapshots or volumes, or add disks' },
  'RC-PROMISE': { kind: 'exhausted', remedy: 'delete volumes, add disks, or raise overCommitRatio of the backend' },
  'RC-QUOTA': { kind: 'exhausted', remedy: 'delete snapshots that are no longer needed' },
  'RC-SLOT': { kind: 'precondition', remedy: 'a person must look at the disk item on the box' },
  'RC-HALF': { kind: 'unavailable', remedy: 'it is tried again; if it stays so, look at the subvolume on the box' },
  'RC-EMPTY': { kind: 'precondition', remedy: 'the source holds no usable image; use another snapshot' },
  'RC-NODISK': { kind: 'precondition', remedy: 'start a pod that uses the source volume once, then try again' },
  'RC-SIZE': { kind: 'busy', remedy: 'it is tried again' },
  'RC-LAG': { kind: 'busy', remedy: 'it is tried again' },
  'RC-GROW': {
    kind: 'outOfRange',
    remedy: 'this RouterOS cannot grow a file-backed disk in place; ask for exactly the size of the source',
  },
  'RC-PUB': { kind: 'precondition', remedy: 'unpublish it first: delete the pods that use it' },
  'RC-NQN': {
    kind: 'precondition',
    remedy: 'set nvme-tcp-export=no on that disk item, and the next attempt exports it anew',
  },
  'RC-EXPORTED': {
    kind: 'precondition',
    remedy: 'make sure that no host uses it, then set nvme-tcp-export=no on its disk item',
  },
  'RC-MODE': { kind: 'alreadyExists', remedy: 'unpublish it first' },
  'RC-RACE': { kind: 'busy', remedy: 'it is tried again' },
  'RC-USED': { kind: 'precondition', remedy: 'remove that disk item on the box, it was not made by this driver' },
  'RC-LEFT': { kind: 'busy', remedy: 'it is tried again' },
  failed: { kind: 'unavailable', remedy: 'nothing is lost; it is tried again' },
  late: { kind: 'unavailable', remedy: 'nothing is lost; it is tried again. If it repeats, the box is overloaded' },
  waiting: { kind: 'busy', remedy: 'it is tried again' },
  unsupported: { kind: 'precondition', remedy: 'RouterOS 7.21 or newer with the package rose-storage is needed' },
  unreachable: { kind: 'unavailable', remedy: 'check the address, the SSH service and the network of the box' },
  // Whoever calls cannot mend it, and when it is mended the same call succeeds.
  unauthenticated: { kind: 'unavailable', remedy: 'mend that, and the next attempt succeeds without a restart' },
  unsent: {
    kind: 'unavailable',
    remedy: 'nothing is lost; it is tried again. If it repeats, the box is too slow for what is asked of it',
  },
  unknown: { kind: 'unavailable', remedy: 'the state is read again when it is tried again' },
  cancelled: { kind: 'cancelled', remedy: '' },
  unexpected: { kind: 'internal', remedy: 'please report it' },
};

/** Runs `work` as the only operation on `id` in this process; whatever fails becomes a StorageError that names `id`. */
export async function exclusively<T>(lock: KeyedLock, id: string, call: Call, work: () => Promise<T>): Promise<T> {
  return await lock.run(id, call, async () => {
    try {
      return await work();
    } catch (error) {
      throw failure(error, id, call);
    }
  });
}

/** Any error as a StorageError that says what failed on which object and what the user can do. */
export function failure(error: unknown, object: string, call: Call): StorageError {
  if (error instanceof StorageError) {
    return error;
  }
  if (!(error instanceof RdsError)) {
    return new StorageError('internal', `${object}: a defect of the driver; see its log`, { cause: error });
  }
  const { kind, remedy } = MEANINGS[error.code];
  const what = Object.hasOwn(REFUSALS, error.code)
    ? `${REFUSALS[error.code as keyof typeof REFUSALS]}${error.detail === '' ? '' : ` (${error.detail})`}`
    : `${TRANSPORT[error.code as keyof typeof TRANSPORT]}: ${error.detail}`;
  const message = `${object}: ${what}${remedy === '' ? '' : `; ${remedy}`}`;
  return new StorageError(kindFor(kind, error, call), message, { cause: error });
}

/** Why the box, or the way to it, failed a call; undefined when it was not that. */
export function refusalOf(error: unknown): RdsErrorCode | undefined {
  return error instanceof StorageError && error.cause instanceof RdsError ? error.cause.code : undefined;
}

/** The message of an error without what {@link failure} says the user can do. */
export function withoutRemedy(error: StorageError): string {
  const code = refusalOf(error);
  const end = code === undefined ? '' : `; ${MEANINGS[code].remedy}`;
  return end.length > 2 && error.message.endsWith(end) ? error.message.slice(0, -end.length) : error.message;
}

/** Kinds that keep the caller responsible. */
const OPEN: ReadonlySet<ErrorKind> = new Set(['busy', 'unavailable', 'cancelled', 'deadline', 'exhausted']);

/** While a script whose answer was lost may still be at work, nothing final is said: it could yet succeed. */
function kindFor(kind: ErrorKind, error: RdsError, call: Call): ErrorKind {
  if (error.mayStillRun && !OPEN.has(kind)) {
    return 'unavailable';
  }
  return kind === 'cancelled' && hasExpired(call) ? 'deadline' : kind;
}

const TRANSPORT: Readonly<Record<Exclude<RdsErrorCode, keyof typeof REFUSALS>, string>> = {
  failed: 'the box refused',
  late: 'the box was too slow',
  waiting: 'an earlier command got no answer and may still be at work on the box',
  unsupported: 'the box does not know a command of the driver',
  unreachable: 'the box cannot be reached',
  unauthenticated: 'the driver does not get to log in',
  unsent: 'the command was not sent',
  unknown: 'the box gave no intact answer, so the outcome is not known',
  cancelled: 'the caller gave up',
  unexpected: 'the box answered something unexpected',
};

function hasExpired(call: Call): boolean {
  return call.deadline !== undefined && Date.now() >= call.deadline;
}
