/** What a script needs to know of an object; the layer above makes these from handles and requests. */

export interface Pool {
  readonly label: string;
  readonly uuid: string;
  /** Name of the subvolume in which it receives what other RDS send; undefined for the top level. */
  readonly receivesIn?: string | undefined;
}

/** A volume by id, wherever it is on the RDS. */
export interface VolumeRef {
  readonly kind: 'pvc';
  readonly uuid: string;
}

/** A snapshot by id. */
export interface SnapshotRef {
  readonly kind: 'snap';
  readonly uuid: string;
  /** Its copy is meant that came from another RDS, and has this uuid of its own; absent for the snapshot that was made here. */
  readonly copy?: string;
}

export type ObjectRef = VolumeRef | SnapshotRef;

declare const kind: unique symbol;

/** A text of one kind, for which no other text can be passed. Only the functions below make one. */
type Branded<Kind extends string> = string & { readonly [kind]: Kind };

/** A node as records name it: the uuid in its node id. A whole node id in its place would be found in no record. */
export type HostId = Branded<'host id'>;

/** What the NQN of each publication of a volume begins with. Nothing is ever exported under it. */
export type VolumeNqn = Branded<'volume NQN'>;

/** The subsystem NQN of one publication: the only one that a node connects to (docs/decisions/0016). */
export type PublicationNqn = Branded<'publication NQN'>;

/** Undefined for what can be no entry of a record. */
export function hostId(text: string): HostId | undefined {
  return /^[0-9a-f-]{36}$/.test(text) ? (text as HostId) : undefined;
}

/** What every volume's NQN begins with. Permanent. */
export const NQN_PREFIX = 'nqn.2026-11.io.rose-csi:pvc-';

/** Derivable from the id of the volume alone, as both sides of the storage network have to. */
export function nqnOf(volumeUuid: string): VolumeNqn {
  return `${NQN_PREFIX}${volumeUuid}` as VolumeNqn;
}

/** From export on to export off. */
export function publicationNqn(volume: VolumeNqn, token: string): PublicationNqn {
  return `${volume}-${token}` as PublicationNqn;
}

export function isPublicationNqn(volume: VolumeNqn, nqn: string): nqn is PublicationNqn {
  return nqn.startsWith(volume) && /^-[0-9a-f]{8}$/.test(nqn.slice(volume.length));
}
