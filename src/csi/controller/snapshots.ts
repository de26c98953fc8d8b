/** CreateSnapshot, DeleteSnapshot, GetSnapshot and ListSnapshots. */
import type { Snapshot, Storage } from '../../storage/storage.ts';
import type { Controller } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
import { snapshotMessage } from '../messages.ts';
import { snapshotParameters } from '../parameters.ts';
import { pageRequest, requireName, requireString } from '../validation.ts';

/** Notified of every snapshot that CreateSnapshot answers with, and of its VolumeSnapshotContent. Must not throw. */
export type OnSnapshot = (snapshot: Snapshot, contentName: string) => void;

/** Making, removing and finding snapshots. */
export function snapshotHandlers(storage: Storage, onSnapshot?: OnSnapshot) {
  return {
    async createSnapshot(message, call) {
      const sourceVolumeId = requireString('source_volume_id', message.sourceVolumeId);
      const name = requireName(message.name);
      const { maxSnapshotsPerVolume: maxSnapshots, contentName } = snapshotParameters(message.parameters);
      const snapshot = await storage.createSnapshot({ name, sourceVolumeId, maxSnapshots }, call);
      if (contentName !== undefined) onSnapshot?.(snapshot, contentName);
      return { snapshot: snapshotMessage(snapshot) };
    },

    async deleteSnapshot({ snapshotId }, call) {
      await storage.deleteSnapshot(requireString('snapshot_id', snapshotId), call);
      return {};
    },

    async getSnapshot({ snapshotId }, call) {
      const snapshot = await storage.getSnapshot(requireString('snapshot_id', snapshotId), call);
      return { snapshot: snapshotMessage(snapshot) };
    },

    async listSnapshots(message, call) {
      const { snapshotId, sourceVolumeId } = message;
      const filter = { ...(snapshotId !== '' && { snapshotId }), ...(sourceVolumeId !== '' && { sourceVolumeId }) };
      const { entries, nextToken } = await storage.listSnapshots(filter, pageRequest(message), call);
      return { entries: entries.map((snapshot) => ({ snapshot: snapshotMessage(snapshot) })), nextToken };
    },
  } satisfies Handlers<typeof Controller>;
}
