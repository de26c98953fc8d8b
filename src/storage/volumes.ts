import {
  attachVolume,
  type Clock,
  type CreateVolume,
  createVolume,
  deleteVolume,
  discardEmptySubvolume,
  discardLostItem,
  discardTwin,
  discardVolume,
  expandVolume,
  type ObjectState,
  type Origin,
  parseVolumeName,
  printVolumeName,
  RdsError,
  type RdsErrorCode,
  readDisk,
  readSnapshot,
  readVolume,
  type VolumeName,
  type VolumeRef,
} from '../rds/index.ts';
import type { Backend, Backends } from './backend.ts';
import { callWithin } from './call.ts';
import { StorageError } from './errors.ts';
import { exclusively, failure } from './failures.ts';
import { type Handle, printHandle } from './handle.ts';
import { type Identity, nodeIdOfHost, uuidOfName } from './identity.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { snapshotRef, volumeRef } from './refs.ts';
import { untilGone } from './removal.ts';
import { settle } from './settle.ts';
import { requestedBytes } from './size.ts';
import type { Call, CapacityRange, ContentSource, CreateVolumeRequest, Volume } from './storage.ts';

/** Milliseconds for taking back a failed creation: its own patience, since the caller's may be used up. */
const CLEANUP_MS = 30_000;

/** Failures that leave open what the state on the box is, or that the next attempt gets past: it completes what is there. */
const UNDECIDED: ReadonlySet<RdsErrorCode> = new Set([
  ...(['unreachable', 'unknown', 'cancelled', 'unexpected'] as const),
  ...(['RC-SIZE', 'RC-LAG'] as const),
]);

/** Creating, reading, growing and deleting volumes. */
export class Volumes {
  readonly #backends: Backends;
  readonly #identity: Identity;
  readonly #lock: KeyedLock;
  readonly #clock: Clock;

