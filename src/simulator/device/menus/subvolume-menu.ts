import { DeviceFailure } from '../../console/menu.ts';
import { booleanArgument } from '../arguments.ts';
import type { Box } from '../box.ts';
import { failure, invalidValue, noSuchItem, notSimulated } from '../failures.ts';
import { parentPath, pathKey, type SubvolumeRecord } from '../records.ts';
import type { Change } from '../state.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { addSubvolume } from './subvolume-add.ts';
import { presentRows, SUBVOLUME_FLAGS, SUBVOLUME_PROPERTIES, subvolumeRowReader } from './subvolume-rows.ts';

/** `/disk/btrfs/subvolume` (docs/routeros.md, 5.2 and 5.3). */
export function subvolumeMenu(box: Box): DeviceMenu {
  const readRows = subvolumeRowReader(box);
  return defineMenu(box, {
    path: '/disk/btrfs/subvolume',
    kind: 'list',
    nameProperty: 'name',
    flags: SUBVOLUME_FLAGS,
    properties: SUBVOLUME_PROPERTIES,
    columns: ['fs', 'name', 'parent', 'top-level', 'creation-time'],
    rows: async () => presentRows(box, readRows()),
    handlers: {
      add: (_ids, args) => addSubvolume(box, args),
      async set(ids, args) {
        for (const name of args.keys()) {
          if (name !== 'read-only') throw notSimulated(`/disk/btrfs/subvolume set ${name}=`);
        }
        const readOnly = booleanArgument(args, 'read-only');
        if (readOnly === undefined) throw invalidValue('read-only');
        for (const id of ids) await setReadOnly(box, subvolumeById(box, id), readOnly);
        return undefined;
      },
      async remove(ids) {
        for (const id of ids) await remove(box, subvolumeById(box, id));
        return undefined;
      },
    },
  });
}

async function setReadOnly(box: Box, subvolume: SubvolumeRecord, readOnly: boolean): Promise<void> {
  const key = pathKey(subvolume.pool, subvolume.fullname);
  box.requireWritable(subvolume.pool, false);
  if (readOnly && isInUse(box, subvolume)) throw failure('Device or resource busy');
  if (subvolume.receiving === true) throw notSimulated('read-only= of what is being received');
  if (box.transfers.isSource(subvolume)) throw failure('Operation not permitted');
  await box.writes.exclusive(key, async () => {
    // A simulator killed in between sets it back at its next start.
    await box.store.setReadOnly(subvolume.pool, subvolume.fullname, readOnly);
    box.state.commit({ put: 'subvolume', key, record: { ...subvolume, readOnly } });
  });
}

/** Takes the plain files along. Refused with subvolumes inside (a rule of Btrfs) and, stricter (U9), while in use. */
async function remove(box: Box, subvolume: SubvolumeRecord): Promise<void> {
  const { pool, fullname } = subvolume;
  const obstacle = box.obstacle(pool, false);
  if (obstacle !== undefined) throw destroyFailed(obstacle);
  if (fullname === '') throw destroyFailed('Operation not permitted');
  const prefix = `${fullname}/`;
  for (const other of box.state.table('subvolume').values()) {
    if (other.pool === pool && other.fullname.startsWith(prefix)) throw destroyFailed('Directory not empty');
  }
  if (isInUse(box, subvolume) && !box.manner.removesUsed) throw destroyFailed('Device or resource busy');
  const container = box.subvolumeOf({ pool, path: parentPath(fullname) });
  if (container.readOnly) throw destroyFailed('Read-only file system');
  // Linux refuses what is being sent, and its parent; whether a device does is unknown (U38).
  if (box.transfers.isSource(subvolume) && box.manner.protectsSources) throw destroyFailed('Operation not permitted');
  await box.transfers.endReaders(subvolume);

  const key = pathKey(pool, fullname);
  const changes: Change[] = [{ remove: 'subvolume', key }];
  const paths: string[] = [];
  for (const [fileKey, file] of box.state.table('file')) {
    if (file.pool !== pool || !file.path.startsWith(prefix)) continue;
    changes.push({ remove: 'file', key: fileKey });
    paths.push(file.path);
  }
  await box.writes.exclusive(key, async () => {
    box.state.commit(...changes);
    const bytes = paths.reduce((sum, path) => sum + (box.usage.get(pool, path)?.allocated ?? 0), 0);
    const removalMs = Math.max(box.manner.removalMs, box.conditions.of(pool).removalMs);
    if (removalMs > 0) box.dying.add(subvolume, bytes, removalMs);
    for (const path of paths) box.usage.delete(pool, path);
    await box.store.remove(pool, fullname);
  });
}

/** Whether a `/disk` item uses a file of the subvolume; disabled items count. */
function isInUse(box: Box, subvolume: SubvolumeRecord): boolean {
  for (const disk of box.state.table('disk').values()) {
    const location = box.locate(disk.filePath);
    if (location?.pool === subvolume.pool && box.subvolumeOf(location).id === subvolume.id) return true;
  }
  return false;
}

function subvolumeById(box: Box, id: string): SubvolumeRecord {
  for (const subvolume of box.state.table('subvolume').values()) if (subvolume.id === id) return subvolume;
  throw noSuchItem();
}

function destroyFailed(reason: string): DeviceFailure {
  return new DeviceFailure(`BTRFS_IOC_SNAP_DESTROY failed: ${reason}`);
}
