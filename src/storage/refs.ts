import type { SnapshotRef, VolumeRef } from '../rds/index.ts';
import { nqnOf, slotOf } from './names.ts';

/** How the box finds a volume: everything follows from its uuid. */
export function volumeRef(uuid: string): VolumeRef {
  return { prefix: `pvc-${uuid}-`, slot: slotOf(uuid), nqn: nqnOf(uuid) };
}

/** How the box finds a snapshot. */
export function snapshotRef(uuid: string): SnapshotRef {
  return { prefix: `snap-${uuid}-` };
}
