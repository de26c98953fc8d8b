/** The Node service: CSI calls translated to the volumes of this node. */
import type { NodeVolumes } from '../../host/node-volumes.ts';
import type { StageRequest, Use } from '../../host/staging.ts';
import {
  VolumeCapability_AccessMode_Mode as Mode,
  type Node,
  type NodeStageVolumeRequest,
  NodeServiceCapability_RPC_Type as Rpc,
  VolumeUsage_Unit as Unit,
} from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
import { mountOptions } from '../mount-options.ts';
import { NetworkTopology } from '../network-topology.ts';
import { capacityRange, requireString } from '../validation.ts';
import { type RequestedAccess, requireAccess } from '../volume-capability.ts';
import { healthHandlers } from './health.ts';
import {
  contentsOf,
  filesystemOf,
  requireApart,
  requirePath,
  requireVolumePath,
  targetOf,
  volumeIdentity,
} from './requests.ts';

/** Who this node is. */
export interface NodeIdentity {
  /** The host NQN. */
  readonly nodeId: string;
  /** Volumes that Kubernetes may place here at once; 0 for no limit. */
  readonly maxVolumes: number;
  /** Name of the CSI driver, which keys of topology begin with. */
  readonly driverName: string;
  /** Storage networks that it reaches. */
  readonly networks: readonly string[];
}

/** What the Node service offers. */
const nodeCapabilities: readonly Rpc[] = [
  Rpc.STAGE_UNSTAGE_VOLUME,
  Rpc.EXPAND_VOLUME,
  Rpc.GET_VOLUME_STATS,
  Rpc.GET_VOLUME_HEALTH,
  Rpc.GET_STORAGE_HEALTH,
  Rpc.SINGLE_NODE_MULTI_WRITER,
];

/** Each handler validates, acts and replies. */
export function nodeHandlers(identity: NodeIdentity, volumes: NodeVolumes): Handlers<typeof Node> {
  return {
    ...infoHandlers(identity),
    ...stagingHandlers(volumes),
    ...publishingHandlers(volumes),
    ...healthHandlers(volumes),
  };
}

function infoHandlers({ nodeId, maxVolumes, driverName, networks }: NodeIdentity) {
  const accessibleTopology = new NetworkTopology(driverName).of(...networks);
  return {
    nodeGetCapabilities: async () => ({
      capabilities: nodeCapabilities.map((type) => ({ type: { case: 'rpc' as const, value: { type } } })),
    }),
    nodeGetInfo: async () => ({ nodeId, maxVolumesPerNode: BigInt(maxVolumes), accessibleTopology }),
  } satisfies Handlers<typeof Node>;
}

function stagingHandlers(volumes: NodeVolumes) {
  return {
    async nodeStageVolume(message, call) {
      await volumes.stage(stageRequest(message), call);
      return {};
    },

    async nodeUnstageVolume(message, call) {
      const volumeId = requireString('volume_id', message.volumeId);
      const stagingPath = requirePath('staging_target_path', message.stagingTargetPath);
      await volumes.unstage(volumeIdentity(volumeId), stagingPath, call);
      return {};
    },

    async nodeExpandVolume(message, call) {
      const volumeId = requireString('volume_id', message.volumeId);
      const path = requireVolumePath(message.volumePath);
      const { requiredBytes } = capacityRange(message.capacityRange);
      return { capacityBytes: await volumes.expand(volumeIdentity(volumeId), path, requiredBytes, call) };
    },
  } satisfies Handlers<typeof Node>;
}

function publishingHandlers(volumes: NodeVolumes) {
  return {
    async nodePublishVolume(message, call) {
      const volumeId = requireString('volume_id', message.volumeId);
      const targetPath = requirePath('target_path', message.targetPath);
      const stagingPath = requirePath('staging_target_path', message.stagingTargetPath);
      requireApart(stagingPath, targetPath);
      const { block, mode, mountFlags } = requireAccess('volume_capability', message.volumeCapability);
      await volumes.publish(
        {
          volume: volumeIdentity(volumeId),
          stagingPath,
          targetPath,
          kind: block ? 'block' : 'filesystem',
          staged: Object.keys(message.publishContext).length > 0 ? stageRequest(message) : undefined,
          readOnly: message.readonly || mountOptions(mountFlags).readOnly || mode === Mode.SINGLE_NODE_READER_ONLY,
          exclusive: mode === Mode.SINGLE_NODE_SINGLE_WRITER,
        },
        call,
      );
      return {};
    },

    async nodeUnpublishVolume(message, call) {
      const volumeId = requireString('volume_id', message.volumeId);
      const targetPath = requirePath('target_path', message.targetPath);
      await volumes.unpublish(volumeIdentity(volumeId), targetPath, call);
      return {};
    },

    async nodeGetVolumeStats(message, call) {
      const volumeId = requireString('volume_id', message.volumeId);
      const path = requireVolumePath(message.volumePath);
      const usage = await volumes.usage(volumeIdentity(volumeId), path, call);
      if (usage.kind === 'block') return { usage: [{ unit: Unit.BYTES, total: usage.bytes }] };
      return {
        usage: [
          { unit: Unit.BYTES, ...usage.bytes },
          { unit: Unit.INODES, ...usage.inodes },
        ],
      };
    },
  } satisfies Handlers<typeof Node>;
}

/** What both NodeStage and NodePublish say of staging. */
type Staged = Pick<
  NodeStageVolumeRequest,
  'volumeId' | 'stagingTargetPath' | 'volumeCapability' | 'publishContext' | 'volumeContext'
>;

function stageRequest(message: Staged): StageRequest {
  const volumeId = requireString('volume_id', message.volumeId);
  const stagingPath = requirePath('staging_target_path', message.stagingTargetPath);
  const usage = requireAccess('volume_capability', message.volumeCapability);
  const use = useOf(usage, message.volumeContext);
  const volume = volumeIdentity(volumeId);
  return { volume, target: targetOf(volume, message.publishContext, message.volumeContext), stagingPath, use };
}

function useOf(
  { block, mode, fsType, mountFlags }: RequestedAccess,
  volumeContext: Readonly<Record<string, string>>,
): Use {
  const { blank, filesystem } = contentsOf(volumeContext);
  if (block) return { kind: 'block', blank, readOnly: mode === Mode.SINGLE_NODE_READER_ONLY };
  const wanted = fsType === '' ? filesystem : filesystemOf('volume_capability', fsType);
  return { kind: 'filesystem', blank, filesystem: wanted, mountOptions: mountOptions(mountFlags).options };
}
