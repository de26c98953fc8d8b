import type { Row } from '../../console/menu.ts';
import type { Value } from '../../console/value.ts';
import type { PoolOptions } from '../options.ts';
import type { Rds } from '../rds.ts';
import type { DiskRecord, PoolRecord } from '../records.ts';
import { makeRow } from './rows.ts';

/** Properties that rows may have beside those of {@link diskRow} and {@link poolRow} (docs/routeros.md, 4.1). */
const OTHER_PROPERTIES = [
  'about',
  'mount-point-template',
  'serial',
  'state',
  'total-inodes',
  'free-inodes',
  'interface',
  'critical-warning',
  'io-errors',
  'unrecovered-integrity-errors',
];

/** Flags of the menu under their long names, with their letters (docs/routeros.md, 4.1). */
export const DISK_FLAGS: Readonly<Record<string, string>> = {
  disabled: 'X',
  acquired: 'A',
  empty: 'E',
  'block-device': 'B',
  mounted: 'M',
  formatting: 'F',
  'swap-enabled': 'S',
  'raid-member-failed': 'f',
  'raid-member': 'r',
  encrypted: 'c',
  'guid-partition-table': 'g',
  partition: 'p',
  'nvme-tcp-export': 't',
  'iscsi-export': 'i',
  'smb-sharing': 's',
  'nfs-sharing': 'n',
  'media-sharing': 'm',
};

/** What every disk shows and no simulated one changes; keys as in a dump of a file disk (docs/routeros.md, 4.2). */
const COMMON: Readonly<Record<string, Value>> = {
  parent: '',
  acquired: false,
  empty: false,
  formatting: false,
  'swap-enabled': false,
  'raid-member-failed': false,
  'raid-member': false,
  encrypted: false,
  'guid-partition-table': false,
  partition: false,
  'iscsi-export': false,
  'smb-sharing': false,
  'nfs-sharing': false,
  'media-sharing': false,
  'media-interface': 'none',
  'raid-master': 'none',
  'self-encryption-supported': false,
  'self-encryption-enabled': false,
  'self-encrypted-and-locked': false,
  'sector-size': 512n,
  compress: false,
  swap: false,
};

/** The order in which hardware shows what it shows (docs/routeros.md, 4.2). */
const ORDER: readonly string[] = [
  'type',
  'slot',
  'slot-default',
  'parent',
  'comment',
  'fs',
  'fs-label',
  'fs-uuid',
  'model',
  'size',
  'free',
  'use',
  'mount-point',
  'mount-point-template',
  'mount-filesystem',
  'mount-read-only',
  'compress',
  'sector-size',
  'raid-master',
  'nvme-tcp-export',
  'nvme-tcp-server-port',
  'nvme-tcp-server-nqn',
  'nvme-tcp-server-allow-host-name',
  'iscsi-export',
  'nfs-sharing',
  'smb-sharing',
  'media-sharing',
  'media-interface',
  'swap',
  'file-path',
  'file-size',
  'file-offset',
];

function ordered(id: string, props: Readonly<Record<string, Value | undefined>>): Row {
  const first = ORDER.map((name) => [name, props[name]] as const);
  return makeRow(id, { ...Object.fromEntries(first), ...props });
}

/** Every property name of the menu. */
export const DISK_PROPERTIES: readonly string[] = [
  ...new Set([
    ...Object.keys(COMMON),
    ...Object.keys(DISK_FLAGS),
    ...OTHER_PROPERTIES,
    'type',
    'slot',
    'slot-default',
    'model',
    'comment',
    'size',
    'free',
    'use',
    'fs',
    'fs-label',
    'fs-uuid',
    'mount-point',
    'mount-filesystem',
    'mount-read-only',
    'file-path',
    'file-size',
    'file-offset',
    'nvme-tcp-server-port',
    'nvme-tcp-server-nqn',
    'nvme-tcp-server-allow-host-name',
  ]),
];

/** A reader of all rows of the menu: the disks that carry the pools, then the items of `type=file`. */
export function diskRowReader(rds: Rds): () => Row[] {
  const itemRows = itemRowReader(rds);
  return () => {
    const pools = rds.options.pools.flatMap((options) => {
      const pool = rds.state.table('pool').get(options.label);
      return pool === undefined ? [] : [poolRow(rds, pool, options)];
    });
    return [...pools, ...itemRows()];
  };
}

/** A reader that makes each item's row once: it changes only when its record or the length of its image does. */
function itemRowReader(rds: Rds): () => Row[] {
  let version = '';
  let made = new Map<DiskRecord, { readonly length: number | undefined; readonly row: Row }>();
  return () => {
    const now = `${rds.state.version('disk')} ${rds.usage.version} ${rds.conditions.version}`;
    if (version !== now) {
      const fresh: typeof made = new Map();
      for (const disk of rds.state.table('disk').values()) {
        const length = rds.imageOf(disk)?.length;
        const known = made.get(disk);
        fresh.set(
          disk,
          known !== undefined && known.length === length ? known : { length, row: diskRow(disk, length) },
        );
      }
      made = fresh;
      version = now;
    }
    return Array.from(made.values(), ({ row }) => row);
  };
}

function poolRow(rds: Rds, pool: PoolRecord, options: PoolOptions): Row {
  const { size, free: left } = rds.space(pool.label);
  const { mounted, swappedFor, criticalWarning, ioErrors } = rds.conditions.of(pool.label);
  // A filesystem that no one wrote to is empty.
  const free = swappedFor === null ? left : size;
  return ordered(pool.diskId, {
    type: 'hardware',
    slot: pool.slot,
    'slot-default': pool.slot,
    model: 'simulated NVMe drive',
    disabled: false,
    'block-device': true,
    mounted,
    fs: 'btrfs',
    'fs-label': pool.label,
    'fs-uuid': rds.uuidOf(pool),
    // Only what is mounted has a mount point and free space (docs/routeros.md, 8).
    'mount-point': mounted ? options.mountPoint : undefined,
    'mount-point-template': options.mountPoint,
    'mount-filesystem': true,
    'mount-read-only': false,
    'nvme-tcp-export': false,
    size: BigInt(size),
    free: mounted ? BigInt(free) : undefined,
    use: mounted ? BigInt(Math.round(((size - free) / size) * 100)) : undefined,
    // What a drive itself counts; a file disk has none of it.
    'critical-warning': BigInt(criticalWarning),
    'io-errors': BigInt(ioErrors),
    'unrecovered-integrity-errors': 0n,
    ...COMMON,
  });
}

/** @param length Bytes of the image; undefined while it is not attached. */
function diskRow(disk: DiskRecord, length: number | undefined): Row {
  const size = length === undefined ? undefined : BigInt(length);
  return ordered(disk.id, {
    type: 'file',
    slot: disk.slot,
    'slot-default': '',
    comment: disk.comment === '' ? undefined : disk.comment,
    disabled: disk.disabled,
    'block-device': length !== undefined,
    mounted: false,
    fs: '-',
    model: disk.filePath,
    size,
    // Not the free space of the pool: an unmounted file disk shows its own size here (docs/routeros.md, 4.2).
    free: size,
    'file-path': disk.filePath,
    'file-size': size,
    'file-offset': 0n,
    'mount-filesystem': disk.mountFilesystem,
    'mount-read-only': disk.mountReadOnly,
    'nvme-tcp-export': disk.exported,
    'nvme-tcp-server-port': disk.port === undefined ? undefined : BigInt(disk.port),
    'nvme-tcp-server-nqn': disk.nqn,
    'nvme-tcp-server-allow-host-name': disk.allowHostName,
    ...COMMON,
  });
}
