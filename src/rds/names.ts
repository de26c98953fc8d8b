import { ere, join, ros, type Script } from '../routeros/index.ts';

/**
 * Subvolume names carry everything that must not be lost: id, owner, source, size and time. RouterOS blanks `parent`
 * when a source is deleted, and subvolumes have no comment (docs/routeros.md, 5.2), so there is no other place.
 *
 *     pvc-<uuid>-<owner8>-<k><source uuid>-<requested bytes>     k = n new, s from a snapshot, v from a volume
 *     snap-<uuid>-<owner8>-<source uuid>-<unix seconds>-<bytes>  read-only
 *
 * The bytes are whole MiB, as those of every image are that is made here. So the name of a copy that a user makes, a whole
 * name with further digits behind it, is none of ours: no number of digits but zeros, or one of seven and more, leaves it whole.
 */

/** Bytes of which the sizes in names are a whole number. */
export const UNIT = 1n << 20n;

/** Where the bytes are, the last part of a name: all before it have their length. */
export const BYTES_AT = { pvc: 88n, snap: 99n } as const;

const ZERO_UUID = '00000000-0000-0000-0000-000000000000';
const UUID = '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})';
const BYTES = '(0|[1-9][0-9]{0,18})';
const VOLUME = new RegExp(`^pvc-${UUID}-([0-9a-f]{8})-([nsv])${UUID}-${BYTES}$`);
const SNAPSHOT = new RegExp(`^snap-${UUID}-([0-9a-f]{8})-${UUID}-([0-9]{10})-${BYTES}$`);

/** What a name begins with. */
export interface NamedObject {
  readonly kind: 'pvc' | 'snap';
  readonly uuid: string;
}

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
  const [, uuid, owner, letter, source, digits] = VOLUME.exec(text) ?? [];
  const requestedBytes = wholeBytes(digits);
  if (uuid === undefined || owner === undefined || source === undefined || requestedBytes === undefined) {
    return undefined;
  }
  if (letter === 'n') {
    return source === ZERO_UUID ? { uuid, owner, origin: { kind: 'new' }, requestedBytes } : undefined;
  }
  const kind = LETTER_ORIGIN[letter === 's' ? 's' : 'v'];
  return { uuid, owner, origin: { kind, uuid: source }, requestedBytes };
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
  const [, uuid, owner, sourceUuid, seconds, digits] = SNAPSHOT.exec(text) ?? [];
  const bytes = wholeBytes(digits);
  if (
    uuid === undefined ||
    owner === undefined ||
    sourceUuid === undefined ||
    seconds === undefined ||
    bytes === undefined
  ) {
    return undefined;
  }
  return { uuid, owner, sourceUuid, createdAtSeconds: BigInt(seconds), bytes };
}

function wholeBytes(digits: string | undefined): bigint | undefined {
  const bytes = BigInt(digits ?? 1);
  return bytes % UNIT === 0n ? bytes : undefined;
}

/** Kind and uuid in a name that is one of ours. */
export function parseName(text: string): NamedObject | undefined {
  const volume = parseVolumeName(text);
  if (volume !== undefined) return { kind: 'pvc', uuid: volume.uuid };
  const snapshot = parseSnapshotName(text);
  return snapshot && { kind: 'snap', uuid: snapshot.uuid };
}

/** Kind and uuid that a name, or a path to it or to the image in it, tells, whole or not. */
export function idIn(text: string): NamedObject | undefined {
  const [, kind, uuid] = new RegExp(`(?:^|/)(pvc|snap)-${UUID}-[^/]*(?:/volume\\.img)?$`).exec(text) ?? [];
  return uuid === undefined ? undefined : { kind: kind === 'pvc' ? 'pvc' : 'snap', uuid };
}

/** The `/disk` slot of a volume: at most 32 characters on RouterOS 7.24 (docs/routeros.md, 4.4). A snapshot has none: empty. */
export function slotOf({ kind, uuid }: NamedObject): string {
  return kind === 'pvc' ? `pvc-${uuid.replaceAll('-', '').slice(0, 28)}` : '';
}

/**
 * Expressions for RouterOS. They match whole names of ours and nothing that someone has called like one and more, such as
 * `<name>-before-upgrade`: every part but the last has its length. Intervals are known to every console that the start-up
 * accepts (`./probe.ts`).
 *
 * Those for whole names match the paths of what lies in the top level as well: in front of the name stands nothing there but
 * `<FS_ROOT>` or a slash, where a device shows such, and no slash is in it; a dot stands for a bracket, as that is longer when it is
 * quoted. They begin with what tells rows apart, so that a
 * console is done with most of them after a few characters.
 */

