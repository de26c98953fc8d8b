import { MiB, makeSnapshot, makeVolume, publish, unpublish } from './calls.ts';
import { fromSnapshot, fromVolume } from './requests.ts';
import type { Stack } from './stack.ts';

/** Every call that needs the RDS, on a volume with a snapshot. */
export function everyCall({ controller }: Pick<Stack, 'controller'>, volumeId: string, snapshotId: string) {
  const capacityRange = { requiredBytes: 8n * MiB };
  return {
    createVolume: () => makeVolume(controller, MiB),
    restore: () => makeVolume(controller, 4n * MiB, fromSnapshot(snapshotId)),
    clone: () => makeVolume(controller, 4n * MiB, fromVolume(volumeId)),
    getVolume: () => controller.controllerGetVolume({ volumeId }),
    listVolumes: () => controller.listVolumes({}),
    expand: () => controller.controllerExpandVolume({ volumeId, capacityRange }),
    publish: () => publish(controller, volumeId),
    unpublish: () => unpublish(controller, volumeId),
    capacity: () => controller.getCapacity({}),
    createSnapshot: () => makeSnapshot(controller, volumeId),
    getSnapshot: () => controller.getSnapshot({ snapshotId }),
    listSnapshots: () => controller.listSnapshots({}),
    listOneSnapshot: () => controller.listSnapshots({ snapshotId }),
    deleteSnapshot: () => controller.deleteSnapshot({ snapshotId }),
    deleteVolume: () => controller.deleteVolume({ volumeId }),
  };
}