  constructor(backends: Backends, identity: Identity, lock: KeyedLock, clock: Clock) {
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
    const handle: Handle = { kind: 'pvc', backend: backend.name, uuid: uuidOfName('pvc', request.name, owner) };
    const name: VolumeName = { uuid: handle.uuid, owner, origin, requestedBytes: bytes };
    const wanted: CreateVolume = {
      pool,
      volume: volumeRef(handle.uuid),
      name: printVolumeName(name),
      description: request.description ?? request.name,
      bytes,
      limitBytes: request.capacity.limitBytes,
      source: sourceRef(origin),
    };
    const id = printHandle(handle);
    return await exclusively(this.#lock, id, call, async () => {
      const state = await this.#make(backend, wanted, call);
      const volume = await this.#settleRace(backend, handle, wanted.name, state, call);
      proveAsAsked(volume, state, name, request.capacity);
      return volume;
    });
  }

  async read(volumeId: string, call: Call): Promise<Volume> {
    const { handle, backend } = this.#backends.require('pvc', volumeId);
    try {
      const state = await backend.rds.run((box) => readVolume(box, volumeRef(handle.uuid)), call);
      return toVolume(handle, state);
    } catch (error) {
      throw failure(error, volumeId, call);
    }
  }

  async expand(volumeId: string, capacity: CapacityRange, call: Call): Promise<bigint> {
    const { handle, backend } = this.#backends.require('pvc', volumeId);
    const bytes = requestedBytes(capacity, true);
    return await exclusively(this.#lock, volumeId, call, async () => {
      const volume = volumeRef(handle.uuid);
      const grown = await backend.rds.run((box) => expandVolume(box, volume, bytes), call);
      // Nobody is told a size that a script which looked before it was set may yet undo.
      await settle(this.#clock, call);
      const size = (await backend.rds.run(() => readDisk(volume), call))?.size ?? 0n;
      if (size < bytes || size < (grown?.size ?? 0n)) {
        throw new StorageError('busy', `${volumeId} has ${size} bytes so far; it is tried again`);
      }
      if (capacity.limitBytes > 0n && size > capacity.limitBytes) {
        throw new StorageError(
          'outOfRange',
          `${volumeId} has ${size} bytes already, the limit is ${capacity.limitBytes}`,
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
      const volume = volumeRef(opened.handle.uuid);
      const left = await untilGone(rds, (box) => deleteVolume(box, volume), call);
      if (left.disk !== undefined || left.subvolumes.length > 0) {
        throw new StorageError('busy', `${volumeId} is being removed and still there; it is tried again`);
      }
    });
  }

  /**
   * Removes what an interrupted call left of a volume: a subvolume that was never given an image, or a disk item whose
   * subvolume is gone. The box decides at that moment whether it is that.
   *
   * @throws StorageError `precondition` when anything is left alone, because it holds or could hold data or is published.
   */
  async discardHalfMade(volumeId: string, call: Call): Promise<void> {
    const { handle, backend } = this.#backends.require('pvc', volumeId);
    await exclusively(this.#lock, volumeId, call, async () => {
      const left = await this.#discardHalfMade(backend, volumeRef(handle.uuid), call);
      if (left.disk !== undefined || left.subvolumes.length > 0) {
        throw new StorageError('precondition', `${volumeId} is not certain to be without data and is left alone`);
      }
    });
  }

  /** @throws RdsError unless the source is in none of the pools, each of them proven. */
  async #proveAbsent({ rds }: Backend, { source }: CreateVolume, call: Call): Promise<void> {
    if (source === undefined) return;
    const { subvolumes } = await rds.run(
      (box) => (source.kind === 'snap' ? readSnapshot(box, source) : readVolume(box, source)),
      call,
    );
    const [found] = subvolumes;
    // It has come into being between the two looks, or was moved.
    if (found !== undefined) throw new RdsError('RC-RACE', found.name);
  }

  /** Completes what an earlier call left of a volume without a disk item, or removes it when it holds nothing. */
  async #attachOrDiscard(backend: Backend, volume: VolumeRef, call: Call): Promise<void> {
    try {
      await backend.rds.run((box) => attachVolume(box, volume), call);
    } catch (error) {
      // Another process has removed it meanwhile, so there is nothing to complete: it is made anew.
      if (error instanceof RdsError && error.code === 'RC-NOVOL') return;
      if (!(error instanceof RdsError) || error.code !== 'failed') throw error;
      await this.#discardHalfMade(backend, volume, call);
    }
  }

  async #discardHalfMade({ rds }: Backend, volume: VolumeRef, call: Call): Promise<ObjectState> {
    const left = await rds.run((box) => discardEmptySubvolume(box, volume), call);
    if (left.disk === undefined || left.subvolumes.length > 0) return left;
    return await rds.run((box) => discardLostItem(box, volume), call);
  }

  /**
   * Runs the script, and after an intact error answer takes back what this very call made. A device command that failed
   * is tried again first: another process may be a step ahead with the same volume, or have completed it. While a script
   * whose answer was lost may still be at work, nothing is removed, and the next attempt completes what it finds.
   */
  async #make(backend: Backend, wanted: CreateVolume, call: Call, before?: RdsError): Promise<ObjectState> {
    try {
      return await backend.rds.run((box) => createVolume(box, wanted), call);
    } catch (error) {
      if (!(error instanceof RdsError)) {
        throw error;
      }
      if (error.code === 'RC-NOSRC') await this.#proveAbsent(backend, wanted, call);
      if (error.code === 'RC-ELSEWHERE') return await this.#make(backend, elsewhere(backend, wanted, error), call, before);
      if (!error.mayStillRun && before === undefined && (error.code === 'failed' || error.code === 'RC-HALF')) {
        if (error.code === 'RC-HALF') await this.#attachOrDiscard(backend, wanted.volume, call);
        return await this.#make(backend, wanted, call, error);
      }
      const made = error.made || before?.made === true;
      if (made && isEmptyCopy(error, wanted)) {
        const empty = new RdsError('RC-EMPTY', '1', { cause: error, made, mayStillRun: error.mayStillRun });
        await this.#takeBack(backend, wanted, made, empty);
        throw empty;
      }
      // What is smaller than it was asked to be was never handed out, whoever made it.
      if (made || error.code === 'RC-GROW') {
        await this.#takeBack(backend, wanted, made, error);
      }
      throw before?.made ? before : error;
    }
  }

  /** Removes what was made and cannot be completed, unless the reason leaves open what the state is. */
  async #takeBack(backend: Backend, wanted: CreateVolume, made: boolean, reason: RdsError): Promise<void> {
    if (reason.mayStillRun) {
      throw new RdsError('unknown', reason.message, { cause: reason, mayStillRun: true });
    }
    if (!UNDECIDED.has(reason.code)) {
      await this.#discard(backend, wanted, made, reason);
    }
  }

  /** @throws StorageError `unavailable` when something is left: the next attempt completes or removes it. */
  async #discard(
    { rds }: Backend,
    { volume, pool, name, bytes }: CreateVolume,
    made: boolean,
    reason: RdsError,
  ): Promise<void> {
    const whole = reason.code === 'RC-EMPTY' ? BigInt(reason.detail) : bytes;
    let cause: unknown = reason;
    try {
      const limits = { bytes: whole, made };
      const left = await rds.run((box) => discardVolume(box, volume, { label: pool.label, name }, limits), callWithin(CLEANUP_MS));
      if (!left.subvolumes.some((subvolume) => subvolume.name === name)) {
        return;
      }
    } catch (error) {
      cause = new AggregateError([reason, error]);
    }
    const text = `what was made of ${name} could not be removed yet; it is tried again`;
    throw new StorageError('unavailable', text, { cause });
  }

  /** Withdraws our own subvolume when another request for the same name was faster. */
  async #settleRace(backend: Backend, handle: Handle, name: string, state: ObjectState, call: Call): Promise<Volume> {
    const [winner, ...losers] = state.subvolumes;
    const unlisted = `${printHandle(handle)} was made and the box does not list it yet; it is tried again`;
    if (winner === undefined) {
      throw new StorageError('busy', unlisted);
    }
    if (parseVolumeName(winner.name) === undefined) {
      const text = `${printHandle(handle)}: the box shows the name ${winner.name}, sent was ${name}`;
      throw new StorageError('precondition', text);
    }
    if (winner.name !== name) {
      const ours = losers.find((loser) => loser.name === name && loser.fs === winner.fs);
      if (ours !== undefined) {
        await backend.rds.run((box) => discardTwin(box, volumeRef(handle.uuid), winner, ours), call);
      }
      throw new StorageError('alreadyExists', `${printHandle(handle)} exists already, ${describe(winner.name)}`);
    }
    if (state.disk === undefined) {
      throw new StorageError('busy', unlisted);
    }
    return toVolume(handle, state);
  }

  #originOf(source: ContentSource | undefined, target: Backend): Origin {
    if (source === undefined) {
      return { kind: 'new' };
    }
    const { handle } =
      'snapshotId' in source
        ? this.#backends.require('snap', source.snapshotId)
        : this.#backends.require('pvc', source.volumeId);
    if (handle.backend !== target.name) {
      throw new StorageError(
        'invalid',
        `${printHandle(handle)} is on backend ${handle.backend}, the StorageClass names ${target.name}: a restore stays on its box`,
        { cause: new RdsError('RC-ELSEWHERE', handle.backend) },
      );
    }
    return { kind: handle.kind === 'snap' ? 'snapshot' : 'volume', uuid: handle.uuid };
  }
}

