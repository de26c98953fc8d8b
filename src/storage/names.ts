/**
 * Subvolume names carry everything that must not be lost: id, owner, source, size and time. RouterOS blanks `parent`
 * when a source is deleted, and subvolumes have no comment (docs/routeros.md, 5.2), so there is no other place.
 *
 *     pvc-<uuid>-<owner8>-<k><source uuid>-<requested bytes>     k = n new, s from a snapshot, v from a volume
 *     snap-<uuid>-<owner8>-<source uuid>-<unix seconds>-<bytes>  read-only
 */

const ZERO_UUID = '00000000-0000-0000-0000-000000000000';
const UUID = '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})';
const BYTES = '(0|[1-9][0-9]{0,18})';
const VOLUME = new RegExp(`^pvc-${UUID}-([0-9a-f]{8})-([nsv])${UUID}-${BYTES}$`);
const SNAPSHOT = new RegExp(`^snap-${UUID}-([0-9a-f]{8})-${UUID}-([0-9]{10})-${BYTES}$`);

/** Where the bytes of a volume came from. */
export type Origin = { readonly kind: 'new' } | { readonly kind: 'snapshot' | 'volume'; readonly uuid: string };

export interface VolumeName {
  readonly uuid: string;
  readonly owner: string;
  readonly origin: Origin;
  /** What the CreateVolume request asked for; 0 when it left the size to the source. */
  readonly requestedBytes: bigint;
}

export interface SnapshotName {
  readonly uuid: string;
  readonly owner: string;
  readonly sourceUuid: string;
  /** Unix seconds of the driver's clock when the snapshot was asked for. */
  readonly createdAtSeconds: bigint;
  /** A floor: the image in the snapshot may be larger, never smaller. */
  readonly bytes: bigint;
}

const ORIGIN_LETTER = { new: 'n', snapshot: 's', volume: 'v' } as const;
const LETTER_ORIGIN = { s: 'snapshot', v: 'volume' } as const;

export function printVolumeName(name: VolumeName): string {
  const source = name.origin.kind === 'new' ? ZERO_UUID : name.origin.uuid;
  return `pvc-${name.uuid}-${name.owner}-${ORIGIN_LETTER[name.origin.kind]}${source}-${name.requestedBytes}`;
}

/** @returns undefined for everything that {@link printVolumeName} does not print. */
export function parseVolumeName(text: string): VolumeName | undefined {
  const [, uuid, owner, letter, source, bytes] = VOLUME.exec(text) ?? [];
  if (uuid === undefined || owner === undefined || source === undefined || bytes === undefined) {
    return undefined;
  }
  if (letter === 'n') {
    return source === ZERO_UUID ? { uuid, owner, origin: { kind: 'new' }, requestedBytes: BigInt(bytes) } : undefined;
  }
  const kind = LETTER_ORIGIN[letter === 's' ? 's' : 'v'];
  return { uuid, owner, origin: { kind, uuid: source }, requestedBytes: BigInt(bytes) };
}

/** Everything of a snapshot's name but the bytes, which the device itself appends when it makes the snapshot. */
export function snapshotNamePrefix(name: Omit<SnapshotName, 'bytes'>): string {
  const seconds = name.createdAtSeconds.toString().padStart(10, '0');
  return `snap-${name.uuid}-${name.owner}-${name.sourceUuid}-${seconds}-`;
}

export function printSnapshotName(name: SnapshotName): string {
  return `${snapshotNamePrefix(name)}${name.bytes}`;
}

/** @returns undefined for everything that {@link printSnapshotName} does not print. */
export function parseSnapshotName(text: string): SnapshotName | undefined {
  const [, uuid, owner, sourceUuid, seconds, bytes] = SNAPSHOT.exec(text) ?? [];
  if (
    uuid === undefined ||
    owner === undefined ||
    sourceUuid === undefined ||
    seconds === undefined ||
    bytes === undefined
  ) {
    return undefined;
  }
  return { uuid, owner, sourceUuid, createdAtSeconds: BigInt(seconds), bytes: BigInt(bytes) };
}

/** The `/disk` slot of a volume: at most 32 characters on RouterOS 7.24 (docs/routeros.md, 4.4). */
export function slotOf(volumeUuid: string): string {
  return `pvc-${volumeUuid.replaceAll('-', '').slice(0, 28)}`;
}

/** What every subsystem NQN of a volume begins with, derivable from its handle alone. */
export function nqnOf(volumeUuid: string): string {
  return `nqn.2026-11.io.rose-csi:pvc-${volumeUuid}`;
}

/** The subsystem NQN of one publication of a volume: from export on to export off. */
export function publicationNqn(volumeNqn: string, token: string): string {
  return `${volumeNqn}-${token}`;
}

/** Whether a subsystem NQN is that of the publication, or of any publication of the volume, that is asked for. */
export function isNqnOf(asked: string, subsystem: string): boolean {
  return subsystem === asked || (subsystem.startsWith(asked) && /^-[0-9a-f]{8}$/.test(subsystem.slice(asked.length)));
}
