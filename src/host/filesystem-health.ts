/** Whether a mounted filesystem still does what it is there for. */
import { StorageError } from '../storage/errors.ts';
import type { BlockDevice } from './block-device.ts';
import type { Mount } from './mountinfo.ts';
import type { VolumeIdentity } from './node-dependencies.ts';
import { ProcessError, type Processes } from './processes.ts';

/**
 * A filesystem that is mounted and has given up, as after an I/O error: NODE-GAVEUP. It stays so until it is mounted again,
 * whatever becomes of the device.
 */
export class FilesystemGaveUp extends StorageError {
  /** Where it is mounted: at the path of a pod, so that the next pod is another place. */
  readonly place: string;

  constructor({ id }: VolumeIdentity, place: string, detail: string) {
    super('NODE-GAVEUP', id, detail);
    this.place = place;
  }
}

/** What ext4 shows among its options: after an error (`emergency_ro` since Linux 6.14, `ro` before), or shut down. */
const GIVEN_UP = ['emergency_ro', 'ro', 'shutdown'];
const STAT_MS = 10_000;

/**
 * What has become of the filesystem that the mount shows, in a few words; undefined when it works, or does not answer at all.
 * XFS shows nothing among its options: once shut down it answers EIO to whatever is asked of a file. It is asked in a
 * child, as everything that may hang.
 */
export async function givenUp(
  host: Processes,
  { type, mountPoint, superOptions }: Mount,
  device: BlockDevice,
  signal?: AbortSignal,
): Promise<string | undefined> {
  // On a device that cannot be written `ro` is how it was mounted.
  const found = GIVEN_UP.find((option) => superOptions.includes(option) && !(option === 'ro' && device.readOnly));
  if (found !== undefined) return wordsFor(type, device, found);
  if (type !== 'xfs') return undefined;
  try {
    const options = { timeoutMs: STAT_MS, ...(signal && { signal }) };
    const { status, complaint } = await host.ask('stat', ['--format=%i', mountPoint], options);
    return status !== 0 && /Input\/output error/.test(complaint) ? wordsFor(type, device, 'shut down') : undefined;
  } catch (error) {
    if (error instanceof ProcessError) return undefined;
    throw error;
  }
}

function wordsFor(type: string, { path }: BlockDevice, how: string): string {
  return `${type} on ${path} (${how})`;
}
