import { parseVolumeName, readVolume } from '../rds/index.ts';
import type { Backends } from './backend.ts';
import type { Call } from './call.ts';
import { StorageError } from './errors.ts';
import { failure } from './failures.ts';
import { recordedNodes, volumeRef } from './ids.ts';

export { RECORD_HEADER } from '../rds/index.ts';

/** A volume as its RDS holds it, for someone who wonders. */
export interface InspectedVolume {
  /** Label of the pool. */
  readonly pool: string;
  /** Owner in its name. */
  readonly owner: string;
  /** Bytes of the image; undefined without a disk item, or while the device does not report. */
  readonly bytes: bigint | undefined;
  /** Slot of its disk item; undefined when that is lost. */
  readonly slot: string | undefined;
  readonly exported: boolean;
  /** CSI node ids on the record of the disk item, whether it is exported or not. */
  readonly recordedNodeIds: readonly string[];
  /** Of that record: another one as soon as anything has been written there; empty without a record. */
  readonly generation: string;
}

/**
 * Reads one volume, whoever owns it, in one exec.
 *
 * @throws StorageError `notFound` when an intact answer from the right pools says that there is none.
 */
export async function inspectVolume(backends: Backends, volumeId: string, call: Call): Promise<InspectedVolume> {
  const { handle, backend } = backends.require('pvc', volumeId);
  try {
    const { subvolumes, disk } = await backend.rds.run((settings) => readVolume(settings, volumeRef(handle)), call);
    const [subvolume] = subvolumes;
    const name = parseVolumeName(subvolume?.name ?? '');
    if (subvolume === undefined || name === undefined) {
      throw new StorageError('RC-NOVOL', volumeId);
    }
    return {
      pool: subvolume.fs,
      owner: name.owner,
      bytes: disk?.size,
      slot: disk?.slot,
      exported: disk?.exported ?? false,
      recordedNodeIds: recordedNodes(disk),
      generation: disk?.generation ?? '',
    };
  } catch (error) {
    throw failure(error, volumeId, call);
  }
}
