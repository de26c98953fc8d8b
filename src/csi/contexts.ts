/**
 * What travels with a volume: volume_context from CreateVolume to every later call, forever, and publish_context from
 * ControllerPublishVolume to the node. Strings only, no secrets; no address in volume_context, since an RDS may move.
 */
import type { ExportAddress, Volume } from '../storage/storage.ts';
import type { VolumeParameters } from './parameters.ts';
import { type TuningKey, tuningRanges } from './tuning.ts';
import { quoted } from './validation.ts';

/** Keys of volume_context beside the NVMe tuning (`tuningRanges`). Permanent: they are stored in PersistentVolumes. */
export const volumeContextKeys = {
  /** Always `1`. */
  formatVersion: 'formatVersion',
  /** `true` for a volume made without a source and to be mounted; the node formats no other. */
  blank: 'blank',
  /** `ext4` or `xfs`, from the StorageClass, for a capability that names none. */
  fsType: 'fsType',
} as const;

/** Keys of publish_context; `bytes` is the size of the export, below which the node does not use the device. */
export const publishContextKeys = { address: 'address', port: 'port', nqn: 'nqn', bytes: 'bytes' } as const;

const FORMAT_VERSION = '1';
const tuningKeys = Object.keys(tuningRanges) as TuningKey[];
const knownKeys: ReadonlySet<string> = new Set([...Object.values(volumeContextKeys), ...tuningKeys]);

/**
 * The volume_context of a new volume.
 *
 * @param isBlank whether a node may make a filesystem on it: not where it has a source, nor where only the device is wanted
 */
export function volumeContext(parameters: VolumeParameters, isBlank: boolean): Record<string, string> {
  const context: Record<string, string> = { [volumeContextKeys.formatVersion]: FORMAT_VERSION };
  if (isBlank) context[volumeContextKeys.blank] = 'true';
  if (parameters.fsType) context[volumeContextKeys.fsType] = parameters.fsType;
  for (const key of tuningKeys) {
    const value = parameters[key];
    if (value !== undefined) context[key] = value;
  }
  return context;
}

/** Why a volume_context cannot be that of the volume; undefined when it can. An empty one always can. */
export function contextProblem(context: Readonly<Record<string, string>>, volume: Volume): string | undefined {
  const keys = Object.keys(context);
  if (keys.length === 0) return undefined;
  const unknown = keys.filter((key) => !knownKeys.has(key));
  if (unknown.length > 0) return `volume_context has unknown keys: ${quoted(unknown)}`;
  if (context[volumeContextKeys.formatVersion] !== FORMAT_VERSION) {
    return `volume_context is not of format version ${FORMAT_VERSION}`;
  }
  if (context[volumeContextKeys.blank] === 'true' && volume.source) {
    return 'volume_context calls the volume blank, but it was made from a source';
  }
  return undefined;
}

/** The publish_context for a target. */
export function publishContext({ address, port, nqn, bytes }: ExportAddress): Record<string, string> {
  return {
    [publishContextKeys.address]: address,
    [publishContextKeys.port]: String(port),
    [publishContextKeys.nqn]: nqn,
    [publishContextKeys.bytes]: String(bytes),
  };
}
