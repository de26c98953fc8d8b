import { bytes, flag, integer, type JsonRow, text } from '../routeros/index.ts';
import { RdsError } from './errors.ts';
import { idIn, parseName, parseVolumeName, slotOf } from './names.ts';
import type { ExpectedPool } from './probe.ts';
import { type Publication, readRecord } from './record.ts';
import type { Pool } from './refs.ts';

export interface SubvolumeRow {
  readonly name: string;
  /** Label of the filesystem that it is in. */
  readonly fs: string;
  readonly subvolumeId: bigint;
  readonly uuid: string;
  readonly kind: SubvolumeKind;
  /** Uuid of the original where it was sent from; absent for what was made here. */
  readonly receivedUuid?: string;
  /** When it was received, in the words and the time zone of the RDS; absent where that was not read or is not shown. */
  readonly receivedAt?: string;
}

/**
 * What a subvolume with the name of an object is. `own`: made on this RDS. `copy`: came whole by `/disk/btrfs/transfer`.
 * `half-received`: a snapshot that is not read-only, as a transfer that was cut off leaves it, or a copy that was made writable.
 * `nested`: lies in another subvolume, where someone has put it, or is shown under another name than its path ends in (U8, U19). Only
 * the first one is ever
 * an object.
 */
type SubvolumeKind = 'own' | 'copy' | 'half-received' | 'nested';

export interface DiskRow {
  readonly slot: string;
  /** Bytes of the image; undefined while the device has not read it. */
  readonly size: bigint | undefined;
  readonly publications: readonly Publication[];
  /** Of the record of publications, which is another one in everything that is written; empty without a record. */
  readonly generation: string;
  readonly exported: boolean;
  readonly nqn: string;
  /** True when RouterOS itself would mount a filesystem that it finds in the image: never wanted. */
  readonly mountFilesystem: boolean;
}

/** What the device has of one id. */
export interface ObjectState {
  /** Its own with whole names, in one pool: the first is the object, see {@link objectOf}; then by ascending subvolume-id. */
  readonly subvolumes: readonly SubvolumeRow[];
  readonly disk: DiskRow | undefined;
  /** True when this very script took the snapshot. */
  readonly made: boolean;
}

/**
 * Which of several subvolumes of one id is the object, for all who ask (docs/decisions/0018): the one whose image the disk item
 * has; without that, in one filesystem, the one with the smallest subvolume-id, as a race may have made two, that is no longer
 * form of another. Undefined where nothing says so.
 */
export function objectOf<Row extends Pick<SubvolumeRow, 'name' | 'fs' | 'subvolumeId'>>(
  rows: readonly Row[],
  isAttached: (row: Row) => boolean,
): Row | undefined {
  const attached = rows.find(isAttached);
  if (attached !== undefined) return attached;
  const [first] = byId(rows.filter((row) => !rows.some((other) => isLonger(row, other))));
  return rows.every(({ fs }) => fs === first?.fs) ? first : undefined;
}

/** Whether a name is another one with further digits behind it, as users call their copies; with zeros it is whole, too. */
export function isLonger({ name }: Pick<SubvolumeRow, 'name'>, other: Pick<SubvolumeRow, 'name'>): boolean {
  return name !== other.name && name.startsWith(other.name);
}

function byId<Row extends Pick<SubvolumeRow, 'subvolumeId'>>(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => (a.subvolumeId < b.subvolumeId ? -1 : 1));
}

/** Subvolumes in whatever order they were printed that could be an object: made here, with whole names of ours. */
export function decodeSubvolumes(rows: readonly JsonRow[]): SubvolumeRow[] {
  const subvolumes = rows.filter(isSubvolume).map((row) => decodeSubvolume(row));
  return subvolumes.filter(({ kind, name }) => kind === 'own' && parseName(name) !== undefined);
}

/** Decodes the rows of one object in whatever order they were printed. */
export function decodeObject(rows: readonly JsonRow[]): ObjectState {
  const subvolumes = decodeSubvolumes(rows);
  const disk = rows.find((row) => !isSubvolume(row) && 'slot' in row);
  const path = text(disk ?? {}, 'file-path');
  const object = objectOf(subvolumes, ({ name }) => path.endsWith(`/${name}/volume.img`));
  const others = byId(subvolumes.filter((row) => row !== object));
  return {
    subvolumes: object === undefined ? others : [object, ...others],
    disk: disk && decodeDisk(disk),
    made: rows.some((row) => flag(row, 'made')),
  };
}

/**
 * As {@link decodeObject}, of a script that makes an object unless there is one.
 *
 * @throws RdsError RC-TWO when the script took for the object what has no whole name of ours.
 */
export function decodeMade(rows: readonly JsonRow[]): ObjectState {
  const state = decodeObject(rows);
  const other = rows
    .filter(isSubvolume)
    .map((row) => decodeSubvolume(row))
    .find(({ kind, name }) => kind === 'own' && idIn(name));
  if (state.subvolumes.length === 0 && other !== undefined) throw new RdsError('RC-TWO', other.name);
  return state;
}

