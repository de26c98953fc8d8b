import type { Condition } from '../failures/conditions.ts';
import type {
  Claim,
  CsiDriver,
  CsiNode,
  Event,
  Node,
  Pod,
  StorageCapacity,
  StorageClass,
  Volume,
  VolumeAttachment,
  VolumeSnapshot,
  VolumeSnapshotClass,
  VolumeSnapshotContent,
} from '../kubernetes/kinds.ts';
import type { Seen } from '../kubernetes/reader.ts';

/** What was asked about. */
export interface Subject {
  readonly kind: 'claim' | 'volume' | 'snapshot';
  readonly name: string;
  /** Of claims and snapshots. */
  readonly namespace: string;
}

/** How the RDS holds the volume or snapshot. */
export type Device =
  | {
      readonly is: 'volume';
      readonly id: string;
      readonly pool: string;
      /** Undefined when no configured cluster id gives this owner. */
      readonly ownedBy: string | undefined;
      readonly owner: string;
      readonly bytes: bigint | undefined;
      /** Slot of its disk item on the RDS; undefined when that is lost. */
      readonly slot: string | undefined;
      readonly exported: boolean;
      /** Names of the nodes on its record; the node id of one that the cluster does not know. */
      readonly nodes: readonly string[];
      /** Of that record, which is another one as soon as anything has been written there; empty without a record. */
      readonly generation: string;
    }
  | {
      readonly is: 'snapshot';
      readonly id: string;
      readonly pool: string;
      readonly ownedBy: string | undefined;
      readonly owner: string;
      readonly bytes: bigint;
      /** Handle of the volume that it was taken from. */
      readonly source: string;
      /** Milliseconds since the epoch. */
      readonly takenAt: number;
    }
  /** An intact answer from the right pools says so. `elsewhere` are ids of the same uuid that other backends hold. */
  | { readonly is: 'absent'; readonly id: string; readonly elsewhere?: readonly string[] }
  /** The id names a backend that is not configured. */
  | {
      readonly is: 'unconfigured';
      readonly id: string;
      readonly backend: string;
      readonly elsewhere?: readonly string[];
    }
  /** There is nothing to look for yet. */
  | { readonly is: 'none' }
  /** The RDS did not answer, or not as it should. */
  | { readonly is: 'unseen'; readonly id: string; readonly because: string };

/** An RDS that answered: why it is not fit as configured, and what new volumes can have. */
export interface BackendStatus {
  readonly backend: string;
  /** One sentence each; empty when it is fit. */
  readonly problems: readonly string[];
  readonly freeBytes: bigint;
  /** By label. */
  readonly pools: ReadonlyMap<string, PoolStatus>;
}

/** A pool as its RDS reports it. */
export interface PoolStatus {
  readonly conditions: readonly Condition[];
  readonly freeBytes: bigint;
  /** What is said of it when it is nearly full. */
  readonly scarcity: string | undefined;
}

/** The RDS beside the cluster; undefined in the cluster state without `--config`. */
export interface DeviceView {
  /** Names of the configured backends. */
  readonly backends: readonly string[];
  readonly device: Device;
  /** Undefined when it did not answer, or when it is not known which one is meant. */
  readonly status: BackendStatus | undefined;
  /** Why the driver makes no volume of the class. */
  readonly refusal?: string;
}

