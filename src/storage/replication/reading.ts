import { type ListedObject, listTransfers, parseSnapshotName, type TransferRow } from '../../rds/index.ts';
import type { Call } from '../call.ts';
import { everySnapshot } from '../inventory.ts';
import type { Original, Received, View } from './decision.ts';
import type { ReplicaPair } from './pair.ts';
import type { Stillness } from './stillness.ts';

/**
 * Reads what there is on both sides of a pair. The order matters: what the replica has is read first and the transfers last, so
 * that a half which was seen on the replica, and which no transfer names, is of none that began in between.
 *
 * @throws RdsError when any list cannot be read: a list that failed is no empty one.
 */
export async function readPair(pair: ReplicaPair, still: Stillness, call: Call): Promise<View> {
  const received = await readReplica(pair, call);
  const originals = await readOriginals(pair, call);
  return { received, originals, transfers: still.judge(await readTransfers(pair, call)) };
}

/** What the replica pool has. Throws as {@link readPair}. */
export async function readReplica({ to, replica }: ReplicaPair, call: Call): Promise<Received[]> {
  return receivedIn(await everySnapshot(to.rds, { pool: replica, copies: true }, call));
}

/** The snapshots of the pool. Throws as {@link readPair}. */
export async function readOriginals({ from, pool }: ReplicaPair, call: Call): Promise<Original[]> {
  return originalsIn(await everySnapshot(from.rds, { pool, copies: true }, call));
}

/** The transfers of snapshots of the pool. Throws as {@link readPair}. */
export async function readTransfers({ from, pool, target }: ReplicaPair, call: Call): Promise<readonly TransferRow[]> {
  return await from.rds.run((settings) => listTransfers(settings, pool, target), call);
}

/** Of a pool's list with copies, what was made there. */
export function originalsIn(snapshots: readonly ListedObject[]): Original[] {
  return snapshots.flatMap(originalOf);
}

/** Of a replica pool's list with copies, what takes a name that a copy may have. */
export function receivedIn(snapshots: readonly ListedObject[]): Received[] {
  return snapshots.flatMap(receivedOf);
}

function originalOf({ subvolume }: ListedObject): Original[] {
  const parsed = parseSnapshotName(subvolume.name);
  const { name, fs, uuid, subvolumeId, kind } = subvolume;
  return kind === 'own' && parsed !== undefined ? [{ name, fs, uuid, subvolumeId, parsed }] : [];
}

function receivedOf({ subvolume }: ListedObject): Received[] {
  const parsed = parseSnapshotName(subvolume.name);
  // What lies in another subvolume takes no name in the top level.
  return parsed === undefined || subvolume.kind === 'nested' ? [] : [{ ...subvolume, parsed }];
}
