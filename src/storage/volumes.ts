import type { FailureCode } from '../failures/catalogue.ts';
import { printExactSize } from '../failures/print-size.ts';
import {
  type Clock,
  type CreateVolume,
  deleteVolume,
  expandVolume,
  type ObjectState,
  type Origin,
  parseVolumeName,
  printVolumeName,
  RdsError,
  type RdsSettings,
  readDisk,
  readSizedDisk,
  readVolume,
  removeDuplicate,
  type VolumeName,
} from '../rds/index.ts';
import type { Backend, Backends } from './backend.ts';
import type { Call } from './call.ts';
import { discardPartial, makeVolume } from './creation.ts';
import { StorageError } from './errors.ts';
import { exclusively, failure, isAnothersSlot, namingSource } from './failures.ts';
import { type Handle, type Identity, printHandle, recordedNodes, snapshotRef, uuidOfName, volumeRef } from './ids.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { removeWhole } from './removal.ts';
import type { Replicas } from './replication/replicas.ts';
import { settle } from './settle.ts';
import { requestedBytes } from './size.ts';
import type { CapacityRange, ContentSource, CreateVolumeRequest, Volume } from './storage.ts';
import { unlisted } from './unlisted.ts';

/** A growth that the pool has no room for, or may not promise. */
const NO_ROOM: ReadonlySet<FailureCode> = new Set(['RC-SPACE', 'RC-PROMISE']);

/** Creating, reading, growing and deleting volumes. */
export class Volumes {
  readonly #backends: Backends;
  readonly #identity: Identity;
  readonly #lock: KeyedLock;
  readonly #clock: Clock;
  readonly #replicas: Replicas;

  constructor(backends: Backends, identity: Identity, lock: KeyedLock, clock: Clock, replicas: Replicas) {
    this.#replicas = replicas;
    this.#backends = backends;
    this.#identity = identity;
    this.#lock = lock;
    this.#clock = clock;
  }

