import type { Arguments, Row } from '../../console/menu.ts';
import { textArgument } from '../arguments.ts';
import { failure, invalidValue, noSuchItem, notSimulated } from '../failures.ts';
import type { Location, Rds } from '../rds.ts';
import { type FileRecord, leafName, parentPath, pathKey } from '../records.ts';
import { type DeviceMenu, defineMenu } from './define-menu.ts';
import { makeRow } from './rows.ts';

/** Longest `contents` that the device takes (docs/routeros.md, 7). */
const MAX_CONTENTS_BYTES = 60 * 1024;

/** `/file`: everything on the pools, their mount points and subvolumes included (docs/routeros.md, 7). */
export function fileMenu(rds: Rds): DeviceMenu {
  return defineMenu(rds, {
    path: '/file',
    kind: 'list',
    nameProperty: 'name',
    properties: ['name', 'type', 'size', 'last-modified', 'contents'],
    columns: ['name', 'type', 'size', 'last-modified'],
    rows: async () => fileRows(rds),
    handlers: {
      add: (_ids, args) => addFile(rds, args),
      async remove(ids) {
        for (const id of ids) await removeFile(rds, id);
        return undefined;
      },
    },
  });
}

function fileRows(rds: Rds): Row[] {
  const rows: Row[] = [];
  for (const pool of rds.state.table('pool').values()) {
    if (!rds.conditions.of(pool.label).mounted) continue;
    rows.push(makeRow(pool.fileId, { name: rds.deviceName({ pool: pool.label, path: '' }), type: 'disk' }));
  }
  for (const { fileId, pool, fullname, created } of rds.state.table('subvolume').values()) {
    if (fullname === '' || rds.isAway(pool)) continue;
    const name = rds.deviceName({ pool, path: fullname });
    rows.push(makeRow(fileId, { name, type: 'directory', 'last-modified': created }));
  }
  for (const file of rds.state.table('file').values()) if (!rds.isAway(file.pool)) rows.push(fileRow(rds, file));
  return rows;
}

function fileRow(rds: Rds, file: FileRecord): Row {
  const usage = rds.usage.get(file.pool, file.path);
  const isFile = file.kind === 'file' && usage !== undefined;
  return makeRow(file.id, {
    name: rds.deviceName(file),
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

async function addFile(rds: Rds, args: Arguments): Promise<string> {
  const kind = textArgument(args, 'type') ?? 'file';
  if (kind !== 'file' && kind !== 'directory') throw invalidValue('type');
  const contents = textArgument(args, 'contents') ?? '';
  if (Buffer.byteLength(contents) > MAX_CONTENTS_BYTES || (kind === 'directory' && contents !== '')) {
    throw invalidValue('contents');
  }
  const location = newLocation(rds, textArgument(args, 'name'));
  const { pool, path } = location;
  rds.requireWritable(pool, true);
  if (Buffer.byteLength(contents) > rds.freeBytes(pool)) throw failure('No space left on device');
  if (kind === 'directory') await rds.store.createDirectory(pool, path);
  else await writeNewFile(rds, location, contents);
  const record: FileRecord = {
    id: rds.state.nextId('file'),
    pool,
    path,
    kind,
    created: rds.timestamp(),
    ...(kind === 'file' ? { contents } : {}),
  };
  try {
    rds.state.commit({ put: 'file', key: pathKey(pool, path), record });
  } catch (error) {
    rds.usage.delete(pool, path);
    await rds.store.remove(pool, path);
    throw error;
  }
  return record.id;
}

async function writeNewFile(rds: Rds, location: Location, contents: string): Promise<void> {
  const data = Buffer.from(contents);
  await rds.store.createFile(location.pool, location.path, data.length);
  const file = await rds.store.openFile(location.pool, location.path);
  try {
    if (data.length > 0) await file.write(0, data);
  } finally {
    await file.close();
  }
  await rds.refreshUsage(location);
}

function newLocation(rds: Rds, name: string | undefined): Location {
  if (name === undefined || name === '') throw failure('name must be specified');
  const location = rds.locate(name);
  if (location === undefined) throw invalidValue('name');
  if (rds.exists(location)) throw failure('already have file with such name');
  const parent = { ...location, path: parentPath(location.path) };
  // Whether the device makes missing directories is unknown (docs/routeros.md, 7).
  if (!rds.directoryExists(parent)) throw failure('no such directory');
  if (rds.subvolumeOf(parent).readOnly) throw failure('Read-only file system');
  return location;
}

async function removeFile(rds: Rds, id: string): Promise<void> {
  const file = [...rds.state.table('file').values()].find((candidate) => candidate.id === id);
  if (file === undefined)
    throw isOtherRow(rds, id) ? notSimulated('/file/remove of a subvolume or disk') : noSuchItem();
  const { pool, path } = file;
  const key = pathKey(pool, path);
  rds.requireWritable(pool, false);
  if (rds.subvolumeOf(file).readOnly) throw failure('Read-only file system');
  if (rds.diskAt(file) !== undefined) throw failure('file is in use');
  for (const table of ['file', 'subvolume'] as const) {
    for (const other of rds.state.table(table).keys()) {
      if (other.startsWith(`${key}/`)) throw failure('directory not empty');
    }
  }
  // Alone: a write that began while the file was exported may still be under way.
  await rds.writes.exclusive(pathKey(pool, rds.subvolumeOf(file).fullname), async () => {
    rds.state.commit({ remove: 'file', key });
    rds.usage.delete(pool, path);
    await rds.store.remove(pool, path);
  });
}

function isOtherRow(rds: Rds, id: string): boolean {
  const { state } = rds;
  return [...state.table('subvolume').values(), ...state.table('pool').values()].some((item) => item.fileId === id);
}
