import type { Failure } from './failure.ts';
import { ATTACHMENTS, DOCTOR, LOGS, RETRIES, SNAPSHOTS } from './failure.ts';
import { ofSize } from './figures.ts';

/** Refusals of our scripts that are about a subvolume, its disk item, or its publication. */
export const DISKS = {
  'RC-NOVOL': {
    kind: 'notFound',
    what: 'the volume is not on the RDS',
    remedy: 'Find out who removed it; restore the claim from a snapshot',
    event: 'VolumeMissing',
    command: SNAPSHOTS,
  },
  'RC-TWO': {
    kind: 'precondition',
    what: 'two pools hold a subvolume of this id, and no disk item says which of them is the object',
    remedy:
      'Inspect both on the RDS, then attach the image of the right one or remove the other; the driver changes neither before',
    page: 'guides/troubleshooting.md#two-pools-hold-a-subvolume-of-one-id',
    event: 'CopyInTheWay',
    command: SNAPSHOTS,
  },
  'RC-SLOT': {
    kind: 'precondition',
    what: 'the disk slot of the volume is taken by another file',
    remedy: 'Inspect that disk item on the RDS; the driver changes only its own',
    event: 'SlotTaken',
    command: DOCTOR,
  },
  'RC-HALF': {
    kind: 'unavailable',
    what: 'the subvolume of a partial volume is there, and the RDS does not attach its image',
    remedy: 'Inspect /disk and /file on the RDS. Retrying automatically',
    event: 'ImageNotAttached',
    passes: true,
    command: DOCTOR,
  },
  'RC-SIZE': {
    kind: 'busy',
    what: 'the RDS does not show the size of the disk yet',
    remedy: RETRIES,
    passes: true,
    command: LOGS,
  },
  'RC-LAG': {
    kind: 'busy',
    what: 'the RDS accepted the new size and does not show it yet',
    says: ofSize((size) => `the RDS accepted the new size and still shows ${size}`),
    remedy: 'Retrying automatically; if this repeats, the RDS cannot grow a disk',
    passes: true,
    command: LOGS,
  },
  'RC-GROW': {
    kind: 'outOfRange',
    what: 'the RDS refused to grow the image',
    says: ofSize((size, words) => `the RDS refused to grow the image, which has ${size}: ${words}`),
    remedy: 'Ask for exactly the size of the source and copy the data, or use a RouterOS that grows file-backed disks',
    event: 'CannotGrow',
    command: DOCTOR,
  },
  'RC-PUB': {
    kind: 'precondition',
    what: 'the volume is still published',
    remedy: 'Delete the pods that use it, and wait until its VolumeAttachment is gone',
    command: ATTACHMENTS,
  },
  'RC-MODE': {
    kind: 'alreadyExists',
    what: 'the volume is published to this node in another mode',
    remedy: 'Delete the pods that use it there, and wait until its VolumeAttachment is gone',
    command: ATTACHMENTS,
  },
  'RC-NQN': {
    kind: 'precondition',
    what: 'the volume is exported under another NQN than its record says: its disk item was changed by hand',
    remedy: 'Set nvme-tcp-export=no on its disk item; the next attempt exports it again',
    event: 'ExportChanged',
  },
  'RC-EXPORTED': {
    kind: 'precondition',
    what: 'the disk is exported, and no node is recorded on it: the export was turned on by hand',
    remedy: 'Make sure that no host uses it, then set nvme-tcp-export=no on its disk item',
    event: 'ExportUnrecorded',
  },
  'RC-RACE': {
    kind: 'busy',
    what: 'another controller changed the object at the same time',
    remedy: RETRIES,
    passes: true,
    command: LOGS,
  },
  'RC-USED': {
    kind: 'precondition',
    what: 'a disk item that the driver did not make uses a file of the object',
    remedy: 'Remove that disk item on the RDS',
  },
  'RC-LEFT': {
    kind: 'busy',
    what: 'the disk item is still there after its removal, or there again',
    remedy: RETRIES,
    passes: true,
    command: LOGS,
  },
} as const satisfies Readonly<Record<string, Failure>>;