export interface ListedObject {
  readonly subvolume: SubvolumeRow;
  readonly disk: DiskRow | undefined;
}

export interface ListedPage {
  readonly objects: readonly ListedObject[];
  readonly more: boolean;
  /** Of what could as well be an object of the id of one of them, and is not on the page. */
  readonly rivals: readonly Rival[];
}

export interface Rival {
  readonly uuid: string;
  /** Label of the filesystem that it is in. */
  readonly fs: string;
}

/** Decodes a page of subvolumes of a pool, and of the disk items of those that are volumes. */
export function decodePage(rows: readonly JsonRow[], { label: fs, receivesIn }: Pool): ListedPage {
  const items = rows.filter((row) => !isSubvolume(row) && 'slot' in row).map(decodeDisk);
  const disks = new Map(items.map((disk) => [disk.slot, disk]));
  const subvolumes = rows.filter(isSubvolume).map((row) => decodeSubvolume({ ...row, fs }, receivesIn));
  return {
    objects: subvolumes
      .toSorted((a, b) => (a.subvolumeId < b.subvolumeId ? -1 : 1))
      .map((subvolume) => ({ subvolume, disk: disks.get(slotOfSubvolume(subvolume)) })),
    more: rows.some((row) => flag(row, 'more')),
    rivals: rows.filter((row) => 'rival' in row).map((row) => ({ uuid: text(row, 'rival'), fs: text(row, 'fs') })),
  };
}

function slotOfSubvolume({ name }: SubvolumeRow): string {
  const volume = parseVolumeName(name);
  return volume === undefined ? '' : slotOf({ kind: 'pvc', uuid: volume.uuid });
}

/** A disk item whose subvolume is gone. */
export interface LostItem extends DiskRow {
  /** Name of the subvolume that its path leads into. */
  readonly subvolume: string;
  /** Label of the pool that its path is in; undefined when that is not configured. */
  readonly pool: string | undefined;
}

export interface LostItems {
  readonly items: readonly LostItem[];
  readonly more: boolean;
}

/** Decodes disk items that are printed without a subvolume. */
export function decodeLostItems(rows: readonly JsonRow[], pools: readonly ExpectedPool[]): LostItems {
  const items = rows.filter((row) => 'slot' in row);
  return {
    items: items.map((row) => ({ ...decodeDisk(row), ...placeOf(text(row, 'file-path'), pools) })),
    more: rows.some((row) => flag(row, 'more')),
  };
}

