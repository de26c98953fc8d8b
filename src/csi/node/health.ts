/** NodeGetVolumeHealth and NodeGetStorageHealth. */
import type { ConditionCode } from '../../failures/conditions.ts';
import type { NodeVolumes } from '../../host/node-volumes.ts';
import { type Node, StorageHealthErrorType as Type } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
import { conditionText, healthMessage } from '../health.ts';
import { requireString } from '../validation.ts';
import { requirePath, volumeIdentity } from './requests.ts';

const LOST: ConditionCode = 'ConnectionLost';

/** How volumes and their storage are, as this node sees it. */
export function healthHandlers(volumes: Pick<NodeVolumes, 'conditions' | 'unreachable'>) {
  return {
    async nodeGetVolumeHealth(message, call) {
      const volumeId = requireString('volume_id', message.volumeId);
      const paths = [
        ...optionalPath('volume_publish_path', message.volumePublishPath),
        ...optionalPath('staging_target_path', message.stagingTargetPath),
      ];
      const conditions = await volumes.conditions(volumeIdentity(volumeId), paths, call);
      return { volumeHealth: healthMessage(volumeId, conditions) };
    },

    /** All places that are lost are in one entry, as CSI allows no two with one reason. */
    async nodeGetStorageHealth() {
      const places = await volumes.unreachable();
      if (places.length === 0) return {};
      const message = conditionText({ code: LOST, detail: places.join(', ') });
      return { backendHealth: [{ status: Type.STORAGE_UNREACHABLE, reason: LOST, message }] };
    },
  } satisfies Handlers<typeof Node>;
}

function optionalPath(field: string, value: string): string[] {
  return value === '' ? [] : [requirePath(field, value)];
}
