/** How a volume may be used: which access types, filesystems and access modes are offered. */
import type { PublishMode } from '../storage/storage.ts';
import { VolumeCapability_AccessMode_Mode as Mode, type VolumeCapability } from './gen/csi_pb.js';
import { flagsProblem } from './mount-options.ts';
import { checkTotal, invalid, quoted } from './validation.ts';

/** Filesystems that a node can make, check, mount and grow. */
export const filesystems = ['ext4', 'xfs'] as const;

/** A capability with its two required parts. */
export interface RequestedAccess {
  readonly block: boolean;
  /** Wanted filesystem; empty for block, or when the caller leaves it to us. */
  readonly fsType: string;
  readonly mode: Mode;
  /** As they were given; empty for block. */
  readonly mountFlags: readonly string[];
}

/** ext4 and XFS belong to one node at a time, and nothing makes sure that no one writes while several read. */
const NEEDS_CLUSTER_FILESYSTEM = 'a filesystem of one node must not be mounted by several';

/** Why a mode is never offered; undefined for those that are. MULTI_NODE_MULTI_WRITER depends on the access type. */
const refusals: Readonly<Record<Mode, string | undefined>> = {
  [Mode.UNKNOWN]: 'the mode is unknown',
  [Mode.SINGLE_NODE_WRITER]: undefined,
  [Mode.SINGLE_NODE_READER_ONLY]: undefined,
  [Mode.SINGLE_NODE_SINGLE_WRITER]: undefined,
  [Mode.SINGLE_NODE_MULTI_WRITER]: undefined,
  [Mode.MULTI_NODE_READER_ONLY]: NEEDS_CLUSTER_FILESYSTEM,
  [Mode.MULTI_NODE_SINGLE_WRITER]: NEEDS_CLUSTER_FILESYSTEM,
  [Mode.MULTI_NODE_MULTI_WRITER]: undefined,
};

/** @throws StorageError (invalid) when the access type or the access mode is missing */
export function requestedAccess(field: string, capability: VolumeCapability | undefined): RequestedAccess {
  if (!capability) throw invalid(`${field} is missing`);
  const { accessType, accessMode } = capability;
  if (accessType.case === undefined) throw invalid(`${field}: access_type (block or mount) is missing`);
  if (!accessMode || accessMode.mode === Mode.UNKNOWN) throw invalid(`${field}: access_mode is missing`);
  if (accessType.case === 'block') return { block: true, fsType: '', mode: accessMode.mode, mountFlags: [] };
  const { fsType, mountFlags } = accessType.value;
  checkTotal(`${field}: mount_flags`, mountFlags);
  return { block: false, fsType, mode: accessMode.mode, mountFlags };
}

/** Why a volume cannot be used so; undefined when it can. */
export function refusalOf({ block, fsType, mode, mountFlags }: RequestedAccess): string | undefined {
  const name = Mode[mode] ?? `${mode}`;
  if (!Object.hasOwn(refusals, mode)) return `access mode ${name} is unknown`;
  if (refusals[mode]) return `access mode ${name} is not offered: ${refusals[mode]}`;
  if (mode === Mode.MULTI_NODE_MULTI_WRITER && !block) {
    return `access mode ${name} is offered for raw block volumes only (live migration): ${NEEDS_CLUSTER_FILESYSTEM}`;
  }
  if (fsType !== '' && !filesystems.some((known) => known === fsType)) {
    return `filesystem "${fsType}" is not offered; offered: ${quoted(filesystems)}`;
  }
  const problem = flagsProblem(mountFlags);
  return problem && `mount_flags: ${problem}`;
}

/** A usage that is complete and offered. @throws StorageError (invalid) */
export function requireAccess(field: string, capability: VolumeCapability | undefined): RequestedAccess {
  const usage = requestedAccess(field, capability);
  const refusal = refusalOf(usage);
  if (refusal) throw invalid(`${field}: ${refusal}`);
  return usage;
}

/** The capabilities of a request, of which there must be one. @throws StorageError (invalid) */
export function requireCapabilities(capabilities: readonly VolumeCapability[]): readonly VolumeCapability[] {
  if (capabilities.length === 0) throw invalid('volume_capabilities is missing');
  return capabilities;
}

/** What a node may do. `readonly` counts though PUBLISH_READONLY is not advertised: it only restricts. */
export function publishMode({ mode }: RequestedAccess, readonly: boolean): PublishMode {
  if (readonly || mode === Mode.SINGLE_NODE_READER_ONLY) return 'reader';
  return mode === Mode.MULTI_NODE_MULTI_WRITER ? 'shared' : 'writer';
}
