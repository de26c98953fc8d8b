import type { Arguments, Row } from '../../console/menu.ts';
import { textArgument } from '../arguments.ts';
import type { Box, Location } from '../box.ts';
import { failure, invalidValue, noSuchItem, notSimulated } from '../failures.ts';
import { type FileRecord, leafName, parentPath, pathKey } from '../records.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { makeRow } from './rows.ts';

/** Longest `contents` that the device takes (docs/routeros.md, 7). */
const MAX_CONTENTS_BYTES = 60 * 1024;

/** `/file`: everything on the pools, their mount points and subvolumes included (docs/routeros.md, 7). */
export function fileMenu(box: Box): DeviceMenu {
  return defineMenu(box, {
    path: '/file',
    kind: 'list',
    nameProperty: 'name',
    properties: ['name', 'type', 'size', 'last-modified', 'contents'],
    columns: ['name', 'type', 'size', 'last-modified'],
    rows: async () => fileRows(box),
    handlers: {
      add: (_ids, args) => addFile(box, args),
      async remove(ids) {
        for (const id of ids) await removeFile(box, id);
        return undefined;
      },
    },
  });
}

function fileRows(box: Box): Row[] {
  const rows: Row[] = [];
  for (const pool of box.state.table('pool').values()) {
    if (!box.conditions.of(pool.label).mounted) continue;
    rows.push(makeRow(pool.fileId, { name: box.deviceName({ pool: pool.label, path: '' }), type: 'disk' }));
  }
  for (const { fileId, pool, fullname, created } of box.state.table('subvolume').values()) {
    if (fullname === '' || box.isAway(pool)) continue;
    const name = box.deviceName({ pool, path: fullname });
    rows.push(makeRow(fileId, { name, type: 'directory', 'last-modified': created }));
  }
  for (const file of box.state.table('file').values()) if (!box.isAway(file.pool)) rows.push(fileRow(box, file));
  return rows;
}

function fileRow(box: Box, file: FileRecord): Row {
  const usage = box.usage.get(file.pool, file.path);
  const isFile = file.kind === 'file' && usage !== undefined;
  return makeRow(file.id, {
    name: box.deviceName(file),
    type: file.kind === 'directory' ? 'directory' : fileType(file.path),
    size: isFile ? BigInt(usage.length) : undefined,
    'last-modified': file.created,
    contents: file.contents,
  });
}

/** `.img file` for `volume.img`, `file` without an extension. */
function fileType(path: string): string {
  const extension = /\.[A-Za-z0-9]+$/.exec(leafName(path));
  return extension === null ? 'file' : `${extension[0]} file`;
}

async function addFile(box: Box, args: Arguments): Promise<string> {
  const kind = textArgument(args, 'type') ?? 'file';
  if (kind !== 'file' && kind !== 'directory') throw invalidValue('type');
  const contents = textArgument(args, 'contents') ?? '';
  if (Buffer.byteLength(contents) > MAX_CONTENTS_BYTES || (kind === 'directory' && contents !== '')) {
    throw invalidValue('contents');
  }
  const location = newLocation(box, textArgument(args, 'name'));
  const { pool, path } = location;
  box.requireWritable(pool, true);
  if (Buffer.byteLength(contents) > box.freeBytes(pool)) throw failure('No space left on device');
  if (kind === 'directory') await box.store.createDirectory(pool, path);
  else await writeNewFile(box, location, contents);
  const record: FileRecord = {
    ...{ id: box.state.nextId('file'), pool, path, kind, created: box.timestamp() },
    ...(kind === 'file' ? { contents } : {}),
  };
  try {
    box.state.commit({ put: 'file', key: pathKey(pool, path), record });
  } catch (error) {
    box.usage.delete(pool, path);
    await box.store.remove(pool, path);
    throw error;
  }
  return record.id;
}

async function writeNewFile(box: Box, location: Location, contents: string): Promise<void> {
  const data = Buffer.from(contents);
  await box.store.createFile(location.pool, location.path, data.length);
  const file = await box.store.openFile(location.pool, location.path);
  try {
    if (data.length > 0) await file.write(0, data);
  } finally {
    await file.close();
  }
  await box.refreshUsage(location);
}

function newLocation(box: Box, name: string | undefined): Location {
  if (name === undefined || name === '') throw failure('name must be specified');
  const location = box.locate(name);
  if (location === undefined) throw invalidValue('name');
  if (box.exists(location)) throw failure('already have file with such name');
  const parent = { ...location, path: parentPath(location.path) };
  // Whether the device makes missing directories is unknown (docs/routeros.md, 7).
  if (!box.directoryExists(parent)) throw failure('no such directory');
  if (box.subvolumeOf(parent).readOnly) throw failure('Read-only file system');
  return location;
}

async function removeFile(box: Box, id: string): Promise<void> {
  const file = [...box.state.table('file').values()].find((candidate) => candidate.id === id);
  if (file === undefined)
    throw isOtherRow(box, id) ? notSimulated('/file/remove of a subvolume or disk') : noSuchItem();
  const { pool, path } = file;
  const key = pathKey(pool, path);
  box.requireWritable(pool, false);
  if (box.subvolumeOf(file).readOnly) throw failure('Read-only file system');
  if (box.diskAt(file) !== undefined) throw failure('file is in use');
  for (const table of ['file', 'subvolume'] as const) {
    for (const other of box.state.table(table).keys()) {
      if (other.startsWith(`${key}/`)) throw failure('directory not empty');
    }
  }
  // Alone: a write that began while the file was exported may still be under way.
  await box.writes.exclusive(pathKey(pool, box.subvolumeOf(file).fullname), async () => {
    box.state.commit({ remove: 'file', key });
    box.usage.delete(pool, path);
    await box.store.remove(pool, path);
  });
}

function isOtherRow(box: Box, id: string): boolean {
  const { state } = box;
  return [...state.table('subvolume').values(), ...state.table('pool').values()].some((item) => item.fileId === id);
}
