/** What filesystem a device holds, to be mounted. Whether it may be formatted is another question (blankness.ts). */
import { signatureOf, superblockOn, tracesOn } from './blankness.ts';
import type { BlockDevice } from './block-device.ts';
import type { Processes } from './processes.ts';
import { METADATA_BYTES } from './superblocks.ts';

/** Filesystems that can be made, mounted and grown. */
export type Filesystem = 'ext4' | 'xfs';

/** A filesystem to mount. */
export interface Mountable {
  readonly filesystem: Filesystem;
  /** Nothing else was found beside it. Where it was, the kernel decides, and nothing tries to repair what may be another's data. */
  readonly isAlone: boolean;
  /** This node has just made it: it needs no check, and has all of the device. */
  readonly isNew?: true;
}

/** A filesystem to mount, or why what is there cannot be mounted; `nothing` when the probe finds nothing. */
export type Found =
  | ({ readonly kind: 'filesystem' } & Mountable)
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'nothing' };

/**
 * What blkid is sure of; where it is not, the superblock, if its checksum is right and nothing else lies where no file can. A
 * file may hold any signature, so that what is found elsewhere says nothing about the filesystem that it is in.
 *
 * @throws StorageError `unavailable` when it cannot be read
 */
export async function filesystemOn(host: Processes, device: BlockDevice, signal: AbortSignal): Promise<Found> {
  const signature = await signatureOf(host, device, signal);
  if (signature === undefined) return { kind: 'nothing' };
  const { type, other } = signature;
  if (isFilesystem(type)) return { kind: 'filesystem', filesystem: type, isAlone: true };
  const superblock = await superblockOn(host, device, signal);
  if (superblock === undefined || !isFilesystem(superblock.filesystem)) return { kind: 'other', what: type || other };
  const { filesystem, intact } = superblock;
  if (!intact)
    return {
      kind: 'other',
      what: `${type || other}, and a superblock of ${filesystem} with a checksum that is wrong or missing`,
    };
  const beside = (await tracesOn(host, device, signal)).filter(
    (trace) => trace.offset < METADATA_BYTES && trace.type !== filesystem,
  );
  if (beside.length === 0) return { kind: 'filesystem', filesystem, isAlone: false };
  const names = beside.map((trace) => `${trace.type} at byte ${trace.offset}`).join(', ');
  return { kind: 'other', what: `a superblock of ${filesystem} beside ${names}` };
}

/** Whether the kernel, or a probe, names one of them. */
export function isFilesystem(type: string): type is Filesystem {
  return type === 'ext4' || type === 'xfs';
}
