import { randomUUID } from 'node:crypto';
import { type Arguments, DeviceFailure } from '../../console/menu.ts';
import { booleanArgument, textArgument } from '../arguments.ts';
import { failure, invalidValue, noMatch, notSimulated } from '../failures.ts';
import { hasCode } from '../plain-files.ts';
import { isCleanName, type Rds } from '../rds.ts';
import { parentPath, pathKey, type SubvolumeRecord } from '../records.ts';
import type { Change } from '../state.ts';
import { ROOT_NAME, subvolumeName } from './subvolume-rows.ts';

const FIRST_SUBVOLUME_ID = 256;
const SUPPORTED = ['fs', 'name', 'parent', 'read-only', 'mount'];

/**
 * `/disk/btrfs/subvolume add`: a new subvolume, or with `parent=` a snapshot of that one, which is a copy of its plain
 * files at this moment.
 */
export async function addSubvolume(rds: Rds, args: Arguments): Promise<string> {
  for (const name of args.keys()) {
    if (!SUPPORTED.includes(name)) throw notSimulated(`/disk/btrfs/subvolume add ${name}=`);
  }
  if (booleanArgument(args, 'mount') === true) throw notSimulated('/disk/btrfs/subvolume add mount=yes');
  const pool = textArgument(args, 'fs');
  if (pool === undefined) throw failure('fs must be specified');
  if (rds.pool(pool) === undefined) throw noMatch('fs');
  const source = findParent(rds, pool, textArgument(args, 'parent'));
  if (source?.receiving === true) throw notSimulated('a snapshot of what is being received');
  const fullname = checkedName(rds, pool, textArgument(args, 'name'));
  const failed = source === undefined ? 'BTRFS_IOC_SUBVOL_CREATE failed' : 'BTRFS_IOC_SNAP_CREATE failed';
  const obstacle = rds.obstacle(pool, true);
  if (obstacle !== undefined) throw new DeviceFailure(`${failed}: ${obstacle}`);
  if (rds.exists({ pool, path: fullname })) throw new DeviceFailure(`${failed}: File exists`);
  if (rds.subvolumeOf({ pool, path: parentPath(fullname) }).readOnly) {
    throw new DeviceFailure(`${failed}: Read-only file system`);
  }

  const subvolume = newSubvolume(rds, pool, fullname, source, booleanArgument(args, 'read-only') ?? false);
  const put: Change = { put: 'subvolume', key: pathKey(pool, fullname), record: subvolume };
  try {
    if (source === undefined) await createEmpty(rds, subvolume, put);
    else await createSnapshot(rds, source, subvolume, put);
  } catch (error) {
    throw hasCode(error, 'ENOSPC') ? new DeviceFailure(`${failed}: No space left on device`) : error;
  }
  return subvolume.id;
}

async function createEmpty(rds: Rds, { pool, fullname }: SubvolumeRecord, put: Change): Promise<void> {
  await rds.store.createSubvolume(pool, fullname);
  await commitOrUndo(rds, pool, fullname, [put]);
}

async function createSnapshot(
  rds: Rds,
  source: SubvolumeRecord,
  snapshot: SubvolumeRecord,
  put: Change,
): Promise<void> {
  const { pool, fullname } = snapshot;
  const prefix = source.fullname === '' ? '' : `${source.fullname}/`;
  const nested = [...rds.state.table('subvolume').values()]
    .filter((other) => other.pool === pool && other.fullname !== '' && other.fullname !== source.fullname)
    .map((other) => other.fullname)
    .filter((path) => path.startsWith(prefix));
  const files = [...rds.state.table('file').values()].filter(
    (file) => file.pool === pool && file.path.startsWith(prefix) && rds.subvolumeOf(file).id === source.id,
  );
  const needed = files.reduce((sum, file) => sum + (rds.usage.get(pool, file.path)?.allocated ?? 0), 0);
  const space = rds.space(pool);
  if (space.addsUp && needed > space.free) {
    throw new DeviceFailure('BTRFS_IOC_SNAP_CREATE failed: No space left on device');
  }
  const { readOnly } = snapshot;
  await rds.writes.exclusive(pathKey(pool, source.fullname), () =>
    rds.store.snapshotSubvolume(pool, source.fullname, fullname, { nested, readOnly }),
  );
  const copies = files.map((file) => ({
    ...file,
    id: rds.state.nextId('file'),
    path: `${fullname}/${file.path.slice(prefix.length)}`,
  }));
  const changes: Change[] = copies.map((record) => ({ put: 'file', key: pathKey(pool, record.path), record }));
  for (const copy of copies) if (copy.kind === 'file') await rds.refreshUsage(copy);
  await commitOrUndo(rds, pool, fullname, [put, ...changes]);
}

async function commitOrUndo(rds: Rds, pool: string, fullname: string, changes: readonly Change[]): Promise<void> {
  try {
    rds.state.commit(...changes);
  } catch (error) {
    for (const change of changes) {
      if ('put' in change && change.put === 'file') rds.usage.delete(pool, change.record.path);
    }
    await rds.store.remove(pool, fullname);
    throw error;
  }
}

/**
 * The record of a subvolume that is being made, with `source` as a snapshot of that one. A read-only snapshot of what was
 * received keeps the uuid that this came with, a writable one does not, as in Linux (docs/routeros.md, 6.1).
 */
export function newSubvolume(
  rds: Rds,
  pool: string,
  fullname: string,
  source: SubvolumeRecord | undefined,
  readOnly: boolean,
): SubvolumeRecord {
  return {
    id: rds.state.nextId('subvolume'),
    fileId: rds.state.nextId('file'),
    pool,
    fullname,
    subvolumeId: rds.state.next(`subvolume-id ${pool}`, FIRST_SUBVOLUME_ID),
    uuid: randomUUID(),
    sourceUuid: source?.uuid ?? '',
    ...(readOnly && source?.receivedUuid !== undefined ? { receivedUuid: source.receivedUuid } : {}),
    ...(readOnly && source?.receivedAt !== undefined ? { receivedAt: source.receivedAt } : {}),
    readOnly,
    created: rds.timestamp(),
    generation: rds.state.next(`generation ${pool}`),
  };
}

/** The source by its leaf name, which must be the only one of that name in the filesystem (U8). */
function findParent(rds: Rds, pool: string, name: string | undefined): SubvolumeRecord | undefined {
  if (name === undefined || name === '') return undefined;
  const found = [...rds.state.table('subvolume').values()].filter(
    (subvolume) => subvolume.pool === pool && subvolumeName(subvolume) === name && !rds.isAway(pool),
  );
  if (found.length !== 1) throw noMatch('parent');
  return found[0];
}

/** A leaf, or `container/leaf` with an existing subvolume as the container: deeper nesting is unknown ground (U8). */
function checkedName(rds: Rds, pool: string, name: string | undefined): string {
  if (name === undefined || name === '') throw failure('name must be specified');
  const components = name.split('/');
  const container = components.length === 2 ? components[0] : undefined;
  if (components.length > 2 || !components.every(isCleanName) || name === ROOT_NAME) throw invalidValue('name');
  if (container !== undefined && rds.subvolumeAt(pool, container) === undefined) {
    throw new DeviceFailure('BTRFS_IOC_SUBVOL_CREATE failed: No such file or directory');
  }
  return name;
}
