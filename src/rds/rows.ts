import { bytes, flag, integer, type JsonRow, text } from '../routeros/index.ts';
import { RdsError } from './errors.ts';
import { parseVolumeName, slotOf } from './names.ts';
import type { ExpectedPool } from './probe.ts';
import { type Publication, readRecord } from './record.ts';

export interface SubvolumeRow {
  readonly name: string;
  /** Label of the filesystem that it is in. */
  readonly fs: string;
  readonly subvolumeId: bigint;
  readonly uuid: string;
  readonly kind: SubvolumeKind;
}

/**
 * What a subvolume with the name of an object is. `own`: made on this RDS. `copy`: came whole by `/disk/btrfs/transfer`.
 * `half-received`: a snapshot that is not read-only, as a transfer that was cut off leaves it. `nested`: lies in another
 * subvolume, where someone has put it, or is shown under another name than its path ends in (U8, U19). Only the first one is ever
 * an object.
 */
type SubvolumeKind = 'own' | 'copy' | 'half-received' | 'nested';

export interface DiskRow {
  readonly slot: string;
  /** Bytes of the image; undefined while the device has not read it. */
  readonly size: bigint | undefined;
  readonly publications: readonly Publication[];
  readonly exported: boolean;
  readonly nqn: string;
  /** True when RouterOS itself would mount a filesystem that it finds in the image: never wanted. */
  readonly mountFilesystem: boolean;
}

/** What the device has of one id: its own subvolumes by ascending subvolume-id, of which the first is the object. */
export interface ObjectState {
  readonly subvolumes: readonly SubvolumeRow[];
  readonly disk: DiskRow | undefined;
  /** True when this very script took the snapshot. */
  readonly made: boolean;
}

/** Decodes the rows of one object in whatever order they were printed. */
export function decodeObject(rows: readonly JsonRow[]): ObjectState {
  const subvolumes = rows
    .filter(isSubvolume)
    .map(decodeSubvolume)
    .filter(({ kind }) => kind === 'own');
  return {
    subvolumes: subvolumes.toSorted((a, b) => (a.subvolumeId < b.subvolumeId ? -1 : 1)),
    disk: rows.filter((row) => !isSubvolume(row) && 'slot' in row).map(decodeDisk)[0],
    made: rows.some((row) => flag(row, 'made')),
  };
}

export interface ListedObject {
  readonly subvolume: SubvolumeRow;
  readonly disk: DiskRow | undefined;
}

export interface ListedPage {
  readonly objects: readonly ListedObject[];
  readonly more: boolean;
}

/**
 * Decodes a page of subvolumes, and of the disk items of those that are volumes.
 *
 * @param fs Label of the filesystem that they are in.
 */
export function decodePage(rows: readonly JsonRow[], fs: string): ListedPage {
  const items = rows.filter((row) => !isSubvolume(row) && 'slot' in row).map(decodeDisk);
  const disks = new Map(items.map((disk) => [disk.slot, disk]));
  const subvolumes = rows.filter(isSubvolume).map((row) => decodeSubvolume({ ...row, fs }));
  return {
    objects: subvolumes
      .toSorted((a, b) => (a.subvolumeId < b.subvolumeId ? -1 : 1))
      .map((subvolume) => ({ subvolume, disk: disks.get(slotOfSubvolume(subvolume)) })),
    more: rows.some((row) => flag(row, 'more')),
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

/** Counters of errors by name; none where the RDS does not show them. */
export type ErrorCounters = ReadonlyMap<string, bigint>;

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
  const missing = text(filesystem, 'missing-devs');
  return {
    isDeviceMissing: missing === '' ? undefined : flag(filesystem, 'missing-devs'),
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

/** Those that are numbers for certain; one for each device is added up (U41). */
function countersIn(row: JsonRow, names: readonly string[]): ErrorCounters {
  return new Map(
    names.flatMap((name): [string, bigint][] => {
      const parts = text(row, name).split(/[,;]\s*/);
      const counts = parts.map((count) => integer({ count }, 'count'));
      const known = counts.filter((count) => count !== undefined);
      return known.length === parts.length ? [[name, known.reduce((sum, count) => sum + count, 0n)]] : [];
    }),
  );
}

/** Decodes the space of one pool; what the device does not report counts as none. */
export function decodeSpace(row: JsonRow): PoolSpace {
  return { size: bytes(row, 'size') ?? 0n, free: bytes(row, 'free') ?? 0n, promised: bytes(row, 'promised') ?? 0n };
}

function isSubvolume(row: JsonRow): boolean {
  return 'subvolume-id' in row;
}

function decodeSubvolume(row: JsonRow): SubvolumeRow {
  const subvolumeId = integer(row, 'subvolume-id');
  const name = text(row, 'name');
  if (subvolumeId === undefined || name === '') {
    throw new RdsError('RDS-UNEXPECTED', `a subvolume without name or id: ${JSON.stringify(row)}`);
  }
  return { name, fs: text(row, 'fs'), subvolumeId, uuid: text(row, 'uuid'), kind: kindOf(row, name) };
}

function kindOf(row: JsonRow, name: string): SubvolumeKind {
  const path = text(row, 'fullname');
  if (/[^>]\//.test(path) || (path !== '' && path.slice(path.lastIndexOf('/') + 1) !== name)) return 'nested';
  if (/[1-9a-f]/.test(text(row, 'received-uuid'))) return 'copy';
  return name.startsWith('snap-') && 'read-only' in row && !flag(row, 'read-only') ? 'half-received' : 'own';
}

function decodeDisk(row: JsonRow): DiskRow {
  return {
    slot: text(row, 'slot'),
    size: bytes(row, 'size'),
    publications: readRecord(text(row, 'comment')).publications,
    exported: flag(row, 'nvme-tcp-export'),
    nqn: text(row, 'nvme-tcp-server-nqn'),
    mountFilesystem: flag(row, 'mount-filesystem'),
  };
}