/**
 * The request for the pool that the volume is in already, whatever the StorageClass says by now.
 *
 * @throws RdsError when it is its source that is in another pool, or the pool is not configured.
 */
function elsewhere({ rds }: Backend, wanted: CreateVolume, error: RdsError): CreateVolume {
  const [label = '', name = ''] = error.detail.split(' ');
  const pool = rds.settings.pools.find((candidate) => candidate.label === label);
  if (pool === undefined) throw new RdsError('RC-POOL', `${label} is not configured`, { cause: error });
  if (pool.label === wanted.pool.label || parseVolumeName(name)?.uuid !== wanted.volume.uuid) throw error;
  return { ...wanted, pool };
}

/** Whether a copy that this very call made shows zero bytes and goes on to do so: what it was made from holds no image. */
function isEmptyCopy({ code, detail }: RdsError, { source }: CreateVolume): boolean {
  return source !== undefined && code === 'RC-SIZE' && detail === '0';
}

function sourceRef(origin: Origin): CreateVolume['source'] {
  switch (origin.kind) {
    case 'new':
      return undefined;
    case 'snapshot':
      return snapshotRef(origin.uuid);
    case 'volume':
      return volumeRef(origin.uuid);
  }
}

/** What was read back must be what was asked for, or the volume must not be handed out. */
function proveAsAsked(volume: Volume, { disk }: ObjectState, name: VolumeName, capacity: CapacityRange): void {
  if (disk?.mountFilesystem === true) {
    const text = `${volume.id}: the disk item is not as it was added: RouterOS itself would mount what is in the image`;
    throw new StorageError('precondition', text);
  }
  if (volume.capacityBytes < name.requestedBytes) {
    throw new StorageError('busy', `${volume.id} has ${volume.capacityBytes} bytes so far; it is tried again`);
  }
  if (capacity.limitBytes > 0n && volume.capacityBytes > capacity.limitBytes) {
    throw new StorageError(
      name.origin.kind === 'new' ? 'alreadyExists' : 'outOfRange',
      `${volume.id} exists already with ${volume.capacityBytes} bytes, the limit is ${capacity.limitBytes}`,
    );
  }
}

function describe(name: string): string {
  const parsed = parseVolumeName(name);
  if (parsed === undefined) {
    return `as ${name}`;
  }
  const from = parsed.origin.kind === 'new' ? 'empty' : `from ${parsed.origin.kind} ${parsed.origin.uuid}`;
  return `made ${from} with ${parsed.requestedBytes} bytes asked for, by owner ${parsed.owner}`;
}

/** @throws StorageError `notFound` when the box has no such volume. */
export function toVolume(handle: Handle, state: Pick<ObjectState, 'subvolumes' | 'disk'>): Volume {
  const name = parseVolumeName(state.subvolumes[0]?.name ?? '');
  const id = printHandle(handle);
  if (name === undefined) {
    throw new StorageError('notFound', `${id} does not exist`);
  }
  const source = contentSource(handle.backend, name.origin);
  return {
    id,
    capacityBytes: state.disk?.size ?? name.requestedBytes,
    ...(source === undefined ? {} : { source }),
    publishedNodeIds: publishedNodes(state.disk),
  };
}

/**
 * The nodes that can reach the volume. A record without the export, as a reboot may leave it (U17), is no publication, so
 * that external-attacher sees the drift in ListVolumes and publishes again.
 */
export function publishedNodes(disk: ObjectState['disk']): string[] {
  return disk?.exported ? disk.publications.map(({ hostId }) => nodeIdOfHost(hostId)) : [];
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
