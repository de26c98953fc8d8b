import type { SnapshotRef, VolumeRef } from '../rds/index.ts';
import { nqnOf } from './nqn.ts';

/** How the RDS finds a volume: everything follows from its uuid. */
export function volumeRef(uuid: string): VolumeRef {
  return { kind: 'pvc', uuid, nqn: nqnOf(uuid) };
}

/** How the RDS finds a snapshot. */
export function snapshotRef(uuid: string): SnapshotRef {
  return { kind: 'snap', uuid };
}
