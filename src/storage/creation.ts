import { sentenceOf } from '../failures/message.ts';
import {
  attachVolume,
  type CreateVolume,
  createVolume,
  discardEmptySubvolume,
  discardLostItem,
  discardVolume,
  namesake,
  type ObjectRef,
  type ObjectState,
  parseVolumeName,
  poolSpace,
  type Rds,
  RdsError,
  type RdsErrorCode,
  readSizedDisk,
  readSnapshot,
  readVolume,
  type VolumeRef,
} from '../rds/index.ts';
import type { Backend } from './backend.ts';
import { type Call, callWithin } from './call.ts';
import { StorageError } from './errors.ts';
import { printHandle } from './ids.ts';

/** Making a volume until it is whole, or rolling back what was made of it. */

/** Milliseconds for rolling back a failed creation: its own patience, since the caller's may be used up. */
const CLEANUP_MS = 30_000;

/** How often a size is waited for, two seconds each time, before it is believed that there is no image. */
const UNSIZED_TIMES = 6;

/** Failures that leave open what the state on the RDS is, or that the next attempt gets past: it completes what is there. */
const UNDECIDED: ReadonlySet<RdsErrorCode> = new Set([
  'RDS-UNREACHABLE',
  'RDS-LOGIN',
  'RDS-UNSENT',
  'RDS-UNKNOWN',
  'RDS-CANCELLED',
  'RDS-UNEXPECTED',
  'RC-SIZE',
  'RC-LAG',
  'RDS-WAITING',
  'RDS-LATE',
]);

/** @throws RdsError unless the source is in none of the pools, each of them proven. */
async function proveAbsent({ rds }: Backend, { pool, source }: CreateVolume, call: Call): Promise<void> {
  if (source === undefined) return;
  // A copy was there a moment ago.
  if (source.kind === 'snap' && source.copy !== undefined) throw new RdsError('RC-RACE', `copy ${source.copy}`);
  const { subvolumes } = await rds.run(
    (settings) => (source.kind === 'snap' ? readSnapshot(settings, source) : readVolume(settings, source)),
    call,
  );
  const [found] = subvolumes;
  // It has come into being between the two looks, or was moved.
  if (found === undefined) return;
  throw new RdsError(found.fs === pool.label ? 'RC-RACE' : 'RC-ELSEWHERE', `${found.fs} ${found.name}`);
}

/** @throws RdsError RC-NESTED when the RDS refused because what lies in another subvolume has the name of the source. */
export async function proveAlone({ rds }: Backend, source: ObjectRef, cause: RdsError, call: Call): Promise<void> {
  const nested = await rds.run(() => namesake(source), call);
  if (nested !== undefined) throw new RdsError('RC-NESTED', nested, { cause, mayStillRun: cause.mayStillRun });
}

/**
 * Attaches the image of what an earlier call left of a volume without a disk item; where the RDS refuses, it is removed when
 * it holds nothing.
 *
 * @returns the refusal
 */
async function attachOrDiscard(backend: Backend, volume: VolumeRef, call: Call): Promise<RdsError | undefined> {
  try {
    await backend.rds.run((settings) => attachVolume(settings, volume), call);
    return undefined;
  } catch (error) {
    // Another process has removed it meanwhile, so there is nothing to complete: it is recreated.
    if (error instanceof RdsError && error.code === 'RC-NOVOL') return undefined;
    if (!(error instanceof RdsError) || error.code !== 'RDS-REFUSED') throw error;
    await discardPartial(backend, volume, call);
    return new RdsError('RC-HALF', error.detail, { cause: error, mayStillRun: error.mayStillRun });
  }
}

/**
 * Removes what is left of a volume, where the RDS proves that it holds nothing. What might hold something has its image attached
 * and gets the time that the RDS needs to show a size (U24).
 *
 * @returns what is there afterwards
 */
export async function discardPartial({ rds }: Backend, volume: VolumeRef, call: Call): Promise<ObjectState> {
  // While any pool is away, what is absent may be there.
  await rds.run((settings) => poolSpace(settings, undefined, false), call);
  const discard = async (): Promise<ObjectState> =>
    await rds.run((settings) => discardEmptySubvolume(settings, volume), call);
  await hasSize(rds, volume, call);
  let left = await discard();
  if (left.disk !== undefined && left.subvolumes.length > 0 && !(await hasSize(rds, volume, call)))
    left = await discard();
  if (left.disk === undefined || left.subvolumes.length > 0) return left;
  return await rds.run((settings) => discardLostItem(settings, volume), call);
}

/** Whether the disk item, if there is one, shows a size within the time that it is given: some twelve seconds. */
async function hasSize(rds: Rds, volume: VolumeRef, call: Call): Promise<boolean> {
  for (let again = UNSIZED_TIMES; again > 0; again -= 1) {
    try {
      await rds.run(() => readSizedDisk(volume), call);
      return true;
    } catch (error) {
      if (!(error instanceof RdsError) || error.code !== 'RC-SIZE') throw error;
    }
  }
  return false;
}

