import type { Rds } from '../rds.ts';
import { leafName, type SubvolumeRecord } from '../records.ts';

/** What a subvolume is known by where it is received: a copy goes by the uuid of its original. */
export function uuidForReceivers({ receivedUuid, uuid }: SubvolumeRecord): string {
  return receivedUuid ?? uuid;
}

/** The read-only subvolume of a pool that has this uuid, or came with it: what an incremental stream is applied to. */
export function copyByUuid(rds: Rds, pool: string, uuid: string): SubvolumeRecord | undefined {
  return [...rds.state.table('subvolume').values()].find(
    (candidate) => candidate.pool === pool && candidate.readOnly && uuidForReceivers(candidate) === uuid,
  );
}

/** The only subvolume with this last part of its name in the filesystem; undefined when there is none, or are several. */
export function subvolumeByLeaf(rds: Rds, pool: string, name: string): SubvolumeRecord | undefined {
  const found = [...rds.state.table('subvolume').values()].filter(
    (subvolume) => subvolume.pool === pool && subvolume.fullname !== '' && leafName(subvolume.fullname) === name,
  );
  return found.length === 1 && !rds.isAway(pool) ? found[0] : undefined;
}
