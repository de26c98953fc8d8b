import {
  type ListedObject,
  listTransfers,
  parseSnapshotName,
  readReceived,
  type SubvolumeRow,
  type TransferRow,
} from '../../rds/index.ts';
import type { Call } from '../call.ts';
import { snapshotRef } from '../ids.ts';
import { everySnapshot } from '../inventory.ts';
import type { Original, Received } from './decision.ts';
import type { ReplicaPair } from './pair.ts';

/** What the replica pool has. @throws RdsError when it cannot be read: a list that failed is no empty one. */
export async function readReplica({ to, replica }: ReplicaPair, call: Call): Promise<Received[]> {
  return receivedIn(await everySnapshot(to.rds, { pool: replica, copies: true }, call));
}

/** What the replica pool has under the ids of these snapshots. Throws as {@link readReplica}. */
export async function readReceivedOf(
  { to, replica }: ReplicaPair,
  uuids: readonly string[],
  call: Call,
): Promise<Received[]> {
  const rows: SubvolumeRow[] = [];
  for (const uuid of uuids) rows.push(...(await to.rds.run(() => readReceived(replica, snapshotRef({ uuid })), call)));
  return rows.flatMap(receivedOf).filter(({ parsed }) => to.rds.settings.owners.includes(parsed.owner));
}

/** The snapshots of the pool. Throws as {@link readReplica}. */
export async function readOriginals({ from, pool }: ReplicaPair, call: Call): Promise<Original[]> {
  return originalsIn(await everySnapshot(from.rds, { pool, copies: true }, call));
}

/** The transfers of snapshots of the pool. Throws as {@link readReplica}. */
export async function readTransfers({ from, pool, target }: ReplicaPair, call: Call): Promise<readonly TransferRow[]> {
  return await from.rds.run((settings) => listTransfers(settings, pool, target), call);
}

/** Of a pool's list with copies, what was made there. */
export function originalsIn(snapshots: readonly ListedObject[]): Original[] {
  return snapshots.flatMap(originalOf);
}

/** Of a replica pool's list with copies, what takes a name that a copy may have. */
export function receivedIn(snapshots: readonly ListedObject[]): Received[] {
  return snapshots.flatMap(({ subvolume }) => receivedOf(subvolume));
}

function originalOf({ subvolume }: ListedObject): Original[] {
  const parsed = parseSnapshotName(subvolume.name);
  const { name, fs, uuid, subvolumeId, kind } = subvolume;
  return kind === 'own' && parsed !== undefined ? [{ name, fs, uuid, subvolumeId, parsed }] : [];
}

function receivedOf(subvolume: SubvolumeRow): Received[] {
  const parsed = parseSnapshotName(subvolume.name);
  // What lies in another subvolume takes no name in the top level.
  return parsed === undefined || subvolume.kind === 'nested' ? [] : [{ ...subvolume, parsed }];
}