/**
 * The names that the subvolume of an object can have: behind the uuid stand owner and source, of a snapshot seconds, and bytes.
 * That those are whole is another question, {@link isDoubtful}.
 */
export function namesOf({ kind, uuid }: NamedObject): Script {
  return kind === 'pvc'
    ? ere`^(.FS_ROOT.)*/*pvc-${uuid}-[0-9a-f]{8}-[nsv][0-9a-f-]{36}-[0-9]+$`
    : ere`^(.FS_ROOT.)*/*snap-${uuid}-[0-9a-f]{8}-[0-9a-f-]{36}-[0-9]{10}-[0-9]+$`;
}

/**
 * Whether a name, one of those that {@link namesOf} matches, has no whole bytes, as ours have. Only 18 digits are looked at, since
 * more may be too many for a number of the device: a name of ours that has more is in doubt, and the driver looks itself.
 */
export function isDoubtful(name: Script, kind: NamedObject['kind']): Script {
  return ros`[:tonum [:pick ${name} ${BYTES_AT[kind]} ${BYTES_AT[kind] + 18n}]]%${UNIT}>0`;
}

/** This very name. */
export function exactly(name: string): Script {
  return ere`^(.FS_ROOT.)*/*${name}$`;
}

/** Names of volumes of these owners. */
export function volumeNames(owners: readonly string[]): Script {
  return ere`^(.FS_ROOT.)*/*pvc-[0-9a-f-]{36}-${owners}-[nsv][0-9a-f-]{36}-[0-9]+$`;
}

/** Names of snapshots of these owners, of one source if given. */
export function snapshotNames(owners: readonly string[], sourceUuid?: string): Script {
  return sourceUuid === undefined
    ? ere`^(.FS_ROOT.)*/*snap-[0-9a-f-]{36}-${owners}-[0-9a-f-]{36}-[0-9]{10}-[0-9]+$`
    : ere`^(.FS_ROOT.)*/*snap-[0-9a-f-]{36}-${owners}-${sourceUuid}-[0-9]{10}-[0-9]+$`;
}

/** What has the name of a snapshot of these owners in it, as a list of names has. */
export function snapshotMentions(owners: readonly string[]): Script {
  return ere`snap-.{36}-${owners}-`;
}

/** Names of volumes that were made empty. */
export const MADE_EMPTY: Script = ere`^pvc-.{36}-[0-9a-f]{8}-n`;

/**
 * The name of the object, or a path that leads into it, whoever of the owners has made it. A name with `<FS_ROOT>/` in front is
 * none, as no other expression for names would find its parts (U8).
 */
export function ownedBy({ kind, uuid }: NamedObject, owners: readonly string[]): Script {
  return kind === 'pvc' ? ere`(^|[^>]/)pvc-${uuid}-${owners}-` : ere`(^|[^>]/)snap-${uuid}-${owners}-`;
}

/** Paths that lead into any volume of these owners. */
export function volumePaths(owners: readonly string[]): Script {
  return ere`(^|/)pvc-.{36}-${owners}-`;
}

/** The uuid in a name of an object. */
export function uuidOf(name: Script, kind: NamedObject['kind']): Script {
  const begin = BigInt(`${kind}-`.length);
  return ros`[:pick ${name} ${begin} ${begin + 36n}]`;
}

/** The slot that belongs to the volume's name in a variable: `pvc-` and the first 28 hex digits of its uuid. */
export function slotOfName(name: Script): Script {
  const groups = [ros`4 12`, ros`13 17`, ros`18 22`, ros`23 27`, ros`28 36`];
  return ros`("pvc-".${join(
    groups.map((range) => ros`[:pick ${name} ${range}]`),
    ros`.`,
  )})`;
}

/** What the name of the volume with the slot in a variable begins with: `pvc-` and the first 28 hex digits of its uuid. */
export function nameOfSlot(slot: Script): Script {
  const groups = [ros`4 12`, ros`12 16`, ros`16 20`, ros`20 24`, ros`24 32`];
  return ros`("pvc-".${join(
    groups.map((range) => ros`[:pick ${slot} ${range}]`),
    ros`."-".`,
  )})`;
}