/** What the path of an image says: `<mount point>/<subvolume>/volume.img`, with or without a slash in front. */
function placeOf(path: string, pools: readonly ExpectedPool[]): Pick<LostItem, 'subvolume' | 'pool'> {
  const [, mountPoint = '', subvolume = ''] = /^\/?(.*)\/([^/]+)\/volume\.img$/.exec(path) ?? [];
  const pool = pools.find((candidate) => candidate.mountPoint.replace(/^\//, '') === mountPoint);
  return { subvolume, pool: pool?.label };
}

/** Space of a pool, in bytes. */
export interface PoolSpace {
  readonly size: bigint;
  readonly free: bigint;
  /** Sum of the sizes of all images in the pool; zero where it was not asked for. */
  readonly promised: bigint;
}

/** Counters of errors by name, of those that the RDS shows; undefined for one whose form is not known. */
export type ErrorCounters = ReadonlyMap<string, bigint | undefined>;

/** What the RDS shows of the health of a pool. What it does not show is unknown, and not well (U41, U42). */
export interface PoolHealthFacts {
  /** Whether a device of the filesystem is missing; undefined where it is not shown. */
  readonly isDeviceMissing: boolean | undefined;
  /** Of Btrfs, over all devices of the pool. */
  readonly errors: ErrorCounters;
  readonly disks: readonly DiskHealthFacts[];
}

/** A disk that holds a part of a pool. */
interface DiskHealthFacts {
  readonly slot: string;
  /** As it is shown; empty where it is not. */
  readonly criticalWarning: string;
  readonly errors: ErrorCounters;
}

/** What is in a pool, which the RDS has counted. */
export interface PoolContents extends Pick<PoolSpace, 'size' | 'free'> {
  readonly facts: PoolHealthFacts;
  /** Volumes of our owners, partial ones included. */
  readonly volumes: number;
  /** Snapshots of our owners. */
  readonly snapshots: number;
}

/** Decodes the space of pools, the counts of what is in each, and how its devices are. */
export function decodeContents(rows: readonly JsonRow[]): ReadonlyMap<string, PoolContents> {
  const pools = rows.filter((row) => 'fs-label' in row);
  return new Map(pools.map((row) => [text(row, 'fs-label'), contentsOf(row, rows)]));
}

function contentsOf(row: JsonRow, rows: readonly JsonRow[]): PoolContents {
  const { size, free } = decodeSpace(row);
  const [volumes, snapshots] = [integer(row, 'volumes'), integer(row, 'snapshots')];
  if (volumes === undefined || snapshots === undefined) {
    throw new RdsError('RDS-UNEXPECTED', `a pool whose contents are not counted: ${JSON.stringify(row)}`);
  }
  const ours = rows.filter((other) => text(other, 'of') === text(row, 'fs-label'));
  return { size, free, volumes: Number(volumes), snapshots: Number(snapshots), facts: healthFacts(ours) };
}

/** Counters of `/disk/btrfs/filesystem` (docs/routeros.md, 5.1). */
export const BTRFS_ERRORS = [
  'write-errors',
  'read-errors',
  'flush-errors',
  'corruption-errors',
  'generation-errors',
] as const;

/** Counters of a disk (docs/routeros.md, 4.1). */
export const DISK_ERRORS = ['io-errors', 'unrecovered-integrity-errors'] as const;

function healthFacts(rows: readonly JsonRow[]): PoolHealthFacts {
  const filesystem = rows.find((row) => !('slot' in row)) ?? {};
  return {
    isDeviceMissing: isMissing(text(filesystem, 'missing-devs')),
    errors: countersIn(filesystem, BTRFS_ERRORS),
    disks: rows
      .filter((row) => 'slot' in row)
      .map((row) => ({
        slot: text(row, 'slot'),
        criticalWarning: text(row, 'critical-warning'),
        errors: countersIn(row, DISK_ERRORS),
      })),
  };
}

/** A flag, or how many there are; undefined for nothing, and for a form that is not known (U41). */
function isMissing(shown: string): boolean | undefined {
  if (/^(?:true|yes|0*[1-9][0-9]*)$/.test(shown)) return true;
  return /^(?:false|no|0+)$/.test(shown) ? false : undefined;
}

/** Those that are shown; numbers for each device are added up (U41). */
function countersIn(row: JsonRow, names: readonly string[]): ErrorCounters {
  return new Map(
    names.flatMap((name): [string, bigint | undefined][] => {
      const shown = text(row, name);
      return shown === '' ? [] : [[name, sumOf(shown)]];
    }),
  );
}

/** Undefined unless all are numbers for certain. */
function sumOf(shown: string): bigint | undefined {
  const counts = shown.split(/[,;]\s*/).map((count) => integer({ count }, 'count'));
  const known = counts.filter((count) => count !== undefined);
  return known.length === counts.length ? known.reduce((sum, count) => sum + count, 0n) : undefined;
}

/** Decodes the space of one pool; what the device does not report counts as none. */
export function decodeSpace(row: JsonRow): PoolSpace {
  return { size: bytes(row, 'size') ?? 0n, free: bytes(row, 'free') ?? 0n, promised: bytes(row, 'promised') ?? 0n };
}

function isSubvolume(row: JsonRow): boolean {
  return 'subvolume-id' in row;
}

function decodeSubvolume(row: JsonRow, receivesIn?: string): SubvolumeRow {
  const subvolumeId = integer(row, 'subvolume-id');
  const name = text(row, 'name');
  if (subvolumeId === undefined || name === '') {
    throw new RdsError('RDS-UNEXPECTED', `a subvolume without name or id: ${JSON.stringify(row)}`);
  }
  const [receivedUuid, receivedAt] = [text(row, 'received-uuid'), text(row, 'recv-time')];
  return {
    name,
    fs: text(row, 'fs'),
    subvolumeId,
    uuid: text(row, 'uuid'),
    kind: kindOf(row, name, receivesIn),
    ...(isRealUuid(receivedUuid) && { receivedUuid }),
    ...(receivedAt !== '' && { receivedAt }),
  };
}

/** A device may show the empty uuid as zeros or as a dash (U28). */
function isRealUuid(uuid: string): boolean {
  return /[1-9a-f]/.test(uuid);
}

function kindOf(row: JsonRow, name: string, receivesIn = ''): SubvolumeKind {
  const path = text(row, 'fullname').replace(/^(<FS_ROOT>)*\/*/, '');
  const container = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const isAsShown = path === '' || path.slice(path.lastIndexOf('/') + 1) === name;
  if (!isAsShown || (container !== '' && container !== receivesIn)) return 'nested';
  if (name.startsWith('snap-') && 'read-only' in row && !flag(row, 'read-only')) return 'half-received';
  if (isRealUuid(text(row, 'received-uuid'))) return 'copy';
  // Where a pool receives, nothing is made: it may be what a transfer left.
  if (container !== '') return name.startsWith('snap-') ? 'half-received' : 'nested';
  return 'own';
}

function decodeDisk(row: JsonRow): DiskRow {
  return {
    slot: text(row, 'slot'),
    size: bytes(row, 'size'),
    ...readRecord(text(row, 'comment')),
    exported: flag(row, 'nvme-tcp-export'),
    nqn: text(row, 'nvme-tcp-server-nqn'),
    mountFilesystem: flag(row, 'mount-filesystem'),
  };
}
