import type { Volume } from '../../src/csi/gen/csi_pb.js';
import type { Installation } from '../support/installation.ts';
import { filesystem, volumeRequest } from '../support/requests.ts';

const NODE_ID = 'nqn.2014-08.org.nvmexpress:uuid:6f1c8a5e-7c0d-4c1b-9b0e-3d2f4a5b6c7d';

/** The calls of Kubernetes that the stories are made of, for one node. Each throws when the driver answers without the object. */
export function callsOf(controller: Installation['controller']) {
  return {
    /** @param extra of the request: source and parameters. */
    create: async (name: string, bytes: bigint, extra: Parameters<typeof volumeRequest>[2] = {}) =>
      present((await controller.createVolume(volumeRequest(name, bytes, extra))).volume),
    takeSnapshot: async (name: string, { volumeId }: Volume) =>
      present((await controller.createSnapshot({ name, sourceVolumeId: volumeId })).snapshot),
    /** @returns the NQN that the volume is exported under. */
    publish: async ({ volumeId }: Volume) => {
      const request = { volumeId, nodeId: NODE_ID, volumeCapability: filesystem };
      return (await controller.controllerPublishVolume(request)).publishContext['nqn'] ?? '';
    },
    unpublish: async ({ volumeId }: Volume) => {
      await controller.controllerUnpublishVolume({ volumeId, nodeId: NODE_ID });
    },
  };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the driver answered without the object');
  return value;
}
