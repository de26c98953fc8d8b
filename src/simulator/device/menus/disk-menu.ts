import type { Arguments } from '../../console/menu.ts';
import { sizeArgument, textArgument } from '../arguments.ts';
import { failure, invalidValue, noSuchItem, notSimulated } from '../failures.ts';
import type { Rds } from '../rds.ts';
import { type DiskRecord, pathKey } from '../records.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { addDisk, requireRoom } from './disk-add.ts';
import { DISK_FLAGS, DISK_PROPERTIES, diskRowReader } from './disk-rows.ts';
import { applySettings, checkExport } from './disk-settings.ts';

/** `/disk`: the drives of the pools and the items of `type=file` (docs/routeros.md, 4). */
export function diskMenu(rds: Rds): DeviceMenu {
  const change = (apply: (disk: DiskRecord) => DiskRecord) => async (ids: readonly string[]) => {
    for (const id of ids) await save(rds, apply(fileDisk(rds, id)));
    return undefined;
  };
  const readRows = diskRowReader(rds);
  return defineMenu(rds, {
    path: '/disk',
    kind: 'list',
    nameProperty: 'slot',
    flags: DISK_FLAGS,
    properties: DISK_PROPERTIES,
    columns: ['slot', 'model', 'size', 'free', 'use', 'fs', 'fs-label', 'comment'],
    rows: async () => readRows(),
    handlers: {
      add: (_ids, args) => addDisk(rds, args),
      async set(ids, args) {
        for (const id of ids) await setDisk(rds, id, args);
        return undefined;
      },
      comment: (ids, args) => change((disk) => applySettings(disk, args))(ids),
      enable: change((disk) => ({ ...disk, disabled: false })),
      disable: change((disk) => ({ ...disk, disabled: true })),
      unset: (ids, args) => change((disk) => unset(disk, args))(ids),
      async remove(ids) {
        // The item goes, its file stays (docs/routeros.md, 4.4).
        for (const id of ids) rds.state.commit({ remove: 'disk', key: fileDisk(rds, id).id });
        return undefined;
      },
    },
  });
}

async function setDisk(rds: Rds, id: string, args: Arguments): Promise<void> {
  const disk = fileDisk(rds, id);
  for (const name of ['type', 'slot', 'file-path']) {
    if (args.has(name)) throw notSimulated(`/disk set ${name}=, whose effect on a live export is unknown`);
  }
  const changed = applySettings(disk, args);
  checkExport(rds, changed);
  const length = sizeArgument(args, 'file-size');
  if (length !== undefined) await resize(rds, changed, length);
  await save(rds, changed);
}

async function resize(rds: Rds, disk: DiskRecord, length: number): Promise<void> {
  const image = rds.imageOf(disk);
  if (image === undefined) throw failure('the file is not attached');
  if (rds.subvolumeOf(image).readOnly) throw failure('Read-only file system');
  // Shrinking would cut data off; whether the device does it is unknown (U3).
  if (length < image.length && !rds.behavior.shrinks) throw invalidValue('file-size', 'smaller than the file');
  const { pool, fullname } = rds.subvolumeOf(image);
  rds.requireWritable(pool, true);
  requireRoom(rds, pool, length - image.length);
  // Alone, so that a write that began earlier does not record the old length afterwards.
  await rds.writes.exclusive(pathKey(pool, fullname), async () => {
    if (length < image.length) await rds.store.truncate(image.pool, image.path, length);
    else await rds.store.grow(image.pool, image.path, length);
    await rds.refreshUsage(image, true);
  });
}

function unset(disk: DiskRecord, args: Arguments): DiskRecord {
  const property = textArgument(args, 'value-name');
  if (property === 'comment') return { ...disk, comment: '' };
  if (property === 'nvme-tcp-server-allow-host-name') return { ...disk, allowHostName: '' };
  throw notSimulated(`/disk unset value-name=${property ?? ''}`);
}

async function save(rds: Rds, disk: DiskRecord): Promise<void> {
  checkExport(rds, disk);
  rds.state.commit({ put: 'disk', key: disk.id, record: disk });
}

function fileDisk(rds: Rds, id: string): DiskRecord {
  const disk = rds.state.table('disk').get(id);
  if (disk !== undefined) return disk;
  for (const pool of rds.state.table('pool').values()) {
    if (pool.diskId === id) throw notSimulated(`changes of the drive ${pool.slot}`);
  }
  throw noSuchItem();
}
