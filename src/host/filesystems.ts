/** Mounting, growing and measuring a filesystem on a block device. */
import { StorageError } from '../storage/errors.ts';
import type { BlockDevice } from './block-device.ts';
import type { Filesystem } from './found-filesystem.ts';
import { holdersOf } from './holders.ts';
import type { Mounts } from './mounts.ts';
import { ProcessError, type Processes } from './processes.ts';
import { repairOf } from './repair.ts';

const GROW_MS = 300_000;
const STATS_MS = 10_000;

/** A restored XFS has the id of its source, which may be mounted on the same node. */
const ALWAYS: Readonly<Record<Filesystem, readonly string[]>> = { ext4: [], xfs: ['nouuid'] };

/** On a device that cannot be written the journal cannot be replayed; everywhere else it must be. */
const WITHOUT_REPLAY: Readonly<Record<Filesystem, readonly string[]>> = {
  ext4: ['ro', 'noload'],
  xfs: ['ro', 'norecovery'],
};

/** Mounts, which replays the journal. @param options of the user @throws StorageError `unavailable` */
export async function mountFilesystem(
  mounts: Mounts,
  { device, filesystem, path }: { device: BlockDevice; filesystem: Filesystem; path: string },
  options: readonly string[],
): Promise<void> {
  const all = [...ALWAYS[filesystem], ...(device.readOnly ? WITHOUT_REPLAY[filesystem] : []), ...options];
  const args = ['-t', filesystem, ...(all.length > 0 ? ['-o', all.join(',')] : []), device.path, path];
  try {
    await mounts.mount(args, `; if its filesystem is damaged, ${repairOf(filesystem)}`);
  } catch (error) {
    const holders = error instanceof StorageError ? await holdersOf(device) : [];
    if (!(error instanceof StorageError) || holders.length === 0) throw error;
    const text = `${device.path} is held by ${holders.join(', ')} of this node, so it cannot be mounted: ${error.message}`;
    throw new StorageError(error.kind, text, { cause: error });
  }
}

/**
 * Grows a mounted filesystem to the size of its device; leaves it alone when it has that size. Never before the journal
 * was replayed, which the mount has done.
 *
 * @throws StorageError `unavailable`
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
    const what = `cannot grow the filesystem on ${device.path}: ${error.message}`;
    const advice =
      'It keeps its size and can be used; an ext4 with a recorded error is checked when its last pod is gone and the next one starts';
    throw new StorageError('unavailable', `${what}. ${advice}; else ${repairOf(filesystem)}`, { cause: error });
  }
}

/** Bytes and inodes of a filesystem. */
export interface Usage {
  readonly bytes: { readonly total: bigint; readonly available: bigint; readonly used: bigint };
  readonly inodes: { readonly total: bigint; readonly available: bigint; readonly used: bigint };
}

/** Asked in a child, which alone hangs when the device is dead. @throws StorageError `unavailable` */
export async function usageOf(host: Processes, path: string, signal: AbortSignal): Promise<Usage> {
  const args = ['--file-system', '--format=%S %b %f %a %c %d', path];
  const { text } = await host.run('stat', args, { timeoutMs: STATS_MS, signal }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new StorageError('unavailable', `${path} does not answer: ${why}`, { cause: error });
  });
  const [block = 0n, blocks = 0n, free = 0n, available = 0n, inodes = 0n, freeInodes = 0n] = text
    .split(' ')
    .map(BigInt);
  return {
    bytes: { total: blocks * block, available: available * block, used: (blocks - free) * block },
    inodes: { total: inodes, available: freeInodes, used: inodes - freeInodes },
  };
}
