import type { Row } from '../../console/menu.ts';
import type { Rds } from '../rds.ts';
import { leafName, parentPath, type SubvolumeRecord } from '../records.ts';
import { makeRow } from './rows.ts';

/** Name of the row that stands for the root of a filesystem (docs/routeros.md, 5.2). */
export const ROOT_NAME = '<FS_ROOT>';

export const SUBVOLUME_FLAGS: Readonly<Record<string, string>> = {
  default: '*',
  snapshot: 'S',
  'read-only': 'r',
  dead: 'D',
  mounted: 'M',
};

/** Every property name of the menu; the last line are those that no simulated row has (docs/routeros.md, 5.2 and 6.1). */
export const SUBVOLUME_PROPERTIES: readonly string[] = [
  'fs',
  'name',
  'fullname',
  'top-level',
  'parent',
  'subvolume-id',
  'uuid',
  'received-uuid',
  'creation-time',
  'generation',
  'mount',
  'default',
  'snapshot',
  'read-only',
  'dead',
  'mounted',
  'send-time',
  'recv-time',
  'path',
  'mountpoint',
  'send-trans-id',
  'recv-trans-id',
  'snapshots',
  'about',
];

/** The leaf name of a subvolume. */
export function subvolumeName(subvolume: SubvolumeRecord): string {
  return subvolume.fullname === '' ? ROOT_NAME : leafName(subvolume.fullname);
}

/**
 * A reader of the rows that makes each row once: a row changes only when its record does or its source is removed.
 */
export function subvolumeRowReader(rds: Rds): () => Row[] {
  let version = -1;
  let rows: Row[] = [];
  let made = new Map<SubvolumeRecord, { readonly parent: string; readonly row: Row }>();
  return () => {
    const table = rds.state.table('subvolume');
    if (version === rds.state.version('subvolume')) return rows;
    const names = new Map<string, string>();
    for (const subvolume of table.values()) names.set(subvolume.uuid, subvolumeName(subvolume));
    const fresh: typeof made = new Map();
    for (const subvolume of table.values()) {
      // The parent reads as empty once the source is gone (docs/routeros.md, 5.2).
      const parent = names.get(subvolume.sourceUuid) ?? '';
      const known = made.get(subvolume);
      fresh.set(subvolume, known?.parent === parent ? known : { parent, row: subvolumeRow(subvolume, parent) });
    }
    made = fresh;
    rows = [...fresh.values()].map(({ row }) => row);
    version = rds.state.version('subvolume');
    return rows;
  };
}

/**
 * The rows as they are listed now: without those of pools that are not mounted, with the root of a filesystem that stands
 * in the place of a pool, and with the subvolumes that are being taken down.
 */
export function presentRows(rds: Rds, rows: readonly Row[]): readonly Row[] {
  const labels = rds.options.pools.map(({ label }) => label);
  const away = labels.filter((label) => rds.isAway(label));
  const dying = rds.dying.list().filter(({ pool }) => !away.includes(pool));
  if (away.length === 0 && dying.length === 0) return rows;
  const isAway = ({ props }: Row) => away.some((label) => props.get('fs') === label);
  const swapped = away.filter((label) => rds.conditions.of(label).mounted).flatMap((label) => standInRoot(rds, label));
  return [...rows.filter((row) => !isAway(row)), ...swapped, ...dying.map((subvolume) => deadRow(subvolume))];
}

/** The root of the filesystem that a pool was swapped for, with the id of the one that it hides. */
function standInRoot(rds: Rds, label: string): Row[] {
  const root = rds.subvolumeAt(label, '');
  const uuid = rds.conditions.of(label).swappedFor;
  return root === undefined || uuid === null ? [] : [subvolumeRow({ ...root, uuid }, '')];
}

function deadRow(subvolume: SubvolumeRecord): Row {
  const { id, props } = subvolumeRow(subvolume, '');
  return { id, props: new Map([...props, ['dead', true]]) };
}

function subvolumeRow(subvolume: SubvolumeRecord, parent: string): Row {
  const isRoot = subvolume.fullname === '';
  const container = parentPath(subvolume.fullname);
  return makeRow(subvolume.id, {
    fs: subvolume.pool,
    name: subvolumeName(subvolume),
    fullname: subvolume.fullname,
    'top-level': isRoot ? '' : container === '' ? ROOT_NAME : leafName(container),
    parent,
    'subvolume-id': BigInt(subvolume.subvolumeId),
    uuid: subvolume.uuid,
    'received-uuid': subvolume.receivedUuid,
    'recv-time': subvolume.receivedAt,
    'send-time': subvolume.sentAt,
    path: subvolume.receivedUuid === undefined ? undefined : subvolume.fullname,
    'creation-time': subvolume.created,
    generation: BigInt(subvolume.generation),
    mount: false,
    default: isRoot,
    snapshot: subvolume.sourceUuid !== '',
    'read-only': subvolume.readOnly,
    dead: false,
    mounted: false,
  });
}
