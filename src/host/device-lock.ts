import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { StorageError } from '../storage/errors.ts';
import { type BlockDevice, isSame } from './block-device.ts';
import type { Processes } from './processes.ts';

/** As long as udev may take to look at a new device; it locks it meanwhile. */
const LOCK_SECONDS = 10;

/**
 * Holds a device open and locked while `work` runs. Open, so that the kernel cannot give its name to another volume;
 * locked (flock on the device, https://systemd.io/BLOCK_DEVICE_LOCKING), so that of two processes only one goes on, and
 * none while a program that inherited the descriptor still runs, even when the process that started it is dead.
 *
 * @param identify looks the device of the volume up again
 * @throws StorageError `unavailable` when the device is no longer the one of the volume, `busy` when it is locked
 */
export async function withDeviceLock<T>(
  host: Processes,
  device: BlockDevice,
  identify: () => Promise<BlockDevice | undefined>,
  work: (descriptor: number) => Promise<T>,
): Promise<T> {
  const file = await open(device.path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw new StorageError('NODE-LOST', device.path, `it cannot be opened: ${error}`, { cause: error });
  });
  try {
    const now = await identify();
    if (!isSame(device, now)) {
      throw new StorageError('NODE-CHANGED', device.path);
    }
    const lock = ['--exclusive', '--timeout', `${LOCK_SECONDS}`, '3'];
    const { status } = await host.ask('flock', lock, { inherit: file.fd });
    if (status !== 0) throw new StorageError('NODE-LOCKED', device.path);
    return await work(file.fd);
  } finally {
    await file.close();
  }
}
