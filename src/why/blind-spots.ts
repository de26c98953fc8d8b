import type { Seen } from '../kubernetes/reader.ts';
import type { Scene } from './scene.ts';

/** What was to be looked at and could not be, one sentence each, with the right that is lacking. */
export function blindSpots(scene: Scene): string[] {
  const seen: (readonly [string, Seen<unknown> | undefined])[] = [
    ['the PersistentVolumeClaim', scene.claim],
    ['the StorageClass', scene.storageClass],
    ['CSIStorageCapacities', scene.capacities],
    ['the source of the claim', scene.source?.seen],
    ['the PersistentVolume', scene.volume],
    ['VolumeAttachments', scene.attachments],
    ['the pods that use the claim', scene.pods],
    ['Nodes', scene.nodes],
    ['the CSIDriver', scene.csiDriver],
    ['the pods of the driver', scene.driverPods],
    ['VolumeSnapshots', scene.snapshots],
    ['the VolumeSnapshot', scene.snapshot],
    ['VolumeSnapshotClasses', scene.snapshotClasses],
    ['the VolumeSnapshotContent', scene.content],
    ['the pods of snapshot-controller', scene.snapshotControllerPods],
    ...[...scene.csiNodes].map(([name, one]) => [`CSINode ${name}`, one] as const),
    ...[...scene.events].map(([name, one]) => [`Events of ${name}`, one] as const),
  ];
  return seen.flatMap(([what, one]) =>
    one?.is !== 'unseen'
      ? []
      : [`cannot look at ${what}: ${one.right === undefined ? one.because : `needs the right to ${one.right}`}`],
  );
}
