/** The Controller service: CSI calls translated to the storage. */
import type { Storage } from '../../storage/storage.ts';
import type { Controller } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
import { capabilityHandlers } from './capabilities.ts';
import { inspectionHandlers } from './inspection.ts';
import { publicationHandlers } from './publication.ts';
import { type OnSnapshot, snapshotHandlers } from './snapshots.ts';
import { volumeHandlers } from './volumes.ts';

/**
 * Each handler validates, acts and replies. Left out, hence UNIMPLEMENTED: ControllerModifyVolume and the two calls of
 * volume health.
 */
export function controllerHandlers(storage: Storage, onSnapshot?: OnSnapshot): Handlers<typeof Controller> {
  return {
    ...capabilityHandlers(),
    ...volumeHandlers(storage),
    ...publicationHandlers(storage),
    ...inspectionHandlers(storage),
    ...snapshotHandlers(storage, onSnapshot),
  };
}
