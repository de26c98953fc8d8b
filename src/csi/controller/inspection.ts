/** The calls that only look: ControllerGetVolume, ListVolumes, GetCapacity, ValidateVolumeCapabilities. */
import { StorageError } from '../../storage/errors.ts';
import type { Storage, Volume } from '../../storage/storage.ts';
import { contextProblem } from '../contexts.ts';
import type { Controller, ValidateVolumeCapabilitiesRequest } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
import { volumeMessage } from '../messages.ts';
import type { NetworkTopology } from '../network-topology.ts';
import { volumeParameters } from '../parameters.ts';
import { pageRequest, refuseMutableParameters, requireString } from '../validation.ts';
import {
  type RequestedAccess,
  refusalOf,
  requestedAccess,
  requireAccess,
  requireCapabilities,
} from '../volume-capability.ts';

/** Looking at volumes and pools; nothing here changes anything. */
export function inspectionHandlers(storage: Storage, topology: NetworkTopology) {
  const volumeEntry = (volume: Volume) => ({
    volume: volumeMessage(topology, volume),
    status: { publishedNodeIds: [...volume.publishedNodeIds] },
  });
  return {
    async controllerGetVolume({ volumeId }, call) {
      return volumeEntry(await storage.getVolume(requireString('volume_id', volumeId), call));
    },

    async listVolumes(message, call) {
      const { entries, nextToken } = await storage.listVolumes(pageRequest(message), call);
      return { entries: entries.map(volumeEntry), nextToken };
    },

    async getCapacity(message, call) {
      message.volumeCapabilities.forEach((capability, index) => {
        requireAccess(`volume_capabilities[${index}]`, capability);
      });
      const { backend, pool } = volumeParameters(message.parameters);
      const networks = topology.given('accessible_topology', message.accessibleTopology);
      const where = {
        ...(backend !== undefined && { backend }),
        ...(pool !== undefined && { pool }),
        ...(networks !== undefined && { networks }),
      };
      const availableCapacity = await storage.capacity(where, call);
      // Over several pools the free space is a sum, which no single volume can have.
      const onePool = backend !== undefined && pool !== undefined;
      return { availableCapacity, ...(onePool && { maximumVolumeSize: availableCapacity }) };
    },

    async validateVolumeCapabilities(message, call) {
      const volumeId = requireString('volume_id', message.volumeId);
      const usages = requireCapabilities(message.volumeCapabilities).map((capability, index) =>
        requestedAccess(`volume_capabilities[${index}]`, capability),
      );
      const volume = await storage.getVolume(volumeId, call);
      const problem = problemOf(message, usages, volume);
      if (problem !== undefined) return { message: problem };
      const { volumeContext, volumeCapabilities, parameters } = message;
      return { confirmed: { volumeContext, volumeCapabilities, parameters } };
    },
  } satisfies Handlers<typeof Controller>;
}

/** Why the volume cannot be used as asked; undefined when it can. Here that is an answer, not an error. */
function problemOf(
  message: ValidateVolumeCapabilitiesRequest,
  usages: readonly RequestedAccess[],
  volume: Volume,
): string | undefined {
  const problem = contextProblem(message.volumeContext, volume) ?? usages.map(refusalOf).find(Boolean);
  if (problem !== undefined) return problem;
  try {
    volumeParameters(message.parameters);
    refuseMutableParameters(message.mutableParameters);
    return undefined;
  } catch (error) {
    if (error instanceof StorageError && error.kind === 'invalid') return error.message;
    throw error;
  }
}