  async create(request: CreateVolumeRequest, call: Call): Promise<Volume> {
    const { backend, pool } = this.#backends.place(request);
    const origin = this.#originOf(request.source, backend);
    const bytes = requestedBytes(request.capacity, origin.kind !== 'new');
    const { owner } = this.#identity;
    const handle: Handle<'pvc'> = { kind: 'pvc', backend: backend.name, uuid: uuidOfName('pvc', request.name, owner) };
    const name: VolumeName = { uuid: handle.uuid, owner, origin, requestedBytes: bytes };
    const wanted: CreateVolume = {
      pool,
      volume: volumeRef(handle),
      name: printVolumeName(name),
      description: request.description ?? request.name,
      bytes,
      limitBytes: request.capacity.limitBytes,
      source: sourceRef(origin),
    };
    const id = printHandle(handle);
    const make = async (given: CreateVolume): Promise<ObjectState> => {
      try {
        return await this.#make(backend, given, call);
      } catch (error) {
        throw namingSource(error, sourceId(request.source));
      }
    };
    return await exclusively(this.#lock, id, call, async () => {
      const given = await this.#withSource(request.source, backend, wanted, call);
      let state = await make(given);
      // Where there are several, ours is completed once it is clear that it is the volume.
      if (state.disk === undefined && state.subvolumes[0]?.name === wanted.name) state = await make(given);
      const volume = await this.#settleRace(backend, handle, wanted.name, state, call);
      proveAsAsked(volume, state, name, request.capacity);
      // What was restored from a copy names the copy; whoever asked named the snapshot.
      return request.source === undefined ? volume : { ...volume, source: request.source };
    });
  }

  /** The request with the copy as its source, where the snapshot is on another backend; else as it is. */
  async #withSource(
    source: ContentSource | undefined,
    backend: Backend,
    wanted: CreateVolume,
    call: Call,
  ): Promise<CreateVolume> {
    if (source === undefined || !('snapshotId' in source)) return wanted;
    const { handle, backend: home } = this.#backends.require('snap', source.snapshotId, 'RC-NOSRC');
    if (home.name === backend.name) return wanted;
    const copy = await this.#replicas.copyFrom(home, backend, handle.uuid, call);
    if (copy !== undefined) return { ...wanted, source: snapshotRef(handle, copy) };
    // It was restored before, and the copy has gone since then.
    const { subvolumes } = await backend.rds.run((settings) => readVolume(settings, wanted.volume), call);
    if (subvolumes.length > 0) return wanted;
    return { ...wanted, source: await this.#replicas.bring(home, backend, handle.uuid, call) };
  }

  /** Makes the volume; from the copy of its source on this backend where the source itself was not made there. */
  async #make(backend: Backend, wanted: CreateVolume, call: Call): Promise<ObjectState> {
    const { source } = wanted;
    try {
      return await makeVolume(backend, wanted, call);
    } catch (error) {
      const isAbsent = error instanceof RdsError && error.code === 'RC-NOSRC' && !error.mayStillRun;
      if (!isAbsent || source?.kind !== 'snap' || source.copy !== undefined) throw error;
      const copy = await this.#replicas.copyOn(backend, source.uuid, call);
      if (copy === undefined) throw error;
      return await makeVolume(backend, { ...wanted, source: snapshotRef(source, copy.uuid) }, call);
    }
  }

  async read(volumeId: string, call: Call): Promise<Volume> {
    const { handle, backend } = this.#backends.require('pvc', volumeId);
    try {
      const state = await backend.rds.run((settings) => readVolume(settings, volumeRef(handle)), call);
      return toVolume(backend, handle.uuid, state);
    } catch (error) {
      throw failure(error, volumeId, call);
    }
  }

  async expand(volumeId: string, capacity: CapacityRange, call: Call): Promise<bigint> {
    const { handle, backend } = this.#backends.require('pvc', volumeId);
    const bytes = requestedBytes(capacity, true);
    return await exclusively(this.#lock, volumeId, call, async () => {
      const volume = volumeRef(handle);
      const grown = await backend.rds
        .run((settings) => expandVolume(settings, volume, bytes), call)
        .catch(async (error: unknown) => {
          if (!(error instanceof RdsError) || error.mayStillRun) throw error;
          const { code, detail } = error;
          // RESOURCE_EXHAUSTED leaves the outcome open: csi-resizer repeats it forever, though the claim asks for less by now.
          if (NO_ROOM.has(code)) throw new StorageError(code, volumeId, detail, { cause: error, kind: 'outOfRange' });
          if (code !== 'RC-GROW') throw error;
          // Some devices may grow only what is not exported (U3), so the last word is not spoken.
          const isExported = (await backend.rds.run(() => readDisk(volume), call))?.exported === true;
          throw isExported ? new StorageError('DRV-INUSE', volumeId, detail, { cause: error }) : error;
        });
      // No one is given a size that a script which looked before it was set may yet undo.
      await settle(this.#clock, call);
      const size = (await backend.rds.run(() => readSizedDisk(volume), call))?.size ?? 0n;
      if (size < bytes || size < (grown?.size ?? 0n)) {
        throw new StorageError('RC-LAG', volumeId, `${size}`);
      }
      if (capacity.limitBytes > 0n && size > capacity.limitBytes) {
        throw new StorageError(
          'DRV-RANGE',
          volumeId,
          `it has ${printExactSize(size)} already, the limit is ${printExactSize(capacity.limitBytes)}`,
        );
      }
      return size;
    });
  }

  async delete(volumeId: string, call: Call): Promise<void> {
    const opened = this.#backends.open('pvc', volumeId);
    if (opened === undefined) {
      return;
    }
    await exclusively(this.#lock, volumeId, call, async () => {
      const { rds } = opened.backend;
      const volume = volumeRef(opened.handle);
      const removal = {
        id: volumeId,
        remove: (settings: RdsSettings) => deleteVolume(settings, volume),
        read: (settings: RdsSettings) => readVolume(settings, volume),
      };
      await removeWhole(rds, removal, this.#clock, call).catch(async (error: unknown) => {
        if (!isAnothersSlot(error, volume.uuid)) throw error;
        const { subvolumes } = await rds.run(removal.read, call);
        if (subvolumes.length > 0) throw error;
      });
    });
  }

  /**
   * Removes what an interrupted call left of a volume: a subvolume that was never given an image, or a disk item whose
   * subvolume is gone. The RDS decides at that moment whether it is that.
   *
   * @throws StorageError `precondition` when anything is left alone, because it holds or could hold data or is published.
   */
  async discardPartial(volumeId: string, call: Call): Promise<void> {
    const { handle, backend } = this.#backends.require('pvc', volumeId);
    await exclusively(this.#lock, volumeId, call, async () => {
      const left = await discardPartial(backend, volumeRef(handle), call);
      if (left.disk !== undefined || left.subvolumes.length > 0) {
        throw new StorageError('DRV-KEPT', volumeId);
      }
    });
  }

  /** Withdraws our own subvolume when another request for the same name was faster. */
  async #settleRace(
    backend: Backend,
    handle: Handle<'pvc'>,
    name: string,
    state: ObjectState,
    call: Call,
  ): Promise<Volume> {
    const [winner, ...losers] = state.subvolumes;
    if (winner === undefined) {
      throw await unlisted(backend, volumeRef(handle), printHandle(handle), call);
    }
    if (winner.name !== name) {
      const ours = losers.find((loser) => loser.name === name && loser.fs === winner.fs);
      if (ours !== undefined) {
        await backend.rds.run((settings) => removeDuplicate(settings, volumeRef(handle), winner, ours), call);
      }
      throw new StorageError('DRV-EXISTS', printHandle(handle), describe(winner.name));
    }
    if (state.disk === undefined) {
      throw new StorageError('DRV-PENDING', printHandle(handle), 'it is not complete');
    }
    return toVolume(backend, handle.uuid, state);
  }

  #originOf(source: ContentSource | undefined, target: Backend): Origin {
    if (source === undefined) {
      return { kind: 'new' };
    }
    const { handle } =
      'snapshotId' in source
        ? this.#backends.require('snap', source.snapshotId, 'RC-NOSRC')
        : this.#backends.require('pvc', source.volumeId, 'RC-NOSRC');
    const isCopied = handle.kind === 'snap' && this.#replicas.areBetween(handle.backend, target.name);
    if (handle.backend !== target.name && !isCopied) {
      throw new StorageError('DRV-ELSEWHERE', printHandle(handle), `${handle.backend}, not ${target.name}`);
    }
    return { kind: handle.kind === 'snap' ? 'snapshot' : 'volume', uuid: handle.uuid };
  }
}

