/** Fields that the calls of the Node service have in common, checked and translated. */
import { isIP } from 'node:net';
import { normalize } from 'node:path';
import { DEFAULT_TUNING, type NvmeTarget, type Tuning } from '../../host/attachment.ts';
import type { Filesystem } from '../../host/found-filesystem.ts';
import type { VolumeIdentity } from '../../host/node-dependencies.ts';
import { StorageError } from '../../storage/errors.ts';
import { isPublicationNqn, nqnOf, parseHandle } from '../../storage/ids.ts';
import { publishContextKeys, volumeContextKeys } from '../contexts.ts';
import { type TuningKey, tuningRanges } from '../tuning.ts';
import { checkMap, invalid, quoted, requireString } from '../validation.ts';
import { filesystems } from '../volume-capability.ts';

type StringMap = Readonly<Record<string, string>>;

/** Longest path that Linux takes; CSI's own limit of 128 bytes is for other strings. */
const MAX_PATH_BYTES = 4095;
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

/** After all other fields were checked: CSI wants INVALID_ARGUMENT first. @throws StorageError `notFound` */
export function volumeIdentity(id: string): VolumeIdentity {
  const uuid = parseHandle('pvc', id)?.uuid;
  if (uuid === undefined) throw new StorageError('DRV-ABSENT', '', `no volume has the id ${JSON.stringify(id)}`);
  return { id, uuid, nqn: nqnOf(uuid) };
}

/** An absolute path that means what it says. @throws StorageError `invalid` */
export function requirePath(field: string, value: string): string {
  const path = requireString(field, value, MAX_PATH_BYTES);
  if (!isPlain(path)) throw invalid(`${field} must be an absolute path without "..": ${JSON.stringify(path)}`);
  return path.replace(/\/+$/, '');
}

/** One in the other, a publish would write into the volume, or hide where it is staged. @throws StorageError `invalid` */
export function requireApart(stagingPath: string, targetPath: string): void {
  const [staging, target] = [stagingPath, targetPath].map((path) => `${normalize(path)}/`) as [string, string];
  if (target.startsWith(staging) || staging.startsWith(target)) {
    throw invalid(
      `target_path ${targetPath} and staging_target_path ${stagingPath} must not be the same, nor one in the other`,
    );
  }
}

/** Where a volume is said to be already. @throws StorageError `invalid` without one, `notFound` where none can be */
export function requireVolumePath(value: string): string {
  const path = requireString('volume_path', value, MAX_PATH_BYTES);
  if (!isPlain(path)) throw new StorageError('DRV-ABSENT', '', `no volume is at ${JSON.stringify(path)}`);
  return path.replace(/\/+$/, '');
}

function isPlain(path: string): boolean {
  return /^\/+[^/]/.test(path) && !path.includes('\0') && !path.split('/').includes('..');
}

/**
 * Where the volume is exported, from both contexts.
 *
 * @throws StorageError `invalid` when something is missing or malformed, or the NQN is none of the volume's own
 */
export function targetOf(volume: VolumeIdentity, publishContext: StringMap, volumeContext: StringMap): NvmeTarget {
  checkMap('publish_context', publishContext);
  const value = (key: keyof typeof publishContextKeys) =>
    requireString(`publish_context "${key}"`, publishContext[publishContextKeys[key]] ?? '');
  const address = value('address');
  if (isIP(address) === 0 && !HOST_NAME.test(address)) {
    throw invalid(`publish_context: "${address}" is not an address`);
  }
  const port = value('port');
  if (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65_535)
    throw invalid(`publish_context: "${port}" is not a port`);
  const bytes = value('bytes');
  if (!/^[1-9][0-9]{0,18}$/.test(bytes)) throw invalid(`publish_context: "${bytes}" is not a number of bytes`);
  const nqn = value('nqn');
  if (!isPublicationNqn(volume.nqn, nqn)) {
    throw invalid(`publish_context: ${nqn} is not an NQN of the volume; those begin with ${volume.nqn}-`);
  }
  return { nqn, address, port: Number(port), bytes: BigInt(bytes), tuning: tuningOf(volumeContext) };
}

/** What the StorageClass wants, else {@link DEFAULT_TUNING}. @throws StorageError `invalid` */
function tuningOf(volumeContext: StringMap): Tuning {
  const own = Object.entries(tuningRanges).flatMap(([key, [min, max]]) => {
    const text = volumeContext[key];
    if (text === undefined) return [];
    const isInRange = /^[1-9][0-9]{0,6}$/.test(text) && Number(text) >= min && Number(text) <= max;
    if (!isInRange) throw invalid(`volume_context: ${key} "${text}" is not a whole number from ${min} to ${max}`);
    return [[key, Number(text)]];
  });
  return { ...DEFAULT_TUNING, ...(Object.fromEntries(own) as Partial<Record<TuningKey, number>>) };
}

/** What CreateVolume says of the contents of a volume. Kubernetes adds keys of its own to the context; they are ignored. */
export interface Contents {
  /** Made without a source, to be mounted; false for what says nothing, such as a volume that was adopted by hand. */
  readonly blank: boolean;
  /** To make when it is proven blank and the capability names none. */
  readonly filesystem: Filesystem;
}

/** @throws StorageError `invalid` for a context of another version of this driver, or a filesystem that is not offered */
export function contentsOf(volumeContext: StringMap): Contents {
  checkMap('volume_context', volumeContext);
  const version = volumeContext[volumeContextKeys.formatVersion] ?? '1';
  if (version !== '1') throw invalid(`volume_context has format version "${version}"; this driver knows 1`);
  const filesystem = filesystemOf('volume_context', volumeContext[volumeContextKeys.fsType] || 'ext4');
  return { blank: volumeContext[volumeContextKeys.blank] === 'true', filesystem };
}

/** One of those that are offered. @throws StorageError `invalid` */
export function filesystemOf(field: string, name: string): Filesystem {
  const found = filesystems.find((known) => known === name);
  if (found === undefined)
    throw invalid(`${field}: filesystem "${name}" is not offered; offered: ${quoted(filesystems)}`);
  return found;
}
