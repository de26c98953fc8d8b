/** ControllerGetCapabilities. */
import { type Controller, ControllerServiceCapability_RPC_Type as Rpc } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';

/** What the Controller service offers; group snapshots and modification are not. */
const controllerCapabilities: readonly Rpc[] = [
  Rpc.CREATE_DELETE_VOLUME,
  Rpc.PUBLISH_UNPUBLISH_VOLUME,
  Rpc.LIST_VOLUMES,
  Rpc.LIST_VOLUMES_PUBLISHED_NODES,
  Rpc.GET_CAPACITY,
  Rpc.EXPAND_VOLUME,
  Rpc.CREATE_DELETE_SNAPSHOT,
  Rpc.LIST_SNAPSHOTS,
  Rpc.GET_SNAPSHOT,
  Rpc.GET_VOLUME,
  Rpc.GET_VOLUME_HEALTH,
  Rpc.LIST_VOLUME_HEALTH,
  Rpc.CLONE_VOLUME,
  Rpc.SINGLE_NODE_MULTI_WRITER,
];

/** The handler that answers with {@link controllerCapabilities}. */
export function capabilityHandlers() {
  return {
    controllerGetCapabilities: async () => ({
      capabilities: controllerCapabilities.map((type) => ({ type: { case: 'rpc' as const, value: { type } } })),
    }),
  } satisfies Handlers<typeof Controller>;
}
