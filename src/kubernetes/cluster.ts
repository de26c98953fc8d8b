/**
 * What the driver asks of Kubernetes. Nothing in the safety of volumes and snapshots rests on it: it serves the orphan
 * report, annotations and Events. Every method throws nothing but {@link KubernetesError}.
 */
import type { EventObject, EventReason } from '../failures/events.ts';
import type { Claim, Volume, VolumeAttachment, VolumeSnapshot, VolumeSnapshotContent } from './kinds.ts';

/** A whole list, as it was at one moment. */
export interface Listed<T> {
  readonly items: readonly T[];
  /** State of the API server that the list shows. */
  readonly resourceVersion: string;
}

/** A small text that outlives the process: one key of a ConfigMap. */
export interface ConfigMapState {
  readonly text: string | undefined;
  /** What {@link Cluster.writeState} must find unchanged; undefined when there is no ConfigMap. */
  readonly resourceVersion: string | undefined;
}

export interface LeaseState {
  /** Undefined when it was given back. */
  readonly holder: string | undefined;
  readonly seconds: number;
  readonly transitions: number;
  readonly resourceVersion: string;
}

/** Another object, as an Event refers to it. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: EventObject;
  /** Absent for an object without one. */
  readonly namespace?: string;
  readonly name: string;
  /** Absent when it is not known; then `kubectl describe` of the object does not show the Event. */
  readonly uid?: string;
}

/** What an Event says. */
export interface EventNote {
  readonly reason: EventReason;
  /** What happened, without secrets. Cut so that with what to do about it no more than 1024 bytes are reported. */
  readonly message: string;
  /** What of the object it is about, if that is several things, e.g. the pool of a driver. */
  readonly subject?: string;
}

export interface Cluster {
  /** All PersistentVolumes, of whatever driver. */
  persistentVolumes(signal: AbortSignal): Promise<Listed<Volume>>;

  /** All VolumeSnapshotContents, of whatever driver; undefined when the API server does not know the kind. */
  snapshotContents(signal: AbortSignal): Promise<Listed<VolumeSnapshotContent> | undefined>;

  volumeAttachments(signal: AbortSignal): Promise<Listed<VolumeAttachment>>;

  /** The PersistentVolumeClaims of all namespaces that are wanted: there may be many. */
  claims(isWanted: (claim: Claim) => boolean, signal: AbortSignal): Promise<Listed<Claim>>;

  /** The VolumeSnapshots of all namespaces that are wanted; undefined when the API server does not know the kind. */
  snapshots(
    isWanted: (snapshot: VolumeSnapshot) => boolean,
    signal: AbortSignal,
  ): Promise<Listed<VolumeSnapshot> | undefined>;

  /** Sets annotations of a VolumeSnapshotContent and leaves the others as they are. */
  annotateContent(name: string, annotations: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;

  readState(name: string, signal: AbortSignal): Promise<ConfigMapState>;

  /** Writes what {@link readState} read, changed; status 409 when someone else has written it meanwhile. */
  writeState(name: string, state: ConfigMapState & { readonly text: string }, signal: AbortSignal): Promise<void>;

  /** Undefined when there is no such Lease. */
  readLease(name: string, signal: AbortSignal): Promise<LeaseState | undefined>;

  /** Makes a Lease, or changes the one that was read; status 409 when someone else was quicker. */
  writeLease(name: string, lease: NewLease, signal: AbortSignal): Promise<void>;

  /** Writes an Event, or counts it in the one that reports the same already. */
  event(about: ObjectReference, note: EventNote, signal: AbortSignal): Promise<void>;
}

export interface NewLease {
  /** Undefined gives it back. */
  readonly holder: string | undefined;
  readonly seconds: number;
  readonly transitions: number;
  /** Undefined when there is no Lease yet. */
  readonly resourceVersion: string | undefined;
}

/** Kubernetes could not be asked, or did not do what it was asked. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  /** HTTP status; undefined when there was no whole answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
