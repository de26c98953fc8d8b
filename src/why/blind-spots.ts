import type { Seen } from '../kubernetes/reader.ts';
import type { ClusterState } from './cluster-state.ts';

/** What was to be looked at and could not be, one sentence each, with the right that is lacking. */
export function blindSpots(cluster: ClusterState): string[] {
  const seen: (readonly [string, Seen<unknown> | undefined])[] = [
    ['the PersistentVolumeClaim', cluster.claim],
    ['the StorageClass', cluster.storageClass],
    ['CSIStorageCapacities', cluster.capacities],
    ['the source of the claim', cluster.source?.seen],
    ['the PersistentVolume', cluster.volume],
    ['VolumeAttachments', cluster.attachments],
    ['the pods that use the claim', cluster.pods],
    ['Nodes', cluster.nodes],
    ['the CSIDriver', cluster.csiDriver],
    ['the pods of the driver', cluster.driverPods],
    ['VolumeSnapshots', cluster.snapshots],
    ['the VolumeSnapshot', cluster.snapshot],
    ['VolumeSnapshotClasses', cluster.snapshotClasses],
    ['the VolumeSnapshotContent', cluster.content],
    ['the pods of snapshot-controller', cluster.snapshotControllerPods],
    ...[...cluster.csiNodes].map(([name, one]) => [`CSINode ${name}`, one] as const),
    ...[...cluster.events].map(([name, one]) => [`Events of ${name}`, one] as const),
  ];
  return seen.flatMap(([what, one]) =>
    one?.is !== 'unseen'
      ? []
      : [`cannot look at ${what}: ${one.right === undefined ? one.because : `needs the right to ${one.right}`}`],
  );
}
