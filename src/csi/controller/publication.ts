/** ControllerPublishVolume and ControllerUnpublishVolume. */
import type { Storage } from '../../storage/storage.ts';
import { publishContext } from '../contexts.ts';
import type { Controller } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
import { checkString, requireString } from '../validation.ts';
import { publishMode, requireAccess } from '../volume-capability.ts';

/** CSI's own limit for node ids, in bytes. */
const MAX_NODE_ID_BYTES = 256;

/** Making a volume reachable from a node, and undoing it. */
export function publicationHandlers(storage: Storage) {
  return {
    async controllerPublishVolume(message, call) {
      const volumeId = requireString('volume_id', message.volumeId);
      const nodeId = requireString('node_id', message.nodeId, MAX_NODE_ID_BYTES);
      const usage = requireAccess('volume_capability', message.volumeCapability);
      const mode = publishMode(usage, message.readonly);
      const target = await storage.publishVolume({ volumeId, nodeId, mode }, call);
      return { publishContext: publishContext(target) };
    },

    async controllerUnpublishVolume(message, call) {
      const volumeId = requireString('volume_id', message.volumeId);
      const nodeId = checkString('node_id', message.nodeId, MAX_NODE_ID_BYTES);
      await storage.unpublishVolume(volumeId, nodeId, call);
      return {};
    },
  } satisfies Handlers<typeof Controller>;
}
