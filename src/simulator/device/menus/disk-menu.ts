import type { Arguments } from '../../console/menu.ts';
import { sizeArgument, textArgument } from '../arguments.ts';
import type { Box } from '../box.ts';
import { failure, invalidValue, noSuchItem, notSimulated } from '../failures.ts';
import { type DiskRecord, pathKey } from '../records.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { addDisk, requireRoom } from './disk-add.ts';
import { DISK_FLAGS, DISK_PROPERTIES, diskRowReader } from './disk-rows.ts';
import { applySettings, checkExport } from './disk-settings.ts';

/** `/disk`: the drives of the pools and the items of `type=file` (docs/routeros.md, 4). */
export function diskMenu(box: Box): DeviceMenu {
  const change = (apply: (disk: DiskRecord) => DiskRecord) => async (ids: readonly string[]) => {
    for (const id of ids) await save(box, apply(fileDisk(box, id)));
    return undefined;
  };
  const readRows = diskRowReader(box);
  return defineMenu(box, {
    path: '/disk',
    kind: 'list',
    nameProperty: 'slot',
    flags: DISK_FLAGS,
    properties: DISK_PROPERTIES,
    columns: ['slot', 'model', 'size', 'free', 'use', 'fs', 'fs-label', 'comment'],
    rows: async () => readRows(),
    handlers: {
      add: (_ids, args) => addDisk(box, args),
      async set(ids, args) {
        for (const id of ids) await setDisk(box, id, args);
        return undefined;
      },
      comment: (ids, args) => change((disk) => applySettings(disk, args))(ids),
      enable: change((disk) => ({ ...disk, disabled: false })),
      disable: change((disk) => ({ ...disk, disabled: true })),
      unset: (ids, args) => change((disk) => unset(disk, args))(ids),
      async remove(ids) {
        // The item goes, its file stays (docs/routeros.md, 4.4).
        for (const id of ids) box.state.commit({ remove: 'disk', key: fileDisk(box, id).id });
        return undefined;
      },
    },
  });
}

async function setDisk(box: Box, id: string, args: Arguments): Promise<void> {
  const disk = fileDisk(box, id);
  for (const name of ['type', 'slot', 'file-path']) {
    if (args.has(name)) throw notSimulated(`/disk set ${name}=, whose effect on a live export is unknown`);
  }
  const changed = applySettings(disk, args);
  checkExport(box, changed);
  const length = sizeArgument(args, 'file-size');
  if (length !== undefined) await resize(box, changed, length);
  await save(box, changed);
}

async function resize(box: Box, disk: DiskRecord, length: number): Promise<void> {
  const image = box.imageOf(disk);
  if (image === undefined) throw failure('the file is not attached');
  if (box.subvolumeOf(image).readOnly) throw failure('Read-only file system');
  // Shrinking would cut data off; whether the device does it is unknown (U3).
  if (length < image.length && !box.manner.shrinks) throw invalidValue('file-size', 'smaller than the file');
  const { pool, fullname } = box.subvolumeOf(image);
  box.requireWritable(pool, true);
  requireRoom(box, pool, length - image.length);
  // Alone, so that a write that began earlier does not record the old length afterwards.
  await box.writes.exclusive(pathKey(pool, fullname), async () => {
    if (length < image.length) await box.store.truncate(image.pool, image.path, length);
    else await box.store.grow(image.pool, image.path, length);
    await box.refreshUsage(image, true);
  });
}

function unset(disk: DiskRecord, args: Arguments): DiskRecord {
  const property = textArgument(args, 'value-name');
  if (property === 'comment') return { ...disk, comment: '' };
  if (property === 'nvme-tcp-server-allow-host-name') return { ...disk, allowHostName: '' };
  throw notSimulated(`/disk unset value-name=${property ?? ''}`);
}

async function save(box: Box, disk: DiskRecord): Promise<void> {
  checkExport(box, disk);
  box.state.commit({ put: 'disk', key: disk.id, record: disk });
}

function fileDisk(box: Box, id: string): DiskRecord {
  const disk = box.state.table('disk').get(id);
  if (disk !== undefined) return disk;
  for (const pool of box.state.table('pool').values()) {
    if (pool.diskId === id) throw notSimulated(`changes of the drive ${pool.slot}`);
  }
  throw noSuchItem();
}
