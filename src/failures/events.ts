/** Every Event that the driver writes, in one list: docs/events.md has a row for each. */

/** What an Event is about. */
export type EventObject =
  | 'PersistentVolumeClaim'
  | 'VolumeSnapshot'
  | 'VolumeSnapshotContent'
  | 'Node'
  | 'CSIDriver'
  | 'ConfigMap';

export interface EventMeaning {
  readonly type: 'Normal' | 'Warning';
  readonly about: readonly EventObject[];
  /** When it is written, for the documentation; left out where it reports a failure or a condition, which says that itself. */
  readonly when?: string;
  /** The remedy of one that reports neither; empty where the message says it. */
  readonly advice?: string;
}

function warning(about: readonly EventObject[], when?: string, advice?: string): EventMeaning {
  return { type: 'Warning', about, ...(when !== undefined && { when }), ...(advice !== undefined && { advice }) };
}

const CLAIM = ['PersistentVolumeClaim'] as const;
const CLAIM_OR_SNAPSHOT = [...CLAIM, 'VolumeSnapshot'] as const;

/** The version of external-snapshotter that the chart uses, and whose kinds are to be installed. */
export const SNAPSHOTTER_VERSION = 'v8.6.0';

/** By their reason. */
export const EVENTS = {
  BackendUnreachable: warning(['CSIDriver', ...CLAIM_OR_SNAPSHOT]),
  BackendLoginFailed: warning(['CSIDriver', ...CLAIM_OR_SNAPSHOT]),
  BackendRefuses: warning(CLAIM_OR_SNAPSHOT),
  BackendReachable: { type: 'Normal', about: ['CSIDriver'], when: 'An RDS that was reported answers again.' },
  PoolNearlyFull: warning(
    ['CSIDriver'],
    'A pool has less free than its `reserve` and a tenth of its size; looked at every five minutes, every minute while less than a quarter is free, and within seconds of a call that was refused for lack of room.',
    'Delete snapshots or volumes that are no longer needed, or add disks, before writes to every volume in it fail',
  ),
  PoolDeviceMissing: warning(['CSIDriver']),
  PoolDeviceErrors: warning(['CSIDriver']),
  PoolDiskWarning: warning(['CSIDriver']),
  PoolDiskErrors: warning(['CSIDriver']),
  BackendMissing: warning(CLAIM_OR_SNAPSHOT),
  PoolMissing: warning(CLAIM_OR_SNAPSHOT),
  PoolFull: warning(CLAIM_OR_SNAPSHOT),
  OverCommitReached: warning(CLAIM),
  SnapshotQuotaReached: warning(['VolumeSnapshot']),
  RestoreTooSmall: warning(CLAIM),
  SourceGone: warning(CLAIM_OR_SNAPSHOT),
  SourceElsewhere: warning(CLAIM),
  SourceUnusable: warning(CLAIM),
  SourceDetached: warning(CLAIM_OR_SNAPSHOT),
  OwnedByOtherCluster: warning(CLAIM_OR_SNAPSHOT),
  CannotGrow: warning(CLAIM),
  SlotTaken: warning(CLAIM),
  ExportUnrecorded: warning(CLAIM),
  ExportChanged: warning(CLAIM),
  CopyInTheWay: warning(CLAIM_OR_SNAPSHOT),
  ImageNotAttached: warning(CLAIM),
  VolumeMissing: warning(CLAIM),
  ImageSmaller: warning(CLAIM),
  DiskItemLost: warning(CLAIM),
  ExportLost: warning(CLAIM),
  RouterOsUnfit: warning(CLAIM_OR_SNAPSHOT),
  ReplicaFailed: warning(['VolumeSnapshotContent', ...CLAIM]),
  ReplicaLate: warning(['VolumeSnapshotContent']),
  SnapshotKindsMissing: warning(
    ['CSIDriver'],
    'The cluster has no snapshot CRDs; looked at every five minutes.',
    `Install them: kubectl apply -k 'https://github.com/kubernetes-csi/external-snapshotter/client/config/crd?ref=${SNAPSHOTTER_VERSION}', and the snapshot-controller (docs/install.md)`,
  ),
  FormatRefused: warning(['Node']),
  FilesystemGaveUp: warning(['Node']),
  FilesystemDamaged: warning(['Node']),
  FilesystemNotGrown: warning(['Node']),
  FilesystemErrorRecorded: warning(['Node']),
  ConnectionLost: warning(['Node']),
  DeviceReadOnly: warning(['Node']),
  DeviceSmaller: warning(['Node']),
  VolumeRecovered: {
    type: 'Normal',
    about: ['Node'],
    when: 'A [condition](health.md) that the node has reported of a volume is over: a look that could judge it has not found it, or the node no longer has the volume.',
  },
  UnflushedDataLost: warning(
    ['Node'],
    'An unstage has given up an RDS that did not answer ([when](node-safety.md#when-the-rds-is-gone)), or the volume was detached by force while this node used it.',
    'Check the data of the pod that used it before it goes on, and restore from a snapshot if need be',
  ),
  OrphanFound: warning(
    ['ConfigMap'],
    'The RDS holds something that nothing in Kubernetes refers to ([orphans](orphans.md)).',
    '',
  ),
  OrphanReportDoubtful: warning(
    ['ConfigMap'],
    'The orphan report does not believe what Kubernetes answered, or that the backends have the names that they had ([orphans](orphans.md#under-another-name)).',
    '',
  ),
  PartialRemoved: {
    type: 'Normal',
    about: ['ConfigMap'],
    when: 'The orphan report has removed a partial volume in which the RDS saw no data.',
  },
} as const satisfies Readonly<Record<string, EventMeaning>>;

export type EventReason = keyof typeof EVENTS;

/** What is over when an Event is recorded. Should that happen again, it is recorded at once. */
export const ENDS: Readonly<Partial<Record<EventReason, readonly EventReason[]>>> = {
  BackendUnreachable: ['BackendReachable'],
  BackendLoginFailed: ['BackendReachable'],
  BackendReachable: ['BackendUnreachable', 'BackendLoginFailed'],
  VolumeRecovered: ['ConnectionLost', 'DeviceReadOnly', 'DeviceSmaller', 'FilesystemErrorRecorded'],
  ConnectionLost: ['VolumeRecovered'],
  DeviceReadOnly: ['VolumeRecovered'],
  DeviceSmaller: ['VolumeRecovered'],
  FilesystemErrorRecorded: ['VolumeRecovered'],
};
