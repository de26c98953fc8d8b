/** What a person does about a filesystem that is damaged. */
import type { Filesystem } from './found-filesystem.ts';

const PROGRAM: Readonly<Record<Filesystem, string>> = { ext4: 'e2fsck -f', xfs: 'xfs_repair' };

/** How it is repaired, and how to get at its device, as the end of a sentence. */
export function repairOf(filesystem: Filesystem): string {
  return (
    `repair it with ${PROGRAM[filesystem]} in a pod that has the volume as a raw block device (a PersistentVolume with ` +
    'volumeMode: Block and the same volumeHandle; docs/guides/troubleshooting.md, "A damaged filesystem"), or restore a snapshot'
  );
}
