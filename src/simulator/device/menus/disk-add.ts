import type { Arguments } from '../../console/menu.ts';
import { sizeArgument, textArgument } from '../arguments.ts';
import { failure, invalidValue, noMatch, notSimulated } from '../failures.ts';
import type { Location, Rds } from '../rds.ts';
import { type DiskRecord, leafName, parentPath, pathKey } from '../records.ts';
import type { Change } from '../state.ts';
import { applySettings, checkExport } from './disk-settings.ts';

/** What a disk can be (docs/routeros.md, 4.1). */
const TYPES: readonly string[] = [
  'crypted',
  'file',
  'hardware',
  'iscsi',
  'nfs',
  'nvme-tcp',
  'partition',
  'raid',
  'ramdisk',
  'smb',
  'sshfs',
  'tmpfs',
];

/**
 * `/disk add type=file`: makes an item for a file, which is attached when it exists and made when it does not. An
 * explicit `file-size` for an existing file is refused unless the {@link Rds.behavior} is another, because what the device
 * would do to the data is unknown (U4).
 */
export async function addDisk(rds: Rds, args: Arguments): Promise<string> {
  const type = textArgument(args, 'type');
  if (type === undefined) throw failure('type must be specified');
  if (!TYPES.includes(type)) throw noMatch('type');
  if (type !== 'file') throw notSimulated(`/disk add type=${type}`);
  const filePath = textArgument(args, 'file-path');
  if (filePath === undefined || filePath === '') throw failure('file-path must be specified');
  const source = copySource(rds, args);
  const slot = checkedSlot(rds, textArgument(args, 'slot') ?? defaultSlot(filePath));
  const location = checkedLocation(rds, filePath);

  const disk = applySettings({ ...(source ?? DEFAULTS), id: rds.state.nextId('disk'), slot, filePath }, args);
  checkExport(rds, disk);
  const file = await provideFile(rds, location, requestedLength(rds, args, source));
  try {
    rds.state.commit({ put: 'disk', key: disk.id, record: disk }, ...file);
  } catch (error) {
    if (file.length > 0) await forgetFile(rds, location);
    throw error;
  }
  return disk.id;
}

/** `mount-filesystem` is on unless it is switched off, which is a trap of the device (docs/routeros.md, 4.1). */
const DEFAULTS: Omit<DiskRecord, 'id' | 'slot' | 'filePath'> = {
  comment: '',
  disabled: false,
  mountFilesystem: true,
  mountReadOnly: false,
  exported: false,
};

/** Makes the file when it is absent. Returns the change that records it, nothing when it was there. */
async function provideFile(rds: Rds, location: Location, length: number | undefined): Promise<Change[]> {
  const { pool, path } = location;
  if (rds.exists(location)) {
    if (length !== undefined) await resizeExisting(rds, location, length);
    return [];
  }
  rds.requireWritable(pool, true);
  requireRoom(rds, pool, length ?? 0);
  await rds.store.createFile(pool, path, length ?? 0);
  await rds.refreshUsage(location, true);
  const id = rds.state.nextId('file');
  const record = { id, pool, path, kind: 'file', created: rds.timestamp() } as const;
  return [{ put: 'file', key: pathKey(pool, path), record }];
}

/** @throws DeviceFailure on a device that preallocates, when so many bytes are not free. */
export function requireRoom(rds: Rds, pool: string, bytes: number): void {
  if (rds.behavior.preallocates && bytes > rds.freeBytes(pool)) throw failure('No space left on device');
}

async function resizeExisting(rds: Rds, { pool, path }: Location, length: number): Promise<void> {
  const { fileSizeOfExisting } = rds.behavior;
  if (fileSizeOfExisting === 'refused') throw failure('file already exists');
  if (fileSizeOfExisting === 'ignored') return;
  rds.requireWritable(pool, true);
  await rds.writes.exclusive(pathKey(pool, rds.subvolumeOf({ pool, path }).fullname), async () => {
    if (fileSizeOfExisting === 'zeroed') await rds.store.truncate(pool, path, 0);
    await rds.store.truncate(pool, path, length);
    await rds.refreshUsage({ pool, path }, true);
  });
}

async function forgetFile(rds: Rds, { pool, path }: Location): Promise<void> {
  rds.usage.delete(pool, path);
  await rds.store.remove(pool, path);
}

function checkedLocation(rds: Rds, filePath: string): Location {
  const location = rds.locate(filePath);
  if (location === undefined || location.path === '') throw invalidValue('file-path');
  if (!rds.directoryExists({ ...location, path: parentPath(location.path) })) {
    throw failure(`no such directory for ${leafName(filePath)}`);
  }
  if (rds.directoryExists(location)) throw failure('file-path is a directory');
  // Stricter than need be: writing through such an item must fail, so making one is refused already.
  if (rds.subvolumeOf(location).readOnly) throw failure('Read-only file system');
  const other = rds.diskAt(location);
  if (other !== undefined) throw failure(`file is already used by ${other.slot}`);
  return location;
}

function checkedSlot(rds: Rds, slot: string): string {
  const { longestSlot } = rds.behavior;
  if (slot.length > longestSlot) throw invalidValue('slot', `longer than ${longestSlot} characters`);
  if (!/^[A-Za-z0-9._-]+$/.test(slot)) throw invalidValue('slot');
  const taken = [...rds.state.table('disk').values(), ...rds.state.table('pool').values()];
  if (taken.some((item) => item.slot === slot)) throw failure('already have such entry');
  return slot;
}

/** `file-disk1-swap` for `/disk1/swap` (docs/routeros.md, 4.1). */
function defaultSlot(filePath: string): string {
  return `file-${filePath.replace(/^\//, '').replaceAll('/', '-')}`;
}

/** The item whose settings, and nothing of whose data, the new one takes over (docs/routeros.md, 4.5). */
function copySource(rds: Rds, args: Arguments): DiskRecord | undefined {
  const reference = textArgument(args, 'copy-from');
  if (reference === undefined) return undefined;
  for (const disk of rds.state.table('disk').values()) {
    if (disk.id === reference || disk.slot === reference) return disk;
  }
  throw noMatch('copy-from');
}

function requestedLength(rds: Rds, args: Arguments, source: DiskRecord | undefined): number | undefined {
  if (textArgument(args, 'file-size') === 'auto') return undefined;
  const length = sizeArgument(args, 'file-size');
  if (length !== undefined || source === undefined) return length;
  return rds.imageOf(source)?.length;
}
