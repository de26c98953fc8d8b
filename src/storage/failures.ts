import type { FailureCode } from '../failures/catalogue.ts';
import { FAILURES } from '../failures/catalogue.ts';
import type { ErrorKind } from '../failures/failure.ts';
import { idIn, RdsError } from '../rds/index.ts';
import type { Call } from './call.ts';
import { StorageError } from './errors.ts';
import type { KeyedLock } from './keyed-lock.ts';

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

/** Any error as a StorageError about `object`. */
export function failure(error: unknown, object: string, call: Call): StorageError {
  if (error instanceof StorageError) {
    return error;
  }
  if (!(error instanceof RdsError)) {
    return new StorageError('DRV-DEFECT', object, '', { cause: error });
  }
  return new StorageError(error.code, object, error.detail, { cause: error, kind: kindOf(error, call) });
}

/** Failures that are about the source of what is made, which the RDS does not name. */
const OF_SOURCE: ReadonlySet<FailureCode> = new Set(['RC-NOSRC', 'RC-SMALL', 'RC-EMPTY', 'RC-NODISK']);

/** The error of a call that makes something of a source, whose id is put behind what the RDS said. */
export function namingSource(error: unknown, source: string | undefined): unknown {
  if (source === undefined || !(error instanceof RdsError) || !OF_SOURCE.has(error.code)) return error;
  return error.with(`${error.detail} ${source}`.trim());
}

/**
 * Whether the RDS refused because the slot is that of another volume: uuids that differ in the last four digits alone share one
 * (docs/routeros.md, 4.4). What is in the slot says nothing of this volume then, and is not its disk item.
 */
export function isAnothersSlot(error: unknown, uuid: string): error is RdsError {
  if (!(error instanceof RdsError) || (error.code !== 'RC-SLOT' && error.code !== 'RC-OWNER')) return false;
  const inSlot = idIn(error.detail);
  return inSlot !== undefined && inSlot.uuid !== uuid;
}

/** The code of a failed call; undefined for a defect. */
export function codeOf(error: unknown): FailureCode | undefined {
  return error instanceof StorageError ? error.code : undefined;
}

/** Kinds that keep the caller responsible. */
const OPEN: ReadonlySet<ErrorKind> = new Set(['busy', 'unavailable', 'cancelled', 'deadline', 'exhausted']);

/** While a script whose answer was lost may still be at work, nothing final is said: it could yet succeed. */
function kindOf({ code, mayStillRun }: RdsError, call: Call): ErrorKind {
  const { kind } = FAILURES[code];
  if (mayStillRun && !OPEN.has(kind)) {
    return 'unavailable';
  }
  return kind === 'cancelled' && hasExpired(call) ? 'deadline' : kind;
}

function hasExpired(call: Call): boolean {
  return call.deadline !== undefined && Date.now() >= call.deadline;
}
