/** CreateVolume, DeleteVolume and ControllerExpandVolume. */
import type { CapacityRange, CreateVolumeRequest, Storage } from '../../storage/storage.ts';
import { volumeContext } from '../contexts.ts';
import { refuseUnfit } from '../filesystem-sizes.ts';
import type { Controller, CreateVolumeRequest as CreateVolumeMessage } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
import { contentSource, volumeMessage } from '../messages.ts';
import type { NetworkTopology } from '../network-topology.ts';
import { type VolumeParameters, volumeParameters } from '../parameters.ts';
import {
  capacityRange,
  invalid,
  refuseMutableParameters,
  requireCapacityRange,
  requireName,
  requireString,
} from '../validation.ts';
import { type RequestedAccess, requireAccess, requireCapabilities } from '../volume-capability.ts';

/** Making, growing and removing volumes. */
export function volumeHandlers(storage: Storage, topology: NetworkTopology) {
  return {
    async createVolume(message, call) {
      const { request, parameters, usages } = creation(message, topology);
      const volume = await storage.createVolume(request, call);
      // The source comes from the request: the sidecar deletes a volume whose reply does not echo it.
      const made = request.source ? { ...volume, source: request.source } : volume;
      const isBlank = request.source === undefined && usages.some(({ block }) => !block);
      return { volume: volumeMessage(topology, made, volumeContext(parameters, isBlank)) };
    },

    async deleteVolume({ volumeId }, call) {
      await storage.deleteVolume(requireString('volume_id', volumeId), call);
      return {};
    },

    async controllerExpandVolume(message, call) {
      const volumeId = requireString('volume_id', message.volumeId);
      const capacity = requireCapacityRange(message.capacityRange);
      const { volumeCapability: capability } = message;
      const usage = capability && requireAccess('volume_capability', capability);
      if (usage && !usage.block) refuseUnfit(usage.fsType, { ...capacity, limitBytes: 0n });
      const capacityBytes = await storage.expandVolume(volumeId, capacity, call);
      // A raw device has its new size as soon as the node reads it; a filesystem must be grown there.
      return { capacityBytes, nodeExpansionRequired: !usage?.block };
    },
  } satisfies Handlers<typeof Controller>;
}

interface Creation {
  readonly request: CreateVolumeRequest;
  readonly parameters: VolumeParameters;
  readonly usages: readonly RequestedAccess[];
}

function creation(message: CreateVolumeMessage, topology: NetworkTopology): Creation {
  const name = requireName(message.name);
  const capacity = capacityRange(message.capacityRange);
  const usages = requireCapabilities(message.volumeCapabilities).map((capability, index) =>
    requireAccess(`volume_capabilities[${index}]`, capability),
  );
  const parameters = volumeParameters(message.parameters);
  refuseOtherFilesystem(parameters, usages);
  const source = contentSource(message.volumeContentSource);
  if (source === undefined) refuseUnfitFilesystem(parameters, usages, capacity);
  const networks = topology.required('accessibility_requirements', message.accessibilityRequirements);
  refuseMutableParameters(message.mutableParameters);
  const { backend, pool, description } = parameters;
  const request = {
    name,
    capacity,
    ...(source && { source }),
    ...(backend !== undefined && { backend }),
    ...(pool !== undefined && { pool }),
    ...(networks !== undefined && { networks }),
    ...(description !== undefined && { description }),
  };
  return { request, parameters, usages };
}

/** A restore has the filesystem of its source, whatever is asked for. */
function refuseUnfitFilesystem(
  { fsType }: VolumeParameters,
  usages: readonly RequestedAccess[],
  capacity: CapacityRange,
): void {
  for (const usage of usages) if (!usage.block) refuseUnfit(usage.fsType || fsType || 'ext4', capacity);
}

/** The filesystem can be named twice, in the capability and in the StorageClass; two answers are a mistake. */
function refuseOtherFilesystem({ fsType }: VolumeParameters, usages: readonly RequestedAccess[]): void {
  const other = usages.find((usage) => usage.fsType !== '' && usage.fsType !== fsType);
  if (fsType && other) {
    throw invalid(
      `parameters of the StorageClass: "fsType" is "${fsType}", but a volume capability asks for "${other.fsType}"`,
    );
  }
}
