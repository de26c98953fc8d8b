import { StorageError } from '../storage/errors.ts';
import type { Attachment } from './attachment.ts';
import type { BlockDevice } from './block-device.ts';
import { waitFor } from './wait.ts';

/** A volume, as messages and the kernel know it. */
interface Named {
  readonly id: string;
  readonly nqn: string;
}

const RESCAN_MS = 30_000;

/**
 * The device once it has at least this size, which the RDS has reported. When it is smaller, the kernel is made to look again.
 *
 * @throws StorageError `unavailable` when it stays smaller: it is another device, or the kernel does not know its new size
 */
export async function waitForSize(
  attachment: Attachment,
  volume: Named,
  before: BlockDevice,
  bytes: bigint,
  signal: AbortSignal,
): Promise<BlockDevice> {
  if (before.bytes >= bytes) return before;
  await attachment.rescan(volume.nqn);
  const large = async () => {
    const device = await attachment.find(volume.nqn);
    return device !== undefined && device.bytes >= bytes ? device : undefined;
  };
  const device = await waitFor(large, RESCAN_MS, signal);
  if (device !== undefined) return device;
  throw new StorageError('NODE-SIZE', `${volume.id} (${before.path})`, `${before.bytes} of ${bytes}`);
}
