import type { Failure } from './failure.ts';
import { LOGS, RETRIES } from './failure.ts';

const PODS = 'kubectl get pods --all-namespaces -o wide';
const OPTIONS = 'kubectl get persistentvolumes -o custom-columns=NAME:.metadata.name,OPTIONS:.spec.mountOptions';
const DAMAGED = 'guides/troubleshooting.md#a-damaged-filesystem';

/** What a node says of the filesystem of a volume, and of what it is mounted on. */
export const FILESYSTEMS = {
  'NODE-FORMAT': {
    kind: 'precondition',
    what: 'it is not formatted, because it is not provably blank',
    remedy:
      'Nothing on it was changed. If its data matters, restore a snapshot or repair it; if not, recreate the claim',
    page: 'node-safety.md#when-a-volume-is-refused-as-not-provably-blank',
    event: 'FormatRefused',
  },
  'NODE-RECORD': {
    kind: 'precondition',
    what: 'its record on this node is damaged, so it is unknown whether the volume has held a filesystem here, and it is not formatted',
    remedy: 'If the volume is known to be empty, remove that file',
    page: 'node-safety.md#what-the-node-remembers',
  },
  'NODE-STATE': {
    kind: 'unavailable',
    what: 'the state directory of this node cannot be used, and nothing is formatted without it',
    remedy: 'Make room on the disk of the node, and see that the directory can be written. Retrying automatically',
    passes: true,
    command: LOGS,
  },
  'NODE-MKFS': {
    kind: 'unavailable',
    what: 'making the filesystem failed',
    remedy: 'On I/O errors, see that the pool has room and the node its connection. Retrying automatically',
    passes: true,
    command: LOGS,
  },
  'NODE-DAMAGED': {
    kind: 'precondition',
    what: 'its filesystem is damaged, so nothing was mounted',
    remedy: 'Take a snapshot, then repair the filesystem',
    page: DAMAGED,
    event: 'FilesystemDamaged',
    command: LOGS,
  },
  'NODE-GAVEUP': {
    kind: 'precondition',
    what: 'its filesystem has given up after an I/O error',
    remedy:
      'See that the pool has room and the RDS answers, then delete the pods that use the volume: the next one mounts it again; a container that is restarted does not',
    page: 'what-happens-when.md#a-filesystem-gives-up',
    event: 'FilesystemGaveUp',
    command: PODS,
  },
  'NODE-GROW': {
    kind: 'unavailable',
    what: 'its filesystem did not grow to the size of the volume',
    remedy: 'It can be used at its old size',
    page: 'guides/troubleshooting.md#a-filesystem-that-does-not-grow',
    event: 'FilesystemNotGrown',
    command: LOGS,
  },
  'NODE-OPTIONS': {
    kind: 'precondition',
    what: 'its filesystem does not know one of the mount options, or its value',
    remedy:
      'Change spec.mountOptions of the PersistentVolume, and mountOptions of the StorageClass for later volumes. A copy has the filesystem of its source',
    command: OPTIONS,
  },
  'NODE-MOUNT': {
    kind: 'unavailable',
    what: 'mounting failed',
    remedy: 'See the kernel log of the node, and compare the mount options. If the filesystem is damaged, repair it',
    page: DAMAGED,
    passes: true,
    command: OPTIONS,
  },
  'NODE-UMOUNT': {
    kind: 'busy',
    what: 'it cannot be unmounted yet',
    remedy: 'Retrying automatically; if this lasts, see what on the node uses it',
    passes: true,
    command: LOGS,
  },
  'NODE-COVERED': {
    kind: 'precondition',
    what: 'another mount hides it',
    remedy: 'Unmount that on the node first',
  },
  'NODE-PATH': {
    kind: 'precondition',
    what: 'something else is where the volume is to be mounted',
    remedy: 'Move away what is there on the node',
  },
  'NODE-FOREIGN': {
    kind: 'precondition',
    what: 'the target shows something else than the volume, which stays',
    remedy: 'Unmount it on the node if it is yours',
  },
  'NODE-TAKEN': {
    kind: 'alreadyExists',
    what: 'something else is mounted where the volume should be',
    remedy: 'Unmount it on the node if it is yours',
    command: LOGS,
  },
  'NODE-MODE': {
    kind: 'alreadyExists',
    what: 'the volume is at that target in another mode',
    remedy: 'Unpublish it first: delete the pods that use it there',
    command: PODS,
  },
  'NODE-ONCE': {
    kind: 'precondition',
    what: 'the volume is ReadWriteOncePod and is published already',
    remedy: 'Delete the pod that has it',
    command: PODS,
  },
  'NODE-UNSTAGED': {
    kind: 'precondition',
    what: 'the volume is not staged on this node',
    remedy: 'Delete the pod: the next one stages it',
    command: LOGS,
  },
  'NODE-ABSENT': {
    kind: 'notFound',
    what: 'the node does not have the volume where the kubelet asks for it',
    remedy: 'Delete the pod: the next one mounts it again',
  },
  'NODE-PUBLISHED': {
    kind: 'busy',
    what: 'the volume is still published on this node',
    remedy: RETRIES,
    passes: true,
    command: PODS,
  },
} as const satisfies Readonly<Record<string, Failure>>;
