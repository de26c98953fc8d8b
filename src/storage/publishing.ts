import type { HostId } from '../rds/index.ts';
import {
  type Clock,
  claimVolume,
  type DiskRow,
  exportVolume,
  type Mode,
  RdsError,
  randomDigits,
  readCutOff,
  readDisk,
  unpublishVolume,
  type VolumeRef,
} from '../rds/index.ts';
import type { Backend, Backends } from './backend.ts';
import type { Call } from './call.ts';
import { StorageError } from './errors.ts';
import { exclusively, isAnothersSlot } from './failures.ts';
import { hostIdOf, volumeRef } from './ids.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { settle } from './settle.ts';
import type { ControllerPublishRequest, ExportAddress, PublishMode } from './storage.ts';

const MODE_LETTER: Readonly<Record<PublishMode, Mode>> = { writer: 'w', reader: 'r', shared: 's' };

/** Which node may use a volume: recorded on the disk item, which is exported only while a node is recorded. */
export class ControllerPublishing {
  readonly #backends: Backends;
  readonly #lock: KeyedLock;
  readonly #clock: Clock;

  constructor(backends: Backends, lock: KeyedLock, clock: Clock) {
    this.#backends = backends;
    this.#lock = lock;
    this.#clock = clock;
  }

  async publish({ volumeId, nodeId, mode }: ControllerPublishRequest, call: Call): Promise<ExportAddress> {
    const { handle, backend } = this.#backends.require('pvc', volumeId);
    const hostId = requireHost(nodeId);
    const volume = volumeRef(handle);
    return await exclusively(this.#lock, volumeId, call, async () => {
      const allowHost = backend.allowHostName ? nodeId : undefined;
      const wanted = { hostId, mode: MODE_LETTER[mode], token: randomDigits() };
      const claimed = await backend.rds
        .run((settings) => claimVolume(settings, volume, wanted, backend.allowHostName), call)
        .catch(async (error: unknown) => {
          throw await cutOff(backend, volume, error, call);
        });
      await settle(this.#clock, call);
      const disk = await backend.rds.run((settings) => exportVolume(settings, volume, claimed, allowHost), call);
      if (disk?.size === undefined || !isExportedTo(disk, hostId)) {
        throw new StorageError('DRV-PENDING', volumeId, 'it does not show the export');
      }
      return { address: backend.dataAddress, port: disk.port, nqn: disk.nqn, bytes: disk.size };
    });
  }

  async unpublish(volumeId: string, nodeId: string, call: Call): Promise<void> {
    const opened = this.#backends.open('pvc', volumeId);
    if (opened === undefined) {
      return;
    }
    const hostId = nodeId === '' ? undefined : hostIdOf(nodeId);
    if (nodeId !== '' && hostId === undefined) {
      return;
    }
    await exclusively(this.#lock, volumeId, call, async () => {
      const { rds } = opened.backend;
      const volume = volumeRef(opened.handle);
      const written = await rds
        .run((settings) => unpublishVolume(settings, volume, hostId), call)
        .catch((error: unknown) => {
          if (!isAnothersSlot(error, volume.uuid)) throw error;
          // Without a disk item it is published to no one.
          return undefined;
        });
      if (written === undefined) return;
      await settle(this.#clock, call);
      const disk = await rds.run(() => readDisk(volume), call);
      const left = (disk?.publications ?? []).filter((node) => hostId === undefined || node.hostId === hostId);
      if (left.length > 0) {
        throw new StorageError('DRV-PENDING', volumeId, `it still has ${nodeId || 'a node'} on its record`);
      }
    });
  }
}

/** What a record is that does not read back as it was written: that of another process, or one that the device has cut off. */
async function cutOff({ rds }: Backend, volume: VolumeRef, error: unknown, call: Call): Promise<unknown> {
  if (!(error instanceof RdsError) || error.code !== 'RC-RACE' || error.mayStillRun) return error;
  const isCutOff = await rds.run(() => readCutOff(volume), call).catch(() => false);
  return isCutOff ? new RdsError('RC-CUT', '', { cause: error }) : error;
}

function isExportedTo(disk: DiskRow, hostId: HostId): boolean {
  return disk.exported && disk.publications.some((node) => node.hostId === hostId);
}

function requireHost(nodeId: string): HostId {
  const hostId = hostIdOf(nodeId);
  if (hostId === undefined) {
    throw new StorageError(
      'DRV-ABSENT',
      '',
      `no node has the id ${nodeId}; node ids look like nqn.2014-08.org.nvmexpress:uuid:…`,
    );
  }
  return hostId;
}
