/** CreateSnapshot, DeleteSnapshot, GetSnapshot and ListSnapshots. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { MiB } from '../../storage/size.ts';
import type { Snapshot, SnapshotStore } from '../../storage/storage.ts';
import type { Controller, SnapshotSchema } from '../gen/csi_pb.js';
import type { Handlers } from '../grpc-binding.ts';
import { snapshotParameters } from '../parameters.ts';
import { pageRequest, requireName, requireString } from '../validation.ts';

/**
 * Notified of every snapshot that CreateSnapshot answers with, and of its VolumeSnapshotContent when the sidecar tells it. Must not
 * throw.
 */
export type OnSnapshot = (snapshot: Snapshot, contentName: string | undefined) => void;

/** Making, removing and finding snapshots. */
export function snapshotHandlers(snapshots: SnapshotStore, onSnapshot?: OnSnapshot) {
  return {
    async createSnapshot(message, call) {
      const sourceVolumeId = requireString('source_volume_id', message.sourceVolumeId);
      const name = requireName(message.name);
      const { maxSnapshotsPerVolume: maxSnapshots, contentName } = snapshotParameters(message.parameters);
      const snapshot = await snapshots.create({ name, sourceVolumeId, maxSnapshots }, call);
      onSnapshot?.(snapshot, contentName);
      return { snapshot: snapshotMessage(snapshot) };
    },

    async deleteSnapshot({ snapshotId }, call) {
      await snapshots.delete(requireString('snapshot_id', snapshotId), call);
      return {};
    },

    async getSnapshot({ snapshotId }, call) {
      const snapshot = await snapshots.get(requireString('snapshot_id', snapshotId), call);
      return { snapshot: snapshotMessage(snapshot) };
    },

    async listSnapshots(message, call) {
      const { snapshotId, sourceVolumeId } = message;
      const filter = { ...(snapshotId !== '' && { snapshotId }), ...(sourceVolumeId !== '' && { sourceVolumeId }) };
      const { entries, nextToken } = await snapshots.list(filter, pageRequest(message), call);
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

/** Who asks for `100M` has a whole number of these. */
const MB = 1_000_000n;

/** Images of a multiple of this are reported by their own size: it is what was asked for, in binary units. */
const EVEN = 64n * MiB;
/** Smaller ones are reported by their own size, too: they hold hardly more than a filesystem's own tables. */
const SMALL = 16n * MiB;

/**
 * The size to report a snapshot: that of a request for its restore. csi-provisioner compares the two before it asks for the
 * restore, and the manifest that asked for `100M`, and got 96 MiB, must do for it. So it is the least whole number of MB that is
 * rounded up to the size of the image.
 */
export function requestFor(imageBytes: bigint): bigint {
  if (imageBytes < SMALL || imageBytes % EVEN === 0n || imageBytes % MiB !== 0n) return imageBytes;
  const least = ((imageBytes - MiB) / MB + 1n) * MB;
  return least < imageBytes ? least : imageBytes;
}
