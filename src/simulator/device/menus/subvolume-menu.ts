import { DeviceFailure } from '../../console/menu.ts';
import { booleanArgument } from '../arguments.ts';
import { failure, invalidValue, noSuchItem, notSimulated } from '../failures.ts';
import type { Rds } from '../rds.ts';
import { parentPath, pathKey, type SubvolumeRecord } from '../records.ts';
import type { Change } from '../state.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { addSubvolume } from './subvolume-add.ts';
import { presentRows, SUBVOLUME_FLAGS, SUBVOLUME_PROPERTIES, subvolumeRowReader } from './subvolume-rows.ts';

/** `/disk/btrfs/subvolume` (docs/routeros.md, 5.2 and 5.3). */
export function subvolumeMenu(rds: Rds): DeviceMenu {
  const readRows = subvolumeRowReader(rds);
  return defineMenu(rds, {
    path: '/disk/btrfs/subvolume',
    kind: 'list',
    nameProperty: 'name',
    flags: SUBVOLUME_FLAGS,
    properties: SUBVOLUME_PROPERTIES,
    columns: ['fs', 'name', 'parent', 'top-level', 'creation-time'],
    rows: async () => presentRows(rds, readRows()),
    handlers: {
      add: (_ids, args) => addSubvolume(rds, args),
      async set(ids, args) {
        for (const name of args.keys()) {
          if (name !== 'read-only') throw notSimulated(`/disk/btrfs/subvolume set ${name}=`);
        }
        const readOnly = booleanArgument(args, 'read-only');
        if (readOnly === undefined) throw invalidValue('read-only');
        for (const id of ids) await setReadOnly(rds, subvolumeById(rds, id), readOnly);
        return undefined;
      },
      async remove(ids) {
        for (const id of ids) await remove(rds, subvolumeById(rds, id));
        return undefined;
      },
    },
  });
}

async function setReadOnly(rds: Rds, subvolume: SubvolumeRecord, readOnly: boolean): Promise<void> {
  const key = pathKey(subvolume.pool, subvolume.fullname);
  rds.requireWritable(subvolume.pool, false);
  if (readOnly && isInUse(rds, subvolume)) throw failure('Device or resource busy');
  if (subvolume.receiving === true) throw notSimulated('read-only= of what is being received');
  if (rds.transfers.isSource(subvolume)) throw failure('Operation not permitted');
  await rds.writes.exclusive(key, async () => {
    // A simulator killed in between sets it back at its next start.
    await rds.store.setReadOnly(subvolume.pool, subvolume.fullname, readOnly);
    rds.state.commit({ put: 'subvolume', key, record: { ...subvolume, readOnly } });
  });
}

/** Takes the plain files along. Refused with subvolumes inside (a rule of Btrfs) and, stricter (U9), while in use. */
async function remove(rds: Rds, subvolume: SubvolumeRecord): Promise<void> {
  const { pool, fullname } = subvolume;
  const obstacle = rds.obstacle(pool, false);
  if (obstacle !== undefined) throw destroyFailed(obstacle);
  if (fullname === '') throw destroyFailed('Operation not permitted');
  const prefix = `${fullname}/`;
  for (const other of rds.state.table('subvolume').values()) {
    if (other.pool === pool && other.fullname.startsWith(prefix)) throw destroyFailed('Directory not empty');
  }
  if (isInUse(rds, subvolume) && !rds.behavior.removesUsed) throw destroyFailed('Device or resource busy');
  const container = rds.subvolumeOf({ pool, path: parentPath(fullname) });
  if (container.readOnly) throw destroyFailed('Read-only file system');
  // Linux refuses what is being sent, and its parent; whether a device does is unknown (U38).
  if (rds.transfers.isSource(subvolume) && rds.behavior.protectsSources) throw destroyFailed('Operation not permitted');
  await rds.transfers.endReaders(subvolume);

  const key = pathKey(pool, fullname);
  const changes: Change[] = [{ remove: 'subvolume', key }];
  const paths: string[] = [];
  for (const [fileKey, file] of rds.state.table('file')) {
    if (file.pool !== pool || !file.path.startsWith(prefix)) continue;
    changes.push({ remove: 'file', key: fileKey });
    paths.push(file.path);
  }
  await rds.writes.exclusive(key, async () => {
    rds.state.commit(...changes);
    const bytes = paths.reduce((sum, path) => sum + (rds.usage.get(pool, path)?.allocated ?? 0), 0);
    const removalMs = Math.max(rds.behavior.removalMs, rds.conditions.of(pool).removalMs);
    if (removalMs > 0) rds.dying.add(subvolume, bytes, removalMs);
    for (const path of paths) rds.usage.delete(pool, path);
    await rds.store.remove(pool, fullname);
  });
}

/** Whether a `/disk` item uses a file of the subvolume; disabled items count. */
function isInUse(rds: Rds, subvolume: SubvolumeRecord): boolean {
  for (const disk of rds.state.table('disk').values()) {
    const location = rds.locate(disk.filePath);
    if (location?.pool === subvolume.pool && rds.subvolumeOf(location).id === subvolume.id) return true;
  }
  return false;
}

function subvolumeById(rds: Rds, id: string): SubvolumeRecord {
  for (const subvolume of rds.state.table('subvolume').values()) if (subvolume.id === id) return subvolume;
  throw noSuchItem();
}

function destroyFailed(reason: string): DeviceFailure {
  return new DeviceFailure(`BTRFS_IOC_SNAP_DESTROY failed: ${reason}`);
}