/**
 * Runs the script, and after an intact error answer rolls back what this very call made. A device command that failed
 * is retried first: another process may be a step ahead with the same volume, or have completed it. While a script
 * whose answer was lost may still be at work, nothing is removed, and the next attempt completes what it finds.
 */
export async function makeVolume(
  backend: Backend,
  wanted: CreateVolume,
  call: Call,
  before?: RdsError,
): Promise<ObjectState> {
  try {
    return await backend.rds.run((settings) => createVolume(settings, wanted), call);
  } catch (error) {
    if (!(error instanceof RdsError)) {
      throw error;
    }
    if (error.code === 'RC-NOSRC') await proveAbsent(backend, wanted, call);
    if (error.code === 'RDS-REFUSED' && !error.made && wanted.source !== undefined)
      await proveAlone(backend, wanted.source, error, call);
    if (!error.mayStillRun && before === undefined && (error.code === 'RDS-REFUSED' || error.code === 'RC-HALF')) {
      const partial = error.code === 'RC-HALF' ? await attachOrDiscard(backend, wanted.volume, call) : undefined;
      return await makeVolume(backend, wanted, call, partial ?? error);
    }
    const made = error.made || before?.made === true;
    if (error.code === 'RC-ELSEWHERE') {
      if (made) await rollBack(backend, wanted, made, error);
      throw elsewhere(backend, wanted, error);
    }
    if (before === undefined && !error.mayStillRun && meetsRest(error, wanted)) {
      if (made) await rollBack(backend, wanted, made, error);
      await discardPartial(backend, wanted.volume, call);
      return await makeVolume(backend, wanted, call, error);
    }
    if (made && isEmptyCopy(error, wanted)) {
      const empty = new RdsError('RC-EMPTY', '1', { cause: error, made, mayStillRun: error.mayStillRun });
      await rollBack(backend, wanted, made, empty);
      throw empty;
    }
    // What is smaller than it was asked to be was never handed out, whoever made it.
    if (made || error.code === 'RC-GROW') {
      await rollBack(backend, wanted, made, error);
    }
    throw before?.made || (before?.code === 'RC-HALF' && error.code === 'RC-HALF') ? before : error;
  }
}

/** Removes what was made and cannot be completed, unless the reason leaves open what the state is. */
async function rollBack(backend: Backend, wanted: CreateVolume, made: boolean, reason: RdsError): Promise<void> {
  if (reason.mayStillRun) {
    throw new RdsError('RDS-UNKNOWN', sentenceOf(reason.code, reason.detail), { cause: reason, mayStillRun: true });
  }
  if (!UNDECIDED.has(reason.code)) {
    await discard(backend, wanted, made, reason);
  }
}

/** @throws StorageError `unavailable` when something is left: the next attempt completes or removes it. */
async function discard(
  { rds }: Backend,
  { volume, pool, name, bytes }: CreateVolume,
  made: boolean,
  reason: RdsError,
): Promise<void> {
  const whole = reason.code === 'RC-EMPTY' ? BigInt(reason.detail) : bytes;
  let cause: unknown = reason;
  try {
    const limits = { bytes: whole, made };
    const left = await rds.run(
      (settings) => discardVolume(settings, volume, { label: pool.label, name }, limits),
      callWithin(CLEANUP_MS),
    );
    if (!left.subvolumes.some((subvolume) => subvolume.name === name)) {
      return;
    }
  } catch (error) {
    cause = new AggregateError([reason, error]);
  }
  throw new StorageError('DRV-LEFTOVER', name, '', { cause });
}

/**
 * What it means that something is in another pool than the one that was asked for: a source is out of reach there, and the volume
 * itself was made from another request, or is what is left of a copy of it. Either way its bytes are not those of a new volume.
 */
function elsewhere({ name: backend, rds }: Backend, { volume }: CreateVolume, error: RdsError): Error {
  const [label = '', name = ''] = error.detail.split(' ');
  if (rds.settings.pools.every((pool) => pool.label !== label))
    return new RdsError('RC-POOL', `${label} is not configured`, { cause: error });
  if (parseVolumeName(name)?.uuid !== volume.uuid) return error;
  const id = printHandle({ kind: 'pvc', backend, uuid: volume.uuid });
  return new StorageError('DRV-EXISTS', id, `there is one in pool ${label}`, { cause: error });
}

/** Whether a copy that this very call made shows zero bytes and goes on to do so: what it was made from holds no image. */
function isEmptyCopy({ code, detail }: RdsError, { source }: CreateVolume): boolean {
  return source !== undefined && code === 'RC-SIZE' && detail === '0';
}

/**
 * Whether the disk item may be no more than a rest: that of a new volume shows no size, as one that was attached before there
 * was an image; or it is of another volume of the id, which a call attached when that was being deleted.
 */
function meetsRest({ code, detail }: RdsError, { source }: CreateVolume): boolean {
  return code === 'RC-SLOT' || (code === 'RC-SIZE' && detail === '' && source === undefined);
}
