/**
 * What the driver can do, without gRPC, Kubernetes or RouterOS in it. `src/csi` translates CSI calls to this interface;
 * `./service.ts` implements it on the configured backends. Sizes are bytes as `bigint`. Every method is idempotent, takes
 * the caller's {@link Call}, and throws nothing but `StorageError`.
 */
import type { Condition } from '../failures/conditions.ts';
import type { Call } from './call.ts';

export type ContentSource = { readonly snapshotId: string } | { readonly volumeId: string };

/** CSI CapacityRange: 0 means "not given". */
export interface CapacityRange {
  readonly requiredBytes: bigint;
  readonly limitBytes: bigint;
}

/** Where a volume is to be: what is left out fits every place. */
export interface Place {
  /** Name of the backend. */
  readonly backend?: string;
  /** Label of the pool. */
  readonly pool?: string;
  /** Storage networks of which the backend must be on one. */
  readonly networks?: ReadonlySet<string>;
}

/** A volume to be made, in the one place that fits: a request that leaves several is refused. */
export interface CreateVolumeRequest extends Place {
  readonly name: string;
  readonly capacity: CapacityRange;
  readonly source?: ContentSource;
  /** Human-readable text on the device, e.g. `namespace/claim`; never parsed. */
  readonly description?: string;
}

export interface Volume {
  readonly id: string;
  readonly capacityBytes: bigint;
  readonly source?: ContentSource;
  /** Storage network that nodes reach the volume by. */
  readonly network: string;
  /** CSI node ids that the volume is published to, as recorded on the device. */
  readonly publishedNodeIds: readonly string[];
}

/** What is wrong with a volume, as its RDS reports it. */
export interface VolumeHealth {
  readonly id: string;
  /** Its own, then those of its pool; empty when none is known. */
  readonly conditions: readonly Condition[];
}

/** How a volume is used on a node: one writer, one reader, or shared raw block (live migration, two nodes at most). */
export type PublishMode = 'writer' | 'reader' | 'shared';

export interface ControllerPublishRequest {
  readonly volumeId: string;
  readonly nodeId: string;
  readonly mode: PublishMode;
}

/** Where a node finds the volume. */
export interface ExportAddress {
  readonly address: string;
  readonly port: number;
  readonly nqn: string;
  /** Size of the export, in bytes. */
  readonly bytes: bigint;
}

export interface CreateSnapshotRequest {
  readonly name: string;
  readonly sourceVolumeId: string;
  /** Snapshots that the source may have, this one included; undefined for no limit. */
  readonly maxSnapshots?: number | undefined;
}

export interface Snapshot {
  readonly id: string;
  readonly sourceVolumeId: string;
  /** Smallest volume that a restore fits in. */
  readonly sizeBytes: bigint;
  /** Unix seconds at which the snapshot was taken; the same in every answer, forever. */
  readonly createdAtSeconds: bigint;
  /** Where it is on its RDS, for whoever looks for it there. */
  readonly place: SnapshotPlace;
}

interface SnapshotPlace {
  readonly backend: string;
  /** Label of the pool. */
  readonly pool: string;
  /** Full name of the subvolume. */
  readonly subvolume: string;
  /** Slot of the disk that it was taken from; the disk may be gone. */
  readonly sourceSlot: string;
}

/** One page. `maxEntries` 0 means "as many as you like". */
export interface PageRequest {
  readonly maxEntries: number;
  readonly token: string;
}

export interface Page<T> {
  readonly entries: readonly T[];
  /** Empty when this was the last page. */
  readonly nextToken: string;
}

export interface SnapshotFilter {
  readonly snapshotId?: string;
  readonly sourceVolumeId?: string;
}

/** Snapshots on their own: what was restored from one does not need it, nor does it need its source. */
export interface SnapshotStore {
  create(request: CreateSnapshotRequest, call: Call): Promise<Snapshot>;
  delete(snapshotId: string, call: Call): Promise<void>;
  get(snapshotId: string, call: Call): Promise<Snapshot>;
  list(filter: SnapshotFilter, page: PageRequest, call: Call): Promise<Page<Snapshot>>;
}

export interface Storage {
  /** True once an RDS has answered the start-up probe and is fit. Never touches SSH. */
  ready(): boolean;
  readonly snapshots: SnapshotStore;

  createVolume(request: CreateVolumeRequest, call: Call): Promise<Volume>;
  deleteVolume(volumeId: string, call: Call): Promise<void>;
  getVolume(volumeId: string, call: Call): Promise<Volume>;
  listVolumes(page: PageRequest, call: Call): Promise<Page<Volume>>;
  volumeHealth(volumeId: string, call: Call): Promise<VolumeHealth>;
  /** Only of volumes with which something is wrong; a page may be empty and not be the last. */
  listVolumeHealth(page: PageRequest, call: Call): Promise<Page<VolumeHealth>>;
  /** @returns the size that the device reports afterwards, at least `capacity.requiredBytes`. */
  expandVolume(volumeId: string, capacity: CapacityRange, call: Call): Promise<bigint>;
  publishVolume(request: ControllerPublishRequest, call: Call): Promise<ExportAddress>;
  /** An empty node id unpublishes from every node (CSI ControllerUnpublishVolume). */
  unpublishVolume(volumeId: string, nodeId: string, call: Call): Promise<void>;
  /** Free bytes that new volumes could have in the places that fit; 0 when none does. */
  capacity(where: Place, call: Call): Promise<bigint>;
}
