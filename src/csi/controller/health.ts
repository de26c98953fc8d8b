/** ControllerGetVolumeHealth and ControllerListVolumeHealth. */
import type { Storage } from '../../storage/storage.ts';
import type { Controller } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
import { healthMessage } from '../health.ts';
import { pageRequest, requireString } from '../validation.ts';

/** What is wrong with volumes as the RDS reports it; nothing here changes anything. */
export function healthHandlers(storage: Storage) {
  return {
    async controllerGetVolumeHealth({ volumeId }, call) {
      const { id, conditions } = await storage.volumeHealth(requireString('volume_id', volumeId), call);
      return { volumeHealth: healthMessage(id, conditions) };
    },

    async controllerListVolumeHealth(message, call) {
      const { entries, nextToken } = await storage.listVolumeHealth(pageRequest(message), call);
      return { entries: entries.map(({ id, conditions }) => healthMessage(id, conditions)), nextToken };
    },
  } satisfies Handlers<typeof Controller>;
}
