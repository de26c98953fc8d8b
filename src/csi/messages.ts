/** The objects of the domain as CSI messages, and back. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ContentSource, Volume } from '../storage/storage.ts';
import type { VolumeContentSource, VolumeContentSourceSchema, VolumeSchema } from './gen/csi_pb.js';
import type { NetworkTopology } from './network-topology.ts';
import { invalid, requireString } from './validation.ts';

/** @param volumeContext known to CreateVolume only: the device does not keep it */
export function volumeMessage(
  topology: NetworkTopology,
  volume: Volume,
  volumeContext: Record<string, string> = {},
): MessageInitShape<typeof VolumeSchema> {
  return {
    volumeId: volume.id,
    capacityBytes: volume.capacityBytes,
    volumeContext,
    ...(volume.source && { contentSource: contentSourceMessage(volume.source) }),
    accessibleTopology: [topology.of(volume.network)],
  };
}

function contentSourceMessage(source: ContentSource): MessageInitShape<typeof VolumeContentSourceSchema> {
  return 'snapshotId' in source
    ? { type: { case: 'snapshot', value: { snapshotId: source.snapshotId } } }
    : { type: { case: 'volume', value: { volumeId: source.volumeId } } };
}

/** @throws StorageError (invalid) when the source names neither a snapshot nor a volume */
export function contentSource(message: VolumeContentSource | undefined): ContentSource | undefined {
  if (!message) return undefined;
  const field = 'volume_content_source';
  const { type } = message;
  switch (type.case) {
    case 'snapshot':
      return { snapshotId: requireString(`${field}.snapshot.snapshot_id`, type.value.snapshotId) };
    case 'volume':
      return { volumeId: requireString(`${field}.volume.volume_id`, type.value.volumeId) };
    case undefined:
      throw invalid(`${field}: neither a snapshot nor a volume is given`);
  }
}
