/** What a script needs to know of an object; the layer above makes these from handles and requests. */

export interface Pool {
  readonly label: string;
  readonly uuid: string;
}

/** A volume by id, wherever it is on the RDS. */
export interface VolumeRef {
  readonly kind: 'pvc';
  readonly uuid: string;
  /** What the NQN of each of its publications begins with. */
  readonly nqn: string;
}

/** A snapshot by id. */
export interface SnapshotRef {
  readonly kind: 'snap';
  readonly uuid: string;
  /** Its copy is meant that came from another RDS, and has this uuid of its own; absent for the snapshot that was made here. */
  readonly copy?: string;
}

export type ObjectRef = VolumeRef | SnapshotRef;
