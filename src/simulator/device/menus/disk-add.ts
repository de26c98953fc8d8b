import type { Arguments } from '../../console/menu.ts';
import { sizeArgument, textArgument } from '../arguments.ts';
import type { Box, Location } from '../box.ts';
import { failure, invalidValue, noMatch, notSimulated } from '../failures.ts';
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
 * explicit `file-size` for an existing file is refused unless the {@link Box.manner} is another, because what the device
 * would do to the data is unknown (U4).
 */
export async function addDisk(box: Box, args: Arguments): Promise<string> {
  const type = textArgument(args, 'type');
  if (type === undefined) throw failure('type must be specified');
  if (!TYPES.includes(type)) throw noMatch('type');
  if (type !== 'file') throw notSimulated(`/disk add type=${type}`);
  const filePath = textArgument(args, 'file-path');
  if (filePath === undefined || filePath === '') throw failure('file-path must be specified');
  const source = copySource(box, args);
  const slot = checkedSlot(box, textArgument(args, 'slot') ?? defaultSlot(filePath));
  const location = checkedLocation(box, filePath);

  const disk = applySettings({ ...(source ?? DEFAULTS), id: box.state.nextId('disk'), slot, filePath }, args);
  checkExport(box, disk);
  const file = await provideFile(box, location, requestedLength(box, args, source));
  try {
    box.state.commit({ put: 'disk', key: disk.id, record: disk }, ...file);
  } catch (error) {
    if (file.length > 0) await forgetFile(box, location);
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
async function provideFile(box: Box, location: Location, length: number | undefined): Promise<Change[]> {
  const { pool, path } = location;
  if (box.exists(location)) {
    if (length !== undefined) await resizeExisting(box, location, length);
    return [];
  }
  box.requireWritable(pool, true);
  requireRoom(box, pool, length ?? 0);
  await box.store.createFile(pool, path, length ?? 0);
  await box.refreshUsage(location, true);
  const id = box.state.nextId('file');
  const record = { id, pool, path, kind: 'file', created: box.timestamp() } as const;
  return [{ put: 'file', key: pathKey(pool, path), record }];
}

/** @throws DeviceFailure on a device that preallocates, when so many bytes are not free. */
export function requireRoom(box: Box, pool: string, bytes: number): void {
  if (box.manner.preallocates && bytes > box.freeBytes(pool)) throw failure('No space left on device');
}

async function resizeExisting(box: Box, { pool, path }: Location, length: number): Promise<void> {
  const { fileSizeOfExisting } = box.manner;
  if (fileSizeOfExisting === 'refused') throw failure('file already exists');
  if (fileSizeOfExisting === 'ignored') return;
  box.requireWritable(pool, true);
  await box.writes.exclusive(pathKey(pool, box.subvolumeOf({ pool, path }).fullname), async () => {
    if (fileSizeOfExisting === 'zeroed') await box.store.truncate(pool, path, 0);
    await box.store.truncate(pool, path, length);
    await box.refreshUsage({ pool, path }, true);
  });
}

async function forgetFile(box: Box, { pool, path }: Location): Promise<void> {
  box.usage.delete(pool, path);
  await box.store.remove(pool, path);
}

function checkedLocation(box: Box, filePath: string): Location {
  const location = box.locate(filePath);
  if (location === undefined || location.path === '') throw invalidValue('file-path');
  if (!box.directoryExists({ ...location, path: parentPath(location.path) })) {
    throw failure(`no such directory for ${leafName(filePath)}`);
  }
  if (box.directoryExists(location)) throw failure('file-path is a directory');
  // Stricter than need be: writing through such an item must fail, so making one is refused already.
  if (box.subvolumeOf(location).readOnly) throw failure('Read-only file system');
  const other = box.diskAt(location);
  if (other !== undefined) throw failure(`file is already used by ${other.slot}`);
  return location;
}

function checkedSlot(box: Box, slot: string): string {
  const { longestSlot } = box.manner;
  if (slot.length > longestSlot) throw invalidValue('slot', `longer than ${longestSlot} characters`);
  if (!/^[A-Za-z0-9._-]+$/.test(slot)) throw invalidValue('slot');
  const taken = [...box.state.table('disk').values(), ...box.state.table('pool').values()];
  if (taken.some((item) => item.slot === slot)) throw failure('already have such entry');
  return slot;
}

/** `file-disk1-swap` for `/disk1/swap` (docs/routeros.md, 4.1). */
function defaultSlot(filePath: string): string {
  return `file-${filePath.replace(/^\//, '').replaceAll('/', '-')}`;
}

/** The item whose settings, and nothing of whose data, the new one takes over (docs/routeros.md, 4.5). */
function copySource(box: Box, args: Arguments): DiskRecord | undefined {
  const reference = textArgument(args, 'copy-from');
  if (reference === undefined) return undefined;
  for (const disk of box.state.table('disk').values()) {
    if (disk.id === reference || disk.slot === reference) return disk;
  }
  throw noMatch('copy-from');
}

function requestedLength(box: Box, args: Arguments, source: DiskRecord | undefined): number | undefined {
  if (textArgument(args, 'file-size') === 'auto') return undefined;
  const length = sizeArgument(args, 'file-size');
  if (length !== undefined || source === undefined) return length;
  return box.imageOf(source)?.length;
}
