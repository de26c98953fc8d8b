/** What a script needs to know of an object; the layer above makes these from handles and requests. */

export interface Pool {
  readonly label: string;
  readonly uuid: string;
}

/** A volume by id: found by the beginning of its subvolume's name, wherever it is on the box. */
export interface VolumeRef {
  /** `pvc-<uuid>-`: what the name of its subvolume, and of no other, begins with. */
  readonly prefix: string;
  readonly slot: string;
  readonly nqn: string;
}

/** A snapshot by id: `snap-<uuid>-`. */
export interface SnapshotRef {
  readonly prefix: string;
}
