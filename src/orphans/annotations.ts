import type { InventorySnapshot } from '../storage/inventory.ts';
import { toSnapshot } from '../storage/snapshots.ts';
import type { Snapshot } from '../storage/storage.ts';

/** Prefix of the annotations of a VolumeSnapshotContent. Permanent, whatever the driver's name is. */
const ANNOTATION_PREFIX = 'rds.rose-csi.io/';

/** What the snapshot's name on the RDS says, in words. Sizes are bytes; times RFC 3339 in UTC. */
export function annotationsOf(snapshot: Snapshot): Record<string, string> {
  const { place } = snapshot;
  const values = {
    'source-volume-id': snapshot.sourceVolumeId,
    'creation-time': rfc3339(snapshot.createdAtSeconds),
    bytes: String(snapshot.sizeBytes),
    slot: place.sourceSlot,
    subvolume: place.subvolume,
    backend: place.backend,
    pool: place.pool,
  };
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${ANNOTATION_PREFIX}${key}`, value]));
}

/** As {@link annotationsOf}, if they are not there already; undefined when they are. */
export function missingAnnotations(
  { backend, pool, name }: InventorySnapshot,
  present: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const wanted = annotationsOf(toSnapshot(backend, pool, name));
  return Object.entries(wanted).some(([key, value]) => present[key] !== value) ? wanted : undefined;
}

/** Seconds since 1970 as `2026-11-23T01:00:00Z`. */
export function rfc3339(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
}

/** Where the copy of a snapshot is. */
export interface CopyPlace {
  /** Its id. */
  readonly id: string;
  /** Label of the pool. */
  readonly pool: string;
  /** In the words and the time zone of the RDS; undefined where it does not tell. */
  readonly receivedAt: string | undefined;
}

/** What a VolumeSnapshotContent is to say of the copy, if it does not already; undefined when it does. Never read by the driver. */
export function missingCopyAnnotations(
  { id, pool, receivedAt }: CopyPlace,
  present: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const values = {
    'copy-id': id,
    'copy-pool': pool,
    ...(receivedAt !== undefined && { 'copy-received': receivedAt }),
  };
  const wanted = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`${ANNOTATION_PREFIX}${key}`, value]),
  );
  return Object.entries(wanted).some(([key, value]) => present[key] !== value) ? wanted : undefined;
}
