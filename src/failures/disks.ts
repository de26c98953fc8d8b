import { ATTACHMENTS, DOCTOR, DOCTOR_WRITES, failing, passing, SNAPSHOTS } from './failure.ts';
import { ofSize } from './figures.ts';

/** Refusals of our scripts that are about a subvolume, its disk item, or its publication. */
export const DISKS = {
  'RC-NOVOL': failing(
    'notFound',
    'the volume is not on the RDS',
    'Find out who removed it; restore the claim from a snapshot',
    { event: 'VolumeMissing', command: SNAPSHOTS },
  ),
  'RC-NOSNAP': failing(
    'notFound',
    'the snapshot is not on the RDS',
    'Find out who removed it; use another snapshot, and delete the VolumeSnapshot that names it',
    { command: SNAPSHOTS },
  ),
  'RC-TWO': failing(
    'precondition',
    'two pools hold a subvolume of this id, and no disk item says which of them is the object',
    'Inspect both on the RDS, then attach the image of the right one or remove the other; the driver changes neither before',
    {
      page: 'guides/troubleshooting.md#two-pools-hold-a-subvolume-of-one-id',
      event: 'CopyInTheWay',
      command: SNAPSHOTS,
    },
  ),
  'RC-SLOT': failing(
    'precondition',
    'the disk slot of the volume is taken by another file',
    'Inspect that disk item on the RDS; the driver changes only its own',
    { event: 'SlotTaken', command: DOCTOR },
  ),
  'RC-HALF': failing(
    'unavailable',
    'the subvolume of a partial volume is there, and the RDS does not attach its image',
    'Inspect /disk and /file on the RDS. Retrying automatically',
    { event: 'ImageNotAttached', passes: true, command: DOCTOR },
  ),
  'RC-SIZE': passing('busy', 'the RDS does not show the size of the disk yet'),
  'RC-LAG': passing('busy', 'the RDS accepted the new size and does not show it yet', {
    says: ofSize((size) => `the RDS accepted the new size and still shows ${size}`),
    remedy: 'Retrying automatically; if this repeats, the RDS cannot grow a disk',
  }),
  'RC-GROW': failing(
    'outOfRange',
    'the RDS refused to grow the image',
    'For a restore or clone, ask for exactly the size of the source; else copy the data to a larger volume. Or use a RouterOS that grows file-backed disks',
    {
      says: ofSize((size, words) => `the RDS refused to grow the image, which has ${size}: ${words}`),
      event: 'CannotGrow',
      command: DOCTOR,
    },
  ),
  /** Not final, as the volume may well grow: csi-resizer waits until no pod uses it, and asks again (CSI, ControllerExpandVolume). */
  'DRV-INUSE': failing(
    'precondition',
    'the RDS refused to grow the image while the volume is published',
    'Scale its pods down: when none uses it, the retry grows it if the RDS grows what is not exported',
    {
      says: ofSize(
        (size, words) => `the RDS refused to grow the image of ${size} while the volume is published: ${words}`,
      ),
      event: 'CannotGrow',
      command: DOCTOR_WRITES,
    },
  ),
  'RC-PUB': failing(
    'precondition',
    'the volume is still published',
    'Delete the pods that use it there, and wait until its VolumeAttachment is gone; kubectl get csinodes -o yaml shows which node has that nodeID',
    {
      // The RDS shows its record, which is for programs.
      says(detail) {
        const hosts = [...detail.matchAll(/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):[wrs]:/g)];
        const nodes = hosts.map(([, host]) => `nqn.2014-08.org.nvmexpress:uuid:${host}`);
        return nodes.length === 0 ? undefined : `the volume is still published to the node ${nodes.join(' and ')}`;
      },
      command: ATTACHMENTS,
    },
  ),
  'RC-MODE': failing(
    'alreadyExists',
    'the volume is published to this node in another mode',
    'Delete the pods that use it there, and wait until its VolumeAttachment is gone',
    { command: ATTACHMENTS },
  ),
  'RC-NQN': failing(
    'precondition',
    'the volume is exported under another NQN than its record says: its disk item was changed by hand',
    'Make sure that no host uses it, then set nvme-tcp-export=no on its disk item; the next attempt exports it again',
    { event: 'ExportChanged' },
  ),
  'RC-EXPORTED': failing(
    'precondition',
    'the disk is exported, and no node is recorded on it: the export was turned on by hand',
    'Make sure that no host uses it, then set nvme-tcp-export=no on its disk item; rose-csi why --config prints the command',
    { event: 'ExportUnrecorded' },
  ),
  'RC-RACE': passing('busy', 'another controller changed the object at the same time'),
  'RC-CUT': failing(
    'unavailable',
    'the RDS truncates comments, and the driver records in one which nodes have a volume',
    'Use a RouterOS that keeps comments of 200 characters; rose-csi doctor --write shows what this one does with them. Retrying automatically',
    { event: 'RouterOsUnfit', passes: true, command: DOCTOR_WRITES },
  ),
  'RC-USED': failing(
    'precondition',
    'a disk item that the driver did not make uses a file of the object',
    'Find out who uses that disk item; if no one does, remove it on the RDS',
  ),
  'RC-LEFT': passing('busy', 'the disk item is still there after its removal, or is back'),
};
