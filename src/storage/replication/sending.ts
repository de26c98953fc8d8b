import { sentenceOf } from '../../failures/message.ts';
import {
  discardHalfReceived,
  idIn,
  namesake,
  RdsError,
  type RdsErrorCode,
  readSnapshot,
  receiveIn,
  removeTransfer,
  startTransfer,
} from '../../rds/index.ts';
import type { Call } from '../call.ts';
import { snapshotRef } from '../ids.ts';
import type { Original, Received } from './decision.ts';
import type { ReplicaPair } from './pair.ts';

/**
 * What became of the wish to send a snapshot. `gone`: it or its parent is not there any more. `lacking`: the copy
 * of the parent is not. `busy`: another process has begun with another one. `refused`:
 * an RDS does not do it, and of `all` it would do none now.
 */
export type Begun =
  | { readonly is: 'begun' | 'busy' | 'lacking' }
  | { readonly is: 'gone'; readonly original: Original }
  | { readonly is: 'refused'; readonly why: string; readonly all: boolean };

/** Refusals of the RDS of the replica that are about the place, whatever is to be received. */
const NO_PLACE: ReadonlySet<RdsErrorCode> = new Set(['RC-NOPLACE', 'RC-SPACE']);

/** Begins a transfer. @throws RdsError when an RDS cannot be asked. */
export async function beginSending(
  pair: ReplicaPair,
  original: Original,
  parent: Original | undefined,
  call: Call,
): Promise<Begun> {
  const { from, pool, to, replica, target } = pair;
  const snapshot = snapshotRef(original.parsed);
  try {
    const what = { snapshot, parent: parent?.uuid };
    if (!(await to.rds.run((settings) => receiveIn(settings, replica, what), call))) return { is: 'lacking' };
  } catch (error) {
    if (!(error instanceof RdsError) || !NO_PLACE.has(error.code)) throw error;
    return { is: 'refused', why: sentenceOf(error.code, error.detail), all: true };
  }
  try {
    await from.rds.run((settings) => startTransfer(settings, pool, target, { snapshot, sent: original, parent }), call);
    return { is: 'begun' };
  } catch (error) {
    if (!(error instanceof RdsError) || error.mayStillRun) throw error;
    if (error.code === 'RC-SENDING') return { is: 'busy' };
    if (error.code !== 'RDS-REFUSED') throw error;
    return await reasonOf(error, pair, [original, ...(parent === undefined ? [] : [parent])], call);
  }
}

/** It is gone, or what lies in another subvolume has the name of what is sent or of its parent; else it is as the RDS says. */
async function reasonOf(
  { detail }: RdsError,
  { from }: ReplicaPair,
  sent: readonly Original[],
  call: Call,
): Promise<Begun> {
  for (const original of sent) {
    const { subvolumes } = await from.rds.run((settings) => readSnapshot(settings, snapshotRef(original.parsed)), call);
    if (!subvolumes.some(({ uuid }) => uuid === original.uuid)) return { is: 'gone', original };
  }
  for (const { parsed } of sent) {
    const nested = await from.rds.run(() => namesake(snapshotRef(parsed)), call);
    if (nested !== undefined) return { is: 'refused', why: sentenceOf('RC-NESTED', nested), all: false };
  }
  return { is: 'refused', why: detail, all: false };
}

/** Removes the rows of a transfer that is over. @throws RdsError */
export async function forgetTransfer({ from, pool, target }: ReplicaPair, name: string, call: Call): Promise<void> {
  const { uuid = '' } = idIn(name) ?? {};
  await from.rds.run((settings) => removeTransfer(settings, pool, target, snapshotRef({ uuid }), name), call);
}

/** @returns false where the RDS finds that it is no half, or in use, or does not remove it. @throws RdsError when it cannot be asked. */
export async function discardHalf({ to, replica }: ReplicaPair, half: Received, call: Call): Promise<boolean> {
  const snapshot = snapshotRef(half.parsed);
  try {
    return await to.rds.run((settings) => discardHalfReceived(settings, replica, snapshot, half), call);
  } catch (error) {
    const isRefusal = error instanceof RdsError && (error.code === 'RC-USED' || error.code === 'RDS-REFUSED');
    if (!isRefusal || error.mayStillRun) throw error;
    return false;
  }
}
