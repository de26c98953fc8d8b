/** What is looked at before a filesystem is mounted, as `FormatAndMount` of Kubernetes does it. */
import { StorageError } from '../storage/errors.ts';
import type { BlockDevice } from './block-device.ts';
import { withDeviceLock } from './device-lock.ts';
import type { Mountable } from './found-filesystem.ts';
import type { VolumeIdentity } from './node-dependencies.ts';
import { ProcessError, type Processes } from './processes.ts';

/** Reading all metadata of a large and damaged ext4 takes as long as it takes. */
const CHECK_MS = 4 * 3_600_000;

/** Bits of the exit status, e2fsck(8). Others say that it was not checked. */
const REPAIRED = 1 | 2;
const UNCORRECTED = 4;
/** It gave up, as on a feature that a later one knows: the kernel decides then. `FormatAndMount` goes on as well. */
const GAVE_UP = 8;
/** From here on the status is not e2fsck's: it was not found, or could not be run. */
const NOT_RUN = 64;

/**
 * Repairs an ext4 that was not unmounted, or has recorded an error: with one, the kernel does not grow it. A clean one is left
 * alone, and e2fsck itself knows it by its superblock. XFS is checked by its log, when it is mounted; so is an ext4 beside which anything else was found.
 *
 * @returns what is worth a line in the log
 * @throws StorageError NODE-DAMAGED when someone has to repair it; `unavailable` or `busy`
 */
export async function checkFilesystem(
  host: Processes,
  { id }: VolumeIdentity,
  { device, filesystem, isAlone, isNew }: { readonly device: BlockDevice } & Mountable,
  identify: () => Promise<BlockDevice | undefined>,
): Promise<string | undefined> {
  if (filesystem !== 'ext4' || device.readOnly || !isAlone || isNew) return undefined;
  // It dies with this process, and keeps the lock while it lives, as mkfs does.
  const args = ['--pdeathsig', 'KILL', '--', 'e2fsck', '-p', device.path];
  const { status, text, complaint } = await withDeviceLock(host, device, identify, (descriptor) =>
    host.ask('setpriv', args, { timeoutMs: CHECK_MS, inherit: descriptor }),
  );
  if (status === undefined) throw new ProcessError(`e2fsck of ${device.path} was killed`);
  const said = [complaint, text].filter(Boolean).join(' ').replace(/\s+/g, ' ').slice(0, 300);
  if (status < NOT_RUN && (status & (UNCORRECTED | GAVE_UP)) === UNCORRECTED) {
    throw new StorageError('NODE-DAMAGED', id, `e2fsck -p does not repair the ext4 on ${device.path}: ${said}`);
  }
  if ((status & ~REPAIRED) !== 0)
    return `not checked, and mounted as it is: e2fsck ended with status ${status}: ${said}`;
  return status === 0 ? undefined : `e2fsck has repaired it: ${said}`;
}
