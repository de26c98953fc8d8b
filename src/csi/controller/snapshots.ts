/** CreateSnapshot, DeleteSnapshot, GetSnapshot and ListSnapshots. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { requestFor } from '../../storage/size.ts';
import type { Snapshot, Storage } from '../../storage/storage.ts';
import type { Controller, SnapshotSchema } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
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

/** A snapshot is usable from the moment it exists: taking it is one command on the device. */
function snapshotMessage(snapshot: Snapshot): MessageInitShape<typeof SnapshotSchema> {
  return {
    snapshotId: snapshot.id,
    sourceVolumeId: snapshot.sourceVolumeId,
    sizeBytes: requestFor(snapshot.sizeBytes),
    creationTime: { seconds: snapshot.createdAtSeconds },
    readyToUse: true,
  };
}