function sourceId(source: ContentSource | undefined): string | undefined {
  if (source === undefined) return undefined;
  return 'snapshotId' in source ? source.snapshotId : source.volumeId;
}

function sourceRef(origin: Origin): CreateVolume['source'] {
  switch (origin.kind) {
    case 'new':
      return undefined;
    case 'snapshot':
      return snapshotRef({ uuid: origin.uuid });
    case 'volume':
      return volumeRef({ uuid: origin.uuid });
  }
}

/** What was read back must be what was asked for, or the volume must not be handed out. */
function proveAsAsked(volume: Volume, { disk }: ObjectState, name: VolumeName, capacity: CapacityRange): void {
  if (disk?.mountFilesystem === true) {
    throw new StorageError('DRV-AUTOMOUNT', volume.id);
  }
  if (volume.capacityBytes < name.requestedBytes) {
    throw new StorageError('RC-LAG', volume.id, `${volume.capacityBytes}`);
  }
  if (capacity.limitBytes > 0n && volume.capacityBytes > capacity.limitBytes) {
    throw new StorageError(
      name.origin.kind === 'new' ? 'DRV-EXISTS' : 'DRV-RANGE',
      volume.id,
      `it has ${printExactSize(volume.capacityBytes)} already, the limit is ${printExactSize(capacity.limitBytes)}`,
    );
  }
}

function describe(name: string): string {
  const parsed = parseVolumeName(name);
  if (parsed === undefined) {
    return `as ${name}`;
  }
  const from = parsed.origin.kind === 'new' ? 'empty' : `from ${parsed.origin.kind} ${parsed.origin.uuid}`;
  return `it was made ${from} with ${printExactSize(parsed.requestedBytes)} asked for, by owner ${parsed.owner}`;
}

/** @throws StorageError `notFound` when the RDS has no such volume. */
export function toVolume(
  { name: backend, network }: Pick<Backend, 'name' | 'network'>,
  uuid: string,
  state: Pick<ObjectState, 'subvolumes' | 'disk'>,
): Volume {
  const name = parseVolumeName(state.subvolumes[0]?.name ?? '');
  const id = printHandle({ kind: 'pvc', backend, uuid });
  if (name === undefined) {
    throw new StorageError('RC-NOVOL', id);
  }
  const source = contentSource(backend, name.origin);
  return {
    id,
    capacityBytes: state.disk?.size ?? name.requestedBytes,
    ...(source === undefined ? {} : { source }),
    network,
    publishedNodeIds: publishedNodes(state.disk),
  };
}

/**
 * The nodes that can reach the volume. A record without the export, as a reboot may leave it (U17), is no publication, so
 * that external-attacher sees the drift in ListVolumes and publishes again.
 */
function publishedNodes(disk: ObjectState['disk']): string[] {
  return disk?.exported ? recordedNodes(disk) : [];
}

function contentSource(backend: string, origin: Origin): ContentSource | undefined {
  switch (origin.kind) {
    case 'new':
      return undefined;
    case 'snapshot':
      return { snapshotId: printHandle({ kind: 'snap', backend, uuid: origin.uuid }) };
    case 'volume':
      return { volumeId: printHandle({ kind: 'pvc', backend, uuid: origin.uuid }) };
  }
}
