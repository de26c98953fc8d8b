import { randomBytes } from 'node:crypto';
import type { Mode } from '../rds/index.ts';
import type { Backends } from './backend.ts';
import { StorageError } from './errors.ts';
import { exclusively } from './failures.ts';
import { hostIdOf } from './identity.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { publicationNqn } from './names.ts';
import { volumeRef } from './refs.ts';
import type { Call, PublishMode, PublishRequest, Target } from './storage.ts';

const MODE_LETTER: Readonly<Record<PublishMode, Mode>> = { writer: 'w', reader: 'r', shared: 's' };

/** Which node may use a volume: recorded on the disk item, which is exported only while a node is recorded. */
export class Publishing {
  readonly #backends: Backends;
  readonly #lock: KeyedLock;

  constructor(backends: Backends, lock: KeyedLock) {
    this.#backends = backends;
    this.#lock = lock;
  }

  async publish({ volumeId, nodeId, mode }: PublishRequest, call: Call): Promise<Target> {
    const { handle, backend } = this.#backends.require('pvc', volumeId);
    const hostId = requireHost(nodeId);
    const volume = volumeRef(handle.uuid);
    return await exclusively(this.#lock, volumeId, call, async () => {
      const allowHost = backend.allowHostName ? nodeId : undefined;
      const publication = { hostId, mode: MODE_LETTER[mode], token: randomBytes(4).toString('hex') };
      const { disk, subvolumes } = await backend.rds.publishVolume(volume, publication, allowHost, call);
      const entry = disk?.publications.find((node) => node.hostId === hostId);
      const isThere = subvolumes.length > 0 && disk?.exported === true && entry !== undefined;
      if (!isThere || disk.size === undefined) {
        throw new StorageError('busy', `${volumeId}: the box does not show the export yet; it is tried again`);
      }
      const nqn = publicationNqn(volume.nqn, entry.token);
      if (disk.nqn !== nqn) {
        throw new StorageError(
          'precondition',
          `${volumeId} is exported as "${disk.nqn}", not as ${nqn}: somebody has changed its disk item. On the box, ` +
            `/disk set [find where slot=${disk.slot}] nvme-tcp-export=no lets the next attempt export it anew`,
        );
      }
      return { address: backend.dataAddress, port: backend.rds.settings.port, nqn: disk.nqn, bytes: disk.size };
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
      const { disk } = await opened.backend.rds.unpublishVolume(volumeRef(opened.handle.uuid), hostId, call);
      const left = (disk?.publications ?? []).filter((node) => hostId === undefined || node.hostId === hostId);
      if (left.length > 0) {
        throw new StorageError('busy', `${volumeId} is still recorded as published to ${nodeId}; it is tried again`);
      }
    });
  }
}

function requireHost(nodeId: string): string {
  const hostId = hostIdOf(nodeId);
  if (hostId === undefined) {
    throw new StorageError(
      'notFound',
      `no node has the id ${nodeId}; node ids look like nqn.2014-08.org.nvmexpress:uuid:…`,
    );
  }
  return hostId;
}
