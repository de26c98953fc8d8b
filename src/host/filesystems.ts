/** Mounting, growing and measuring a filesystem on a block device. */
import { StorageError } from '../storage/errors.ts';
import type { BlockDevice } from './block-device.ts';
import type { Filesystem } from './found-filesystem.ts';
import { holdersOf } from './holders.ts';
import type { Mounts } from './mounts.ts';
import { ProcessError, type Processes } from './processes.ts';

const GROW_MS = 300_000;
const STATS_MS = 10_000;

/** A restored XFS has the id of its source, which may be mounted on the same node. */
const ALWAYS: Readonly<Record<Filesystem, readonly string[]>> = { ext4: [], xfs: ['nouuid'] };

/** On a device that cannot be written the journal cannot be replayed; everywhere else it must be. */
const WITHOUT_REPLAY: Readonly<Record<Filesystem, readonly string[]>> = {
  ext4: ['ro', 'noload'],
  xfs: ['ro', 'norecovery'],
};

/** How mount(8) and the kernel say that an option is not one of the filesystem, or has no such value (EINVAL). */
const BAD_OPTION = /\bbad option\b|\bunknown parameter\b|\bbad value for\b/i;

interface FilesystemMount {
  readonly device: BlockDevice;
  /** What was found on it. */
  readonly filesystem: Filesystem;
  /** What would have been made on it. */
  readonly wanted: Filesystem;
  readonly path: string;
  /** Of the user. */
  readonly options: readonly string[];
}

/**
 * Mounts, which replays the journal.
 *
 * @throws StorageError NODE-OPTIONS, NODE-HELD or NODE-MOUNT
 */
export async function mountFilesystem(mounts: Mounts, what: FilesystemMount): Promise<void> {
  const { device, filesystem, path, options } = what;
  const all = [...ALWAYS[filesystem], ...(device.readOnly ? WITHOUT_REPLAY[filesystem] : []), ...options];
  const args = ['-t', filesystem, ...(all.length > 0 ? ['-o', all.join(',')] : []), device.path, path];
  try {
    await mounts.mount(args);
  } catch (error) {
    throw error instanceof StorageError ? await explained(error, what) : error;
  }
}

async function explained(error: StorageError, what: FilesystemMount): Promise<StorageError> {
  const { detail: said } = error;
  const { device, filesystem, wanted, options } = what;
  const holders = await holdersOf(device);
  if (holders.length > 0) {
    return new StorageError('NODE-HELD', device.path, `${holders.join(', ')}; ${said}`, { cause: error });
  }
  if (options.length === 0 || !BAD_OPTION.test(said)) return error;
  const other = filesystem === wanted ? '' : `, not ${wanted} as a new volume would`;
  const text = `${options.join(',')}: it holds ${filesystem}${other}; ${said}`;
  return new StorageError('NODE-OPTIONS', device.path, text, { cause: error });
}

/**
 * Grows a mounted filesystem to the size of its device; leaves it alone when it has that size. Never before the journal
 * was replayed, which the mount has done.
 *
 * @throws StorageError NODE-GROW: `precondition` when the program refuses, `unavailable` when it was killed for the time it took
 */
export async function growFilesystem(
  host: Processes,
  { device, filesystem, path }: { device: BlockDevice; filesystem: Filesystem; path: string },
): Promise<void> {
  if (device.readOnly) return;
  const command: readonly [string, readonly string[]] =
    filesystem === 'ext4' ? ['resize2fs', [device.path]] : ['xfs_growfs', ['-d', path]];
  try {
    await host.run(...command, { timeoutMs: GROW_MS });
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    const open = error.timedOut && { kind: 'unavailable' as const };
    throw new StorageError('NODE-GROW', device.path, error.message, { cause: error, ...open });
  }
}

/** Bytes and inodes of a filesystem. */
export interface FilesystemUsage {
  readonly bytes: { readonly total: bigint; readonly available: bigint; readonly used: bigint };
  readonly inodes: { readonly total: bigint; readonly available: bigint; readonly used: bigint };
}

/** Asked in a child, which alone hangs when the device is dead. @throws StorageError `unavailable` */
export async function filesystemUsage(host: Processes, path: string, signal: AbortSignal): Promise<FilesystemUsage> {
  const args = ['--file-system', '--format=%S %b %f %a %c %d', path];
  const { text } = await host.run('stat', args, { timeoutMs: STATS_MS, signal }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new StorageError('NODE-LOST', path, why, { cause: error });
  });
  const [block = 0n, blocks = 0n, free = 0n, available = 0n, inodes = 0n, freeInodes = 0n] = text
    .split(' ')
    .map(BigInt);
  return {
    bytes: { total: blocks * block, available: available * block, used: (blocks - free) * block },
    inodes: { total: inodes, available: freeInodes, used: inodes - freeInodes },
  };
}
