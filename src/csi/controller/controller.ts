/** The Controller service: CSI calls translated to the storage. */
import type { Storage } from '../../storage/storage.ts';
import type { Controller } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
import { NetworkTopology } from '../network-topology.ts';
import { capabilityHandlers } from './capabilities.ts';
import { healthHandlers } from './health.ts';
import { inspectionHandlers } from './inspection.ts';
import { publicationHandlers } from './publication.ts';
import { type OnSnapshot, snapshotHandlers } from './snapshots.ts';
import { volumeHandlers } from './volumes.ts';

export interface ControllerOptions {
  /** Name of the CSI driver, which keys of topology begin with. */
  readonly driverName: string;
  readonly onSnapshot?: OnSnapshot | undefined;
}

/** Each handler validates, acts and replies. Left out, hence UNIMPLEMENTED: ControllerModifyVolume. */
export function controllerHandlers(
  storage: Storage,
  { driverName, onSnapshot }: ControllerOptions,
): Handlers<typeof Controller> {
  const topology = new NetworkTopology(driverName);
  return {
    ...capabilityHandlers(),
    ...volumeHandlers(storage, topology),
    ...publicationHandlers(storage),
    ...inspectionHandlers(storage, topology),
    ...healthHandlers(storage),
    ...snapshotHandlers(storage.snapshots, onSnapshot),
  };
}
