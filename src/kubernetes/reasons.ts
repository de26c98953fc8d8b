/** Every Event that the driver writes, in one list: docs/events.md has a row for each. */

/** What an Event is about. */
export type EventObject = 'PersistentVolumeClaim' | 'VolumeSnapshot' | 'Node' | 'CSIDriver' | 'ConfigMap';

export interface EventMeaning {
  readonly type: 'Normal' | 'Warning';
  readonly about: readonly EventObject[];
  /** What a person can do, as the end of the message; empty where the message says it itself. */
  readonly advice: string;
}

const CLAIM = ['PersistentVolumeClaim'] as const;
const CLAIM_OR_SNAPSHOT = ['PersistentVolumeClaim', 'VolumeSnapshot'] as const;

function warning(about: readonly EventObject[], advice: string): EventMeaning {
  return { type: 'Warning', about, advice };
}

/** The version of external-snapshotter that the chart uses, and whose kinds are to be installed. */
export const SNAPSHOTTER_VERSION = 'v8.6.0';

/** By their reason. */
export const EVENTS = {
  BoxUnreachable: warning(
    ['CSIDriver', ...CLAIM_OR_SNAPSHOT],
    'Check power, network and the SSH service of the box; what is in use goes on as long as its NVMe port answers, and what waits is done by itself afterwards',
  ),
  BoxLoginFailed: warning(
    ['CSIDriver', ...CLAIM_OR_SNAPSHOT],
    'Mend what it names: the key file or its Secret, the account on the box, or the pinned host keys. Nothing has to be restarted',
  ),
  BoxRefuses: warning(
    CLAIM_OR_SNAPSHOT,
    'Read what the box says; rose-csi doctor names rights of the SSH user and settings that are missing',
  ),
  BoxReachable: { type: 'Normal', about: ['CSIDriver'], advice: '' },
  PoolNearlyFull: warning(
    ['CSIDriver'],
    'Delete snapshots or volumes that nobody needs, or add disks, before the writes of every volume in it fail',
  ),
  PoolMissing: warning(
    CLAIM_OR_SNAPSHOT,
    'Compare /disk/btrfs/filesystem on the box with label and uuid in the configuration of the backend',
  ),
  PoolFull: warning(
    CLAIM_OR_SNAPSHOT,
    'Free space by deleting snapshots first, add disks, or ask for less; it is done by itself then',
  ),
  OverCommitReached: warning(
    CLAIM,
    'Delete volumes, add disks, raise overCommitRatio of the backend, or ask for less; it is done by itself then',
  ),
  SnapshotQuotaReached: warning(
    ['VolumeSnapshot'],
    'Delete older VolumeSnapshots of this claim; this one is cut by itself then',
  ),
  RestoreTooSmall: warning(
    CLAIM,
    'Delete this claim and make it anew with at least the size of the source (status.restoreSize of the VolumeSnapshot)',
  ),
  SourceGone: warning(
    CLAIM_OR_SNAPSHOT,
    'It will not come back: delete this object and make it anew from a source that is there (rose-csi snapshots ls)',
  ),
  SourceElsewhere: warning(
    CLAIM,
    'Delete this claim and make it anew with a StorageClass of the box and pool of the source',
  ),
  SourceUnusable: warning(CLAIM, 'Delete this claim and make it anew from another snapshot'),
  SourceDetached: warning(
    CLAIM_OR_SNAPSHOT,
    'Start a pod that uses the source volume once: publishing it attaches its image again',
  ),
  OwnedByOtherCluster: warning(
    CLAIM_OR_SNAPSHOT,
    'If that cluster is gone for good, list its id under adoptedClusterIds; else use a source of this cluster',
  ),
  CannotGrow: warning(
    CLAIM,
    'Ask for exactly the size of the source and copy the data, or move to a RouterOS that grows file-backed disks',
  ),
  SlotTaken: warning(CLAIM, 'Look at that disk item on the box; the driver touches only its own'),
  ExportUnrecorded: warning(CLAIM, 'Make sure that no host uses it, then set nvme-tcp-export=no on its disk item'),
  ExportChanged: warning(
    CLAIM,
    'On the box, set nvme-tcp-export=no on its disk item; it is exported anew by itself then',
  ),
  CopyInTheWay: warning(
    CLAIM_OR_SNAPSHOT,
    'Look at both on the box, then attach the image of the right one or remove the other; the driver touches neither before (docs/guides/troubleshooting.md)',
  ),
  ImageNotAttached: warning(
    CLAIM,
    'Look at /disk and /file on the box; the image is not touched, and it is done by itself once the box attaches it',
  ),
  VolumeMissing: warning(
    CLAIM,
    'Find out who removed it from the box; restore the claim from a snapshot (rose-csi snapshots ls)',
  ),
  RouterOsUnfit: warning(CLAIM_OR_SNAPSHOT, 'Run rose-csi doctor against the box; it names what is missing'),
  SnapshotKindsMissing: warning(
    ['CSIDriver'],
    'Install them: kubectl apply -k ' +
      `'https://github.com/kubernetes-csi/external-snapshotter/client/config/crd?ref=${SNAPSHOTTER_VERSION}', and the ` +
      'snapshot-controller (docs/install.md)',
  ),
  FormatRefused: warning(
    ['Node'],
    'Nothing on it was changed. docs/node-safety.md tells how to decide whether its data matters',
  ),
  FilesystemGaveUp: warning(
    ['Node'],
    'See that the pool has room and the box answers, then delete the pods that use it: the next one mounts it anew, and a container that is only restarted does not',
  ),
  FilesystemDamaged: warning(
    ['Node'],
    'Nothing was mounted. docs/guides/troubleshooting.md, "A damaged filesystem", tells how to repair it',
  ),
  FilesystemNotGrown: warning(
    ['Node'],
    'The volume is mounted at its old size. docs/guides/troubleshooting.md, "A filesystem that does not grow", tells why that may be',
  ),
  UnflushedDataLost: warning(
    ['Node'],
    'Check the data of the pod that used it before it goes on, and restore from a snapshot if need be',
  ),
  OrphanFound: warning(['ConfigMap'], ''),
  OrphanReportDoubtful: warning(['ConfigMap'], ''),
  HalfMadeRemoved: { type: 'Normal', about: ['ConfigMap'], advice: '' },
} as const satisfies Readonly<Record<string, EventMeaning>>;

export type EventReason = keyof typeof EVENTS;

/** What is over when an Event is told. Should that happen again, it is told at once. */
export const ENDS: Readonly<Partial<Record<EventReason, readonly EventReason[]>>> = {
  BoxUnreachable: ['BoxReachable'],
  BoxLoginFailed: ['BoxReachable'],
  BoxReachable: ['BoxUnreachable', 'BoxLoginFailed'],
};
