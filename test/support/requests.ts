import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type CreateVolumeRequestSchema,
  VolumeCapability_AccessMode_Mode as Mode,
  type VolumeCapabilitySchema,
} from '../../src/csi/gen/csi_pb.js';

export const GiB = 1024n ** 3n;

type Capability = MessageInitShape<typeof VolumeCapabilitySchema>;
type Request = Extract<MessageInitShape<typeof CreateVolumeRequestSchema>, { $typeName?: never }>;

/** A filesystem for one writer, as a ReadWriteOnce claim asks for. */
export const filesystem: Capability = {
  accessMode: { mode: Mode.SINGLE_NODE_WRITER },
  accessType: { case: 'mount', value: { fsType: 'ext4' } },
};

/** A raw block volume that two nodes may share for a live migration. */
export const sharedBlock: Capability = {
  accessMode: { mode: Mode.MULTI_NODE_MULTI_WRITER },
  accessType: { case: 'block', value: {} },
};

/** What a ReadWriteMany claim for a filesystem asks for: not offered. */
export const sharedFilesystem: Capability = {
  accessMode: { mode: Mode.MULTI_NODE_MULTI_WRITER },
  accessType: { case: 'mount', value: {} },
};

/** A CreateVolume request as the provisioner sends it. */
export function volumeRequest(name: string, requiredBytes: bigint, extra: Request = {}): Request {
  return { name, capacityRange: { requiredBytes }, volumeCapabilities: [filesystem], ...extra };
}

/** The source of a restore. */
export function fromSnapshot(snapshotId: string): Request {
  return { volumeContentSource: { type: { case: 'snapshot', value: { snapshotId } } } };
}

/** The source of a clone. */
export function fromVolume(volumeId: string): Request {
  return { volumeContentSource: { type: { case: 'volume', value: { volumeId } } } };
}