/** Everything that was looked at, at one time. What is undefined was not looked for, because nothing leads there. */
export interface ClusterState {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly driver: string;
  readonly subject: Subject;
  /** `namespace/name` of objects of the kind and name asked for, when it is not in the namespace asked for. */
  readonly elsewhere: readonly string[];
  readonly claim?: Seen<Claim>;
  /** The class of the claim, or the default one. */
  readonly storageClass?: Seen<StorageClass>;
  /** What the claim is to be made from. */
  readonly source?: { readonly what: string; readonly seen: Seen<VolumeSnapshot> | Seen<Claim> };
  /** What csi-provisioner has published of the class for the scheduler; for a claim that is not bound. */
  readonly capacities?: Seen<readonly StorageCapacity[]>;
  readonly volume?: Seen<Volume>;
  readonly attachments?: Seen<readonly VolumeAttachment[]>;
  /** Other PersistentVolumes of the same volume, each with a node that it is attached to and the RDS has on its record. */
  readonly sharing?: readonly { readonly name: string; readonly node: string }[];
  /** The pods that use the claim. */
  readonly pods?: Seen<readonly Pod[]>;
  readonly nodes?: Seen<readonly Node[]>;
  /** By node name: the nodes that pods run on or the volume is attached to. */
  readonly csiNodes: ReadonlyMap<string, Seen<CsiNode>>;
  readonly csiDriver?: Seen<CsiDriver>;
  /** Pods of the chart's controller and node plugin. */
  readonly driverPods?: Seen<readonly Pod[]>;
  /** VolumeSnapshots in the namespace of the claim. */
  readonly snapshots?: Seen<readonly VolumeSnapshot[]>;
  readonly snapshot?: Seen<VolumeSnapshot>;
  readonly snapshotClasses?: Seen<readonly VolumeSnapshotClass[]>;
  readonly content?: Seen<VolumeSnapshotContent>;
  readonly snapshotControllerPods?: Seen<readonly Pod[]>;
  /** Newest first, by `Kind/name` of the object. */
  readonly events: ReadonlyMap<string, Seen<readonly Event[]>>;
  /** Undefined without `--config`. */
  readonly view?: DeviceView;
  /** The file of `--config`, as it was given. */
  readonly configFile?: string;
}

/** The object, when it is there and was seen. */
export function there<T>(seen: Seen<T> | undefined): T | undefined {
  return seen?.is === 'there' ? seen.object : undefined;
}

/** When an Event happened last, in ms since the epoch; 0 when it does not say. */
export function timeOf({ series, lastTimestamp, eventTime, firstTimestamp }: Event): number {
  return Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp ?? '') || 0;
}

/** Two writers met at the API server, and the one that says so has retried since: it never is why something is stuck. */
const CONFLICT = /the object has been modified; please apply your changes/;

/** What someone said, unless it is about nothing but a conflict that is over when it is read. */
export function telling(message: string | undefined): string | undefined {
  return message === undefined || CONFLICT.test(message) ? undefined : message;
}

/** The newest Event of an object, of these reasons; by default its newest warning. */
export function newest(
  { events }: ClusterState,
  kind: string,
  name: string,
  reasons?: readonly string[],
): Event | undefined {
  return there(events.get(`${kind}/${name}`))?.find(
    ({ type, reason, message }) =>
      (reasons === undefined ? type === 'Warning' : reasons.includes(reason ?? '')) && !CONFLICT.test(message ?? ''),
  );
}

/** The newest Event of a failure, unless one of the reasons `done` came after it, or with it: then it is over. */
export function unsettled(
  cluster: ClusterState,
  [kind, name]: readonly [kind: string, name: string],
  failed: readonly string[],
  done: readonly string[],
): Event | undefined {
  const failure = newest(cluster, kind, name, failed);
  const success = newest(cluster, kind, name, done);
  return failure !== undefined && success !== undefined && timeOf(success) >= timeOf(failure) ? undefined : failure;
}

/** Whether it is being deleted. */
export function isGoing({
  metadata,
}: {
  readonly metadata: { readonly deletionTimestamp?: string | undefined };
}): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Milliseconds since an object was made, or marked to be deleted; 0 when it does not say. */
export function age({ now }: ClusterState, time: string | undefined): number {
  return time === undefined ? 0 : Math.max(0, now - (Date.parse(time) || now));
}

/** Pods that were scheduled and did not end yet. */
export function isAlive({ status }: Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

/** Ready, as its conditions say. */
export function isReady({ status }: Pick<Pod, 'status'> | Pick<Node, 'status'>): boolean {
  return status?.conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
