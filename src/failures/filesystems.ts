import { failing, LOGS, passing } from './failure.ts';

const PODS = 'kubectl get pods --all-namespaces -o wide';
const OPTIONS = 'kubectl get persistentvolumes -o custom-columns=NAME:.metadata.name,OPTIONS:.spec.mountOptions';
const DAMAGED = 'guides/troubleshooting.md#a-damaged-filesystem';

/** What a node says of the filesystem of a volume, and of what it is mounted on. */
export const FILESYSTEMS = {
  'NODE-FORMAT': failing(
    'precondition',
    'it is not formatted, because it is not provably blank',
    'Nothing on it was changed. If its data matters, restore a snapshot or repair it; if not, recreate the claim',
    { page: 'node-safety.md#when-a-volume-is-refused-as-not-provably-blank', event: 'FormatRefused' },
  ),
  'NODE-RECORD': failing(
    'precondition',
    'its record on this node is damaged, so it is unknown whether the volume has held a filesystem here, and it is not formatted',
    'If the volume is known to be empty, remove that file',
    { page: 'node-safety.md#what-the-node-remembers' },
  ),
  'NODE-STATE': passing(
    'unavailable',
    'the state directory of this node cannot be used, and nothing is formatted without it',
    {
      remedy: 'Make room on the disk of the node, and make sure that the directory is writable. Retrying automatically',
    },
  ),
  'NODE-MKFS': passing('unavailable', 'making the filesystem failed', {
    remedy: 'On I/O errors, make sure that the pool has room and the node is connected. Retrying automatically',
  }),
  'NODE-DAMAGED': failing(
    'precondition',
    'its filesystem is damaged, so nothing was mounted',
    'Take a snapshot, then repair the filesystem',
    { page: DAMAGED, event: 'FilesystemDamaged', command: LOGS },
  ),
  'NODE-GAVEUP': failing(
    'precondition',
    'its filesystem has given up after an I/O error',
    'Make sure that the pool has room and the RDS answers, then delete the pods that use the volume: the next one mounts it again; a restarted container does not',
    { page: 'what-happens-when.md#a-filesystem-gives-up', event: 'FilesystemGaveUp', command: PODS },
  ),
  // After FAILED_PRECONDITION the kubelet starts the pod all the same, after any other code it does not.
  'NODE-GROW': failing(
    'precondition',
    'its filesystem did not grow to the size of the volume',
    'It stays mounted at its old size. An ext4 in which the kernel has recorded an error is checked, repaired and grown when its last pod is gone and the next one starts',
    { page: 'guides/troubleshooting.md#a-filesystem-that-does-not-grow', event: 'FilesystemNotGrown', command: LOGS },
  ),
  'NODE-OPTIONS': failing(
    'precondition',
    'its filesystem does not know one of the mount options, or its value',
    'Change spec.mountOptions of the PersistentVolume, and mountOptions of the StorageClass for later volumes. A copy has the filesystem of its source',
    { command: OPTIONS },
  ),
  'NODE-MOUNT': passing('unavailable', 'mounting failed', {
    remedy: 'See the kernel log of the node, and compare the mount options. If the filesystem is damaged, repair it',
    page: DAMAGED,
    command: OPTIONS,
  }),
  'NODE-UMOUNT': passing('busy', 'it cannot be unmounted yet', {
    remedy: 'Retrying automatically; if this lasts, see what on the node uses it',
  }),
  'NODE-COVERED': failing('precondition', 'another mount hides it', 'Unmount that on the node first'),
  'NODE-PATH': failing(
    'precondition',
    'something else is where the volume is to be mounted',
    'Move away what is there on the node',
  ),
  'NODE-FOREIGN': failing(
    'precondition',
    'the target shows something else than the volume, which stays',
    'Unmount it on the node if it is yours',
  ),
  'NODE-TAKEN': failing(
    'alreadyExists',
    'something else is mounted where the volume should be',
    'Unmount it on the node if it is yours',
    { command: LOGS },
  ),
  'NODE-MODE': failing(
    'alreadyExists',
    'the volume is at that target in another mode',
    'Unpublish it first: delete the pods that use it there',
    { command: PODS },
  ),
  'NODE-ONCE': failing(
    'precondition',
    'the volume is ReadWriteOncePod and is published already',
    'Delete the pod that has it',
    { command: PODS },
  ),
  'NODE-UNSTAGED': failing(
    'precondition',
    'the volume is not staged on this node',
    'Delete the pod: the next one stages it',
    { command: LOGS },
  ),
  'NODE-ABSENT': failing(
    'notFound',
    'the node does not have the volume where the kubelet asks for it',
    'Delete the pod: the next one mounts it again',
  ),
  'NODE-PUBLISHED': passing('busy', 'the volume is still published on this node', { command: PODS }),
};
