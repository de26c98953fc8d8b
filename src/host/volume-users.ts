/** Who on this node uses the device of a volume. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type BlockDevice, DEV_FILESYSTEM } from './block-device.ts';
import { hasCode, isAbsence } from './errno.ts';
import type { Mount } from './mountinfo.ts';

/** Whether the mount shows the filesystem on the device. */
export function showsFilesystem(mount: Mount, device: BlockDevice): boolean {
  return mount.device === device.number;
}

/** Whether the mount shows the device itself: a file of `/dev` bound to another place. */
export function showsDevice(mount: Mount, device: BlockDevice): boolean {
  const isNode = mount.device === DEV_FILESYSTEM && mount.root === `/${basename(device.path)}`;
  return isNode && mount.mountPoint !== device.path;
}

/** Where filesystem or device are to be seen in full. What kubelet binds of a part of it (subPath) does not count. */
export function placesOf(mounts: readonly Mount[], device: BlockDevice): string[] {
  const isUser = (mount: Mount) => (showsFilesystem(mount, device) && mount.root === '/') || showsDevice(mount, device);
  return [...new Set(mounts.filter(isUser).map(({ mountPoint }) => mountPoint))];
}

/**
 * Whether no one claims the device: no filesystem on it is mounted in any namespace or still being flushed, and neither
 * device mapper nor another driver sits on it. A device that is not there is free.
 *
 * @throws Error of the operating system when that cannot be determined
 */
export async function isFree(device: BlockDevice): Promise<boolean> {
  try {
    const file = await open(device.path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_EXCL);
    await file.close();
    return true;
  } catch (error) {
    if (hasCode(error, 'EBUSY')) return false;
    if (isAbsence(error)) return true;
    throw error;
  }
}
