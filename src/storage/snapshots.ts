import {
  type CreateSnapshot,
  createSnapshot,
  deleteSnapshot,
  discardTwin,
  type ObjectState,
  parseSnapshotName,
  printSnapshotName,
  RdsError,
  readSnapshot,
  type SnapshotName,
  slotOf,
  snapshotNamePrefix,
} from '../rds/index.ts';
import type { Backend, Backends } from './backend.ts';
import { StorageError } from './errors.ts';
import { exclusively, failure } from './failures.ts';
import { type Handle, printHandle } from './handle.ts';
import { type Identity, uuidOfName } from './identity.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { snapshotRef, volumeRef } from './refs.ts';
import { untilGone } from './removal.ts';
import type { Call, CreateSnapshotRequest, Snapshot } from './storage.ts';
import type { TokenBucket } from './token-bucket.ts';

/** Cutting, reading and deleting snapshots. A snapshot and what was restored from it are independent. */
export class Snapshots {
  readonly #backends: Backends;
  readonly #identity: Identity;
  readonly #lock: KeyedLock;
  /** Milliseconds since the epoch. */
  readonly #now: () => number;
  readonly #rate: TokenBucket | undefined;

  /** @param rate Limits how many snapshots are cut in a time; undefined for no limit. */
  constructor(backends: Backends, identity: Identity, lock: KeyedLock, now: () => number, rate?: TokenBucket) {
    this.#rate = rate;
    this.#backends = backends;
    this.#identity = identity;
    this.#lock = lock;
    this.#now = now;
  }

  async create({ name, sourceVolumeId, maxSnapshots }: CreateSnapshotRequest, call: Call): Promise<Snapshot> {
    const { handle: source, backend } = this.#backends.require('pvc', sourceVolumeId);
    const { owner } = this.#identity;
    const handle: Handle = { kind: 'snap', backend: backend.name, uuid: uuidOfName('snap', name, owner) };
    const id = printHandle(handle);
    return await exclusively(this.#lock, id, call, async () => {
      await this.#rate?.take(call);
      const createdAtSeconds = BigInt(Math.floor(this.#now() / 1000));
      const prefix = snapshotNamePrefix({ uuid: handle.uuid, owner, sourceUuid: source.uuid, createdAtSeconds });
      const refs = { snapshot: snapshotRef(handle.uuid), source: volumeRef(source.uuid) };
      const state = await this.#cut(backend, { ...refs, namePrefix: prefix, maxSnapshots }, call);
      // A repeat that found what it had made before has cut nothing.
      if (!state.made) this.#rate?.giveBack();
      await this.#withdrawLoser(backend, handle, prefix, state, call);
      const cut = justCut(id, prefix, state);
      if (cut.sourceUuid !== source.uuid) {
        const other = printHandle({ kind: 'pvc', backend: backend.name, uuid: cut.sourceUuid });
        throw new StorageError(
          'alreadyExists',
          `${id} exists already, cut from ${other} and not from ${sourceVolumeId}`,
        );
      }
      if (!this.#identity.owners.includes(cut.owner)) {
        throw new StorageError('alreadyExists', `${id} exists already and belongs to another cluster (${cut.owner})`);
      }
      return toSnapshot(handle.backend, state.subvolumes[0]?.fs ?? '', cut);
    });
  }

  /**
   * Cuts the snapshot. A box that refuses for good, and has been seen not to have the snapshot, is told as such: while
   * csi-snapshotter believes that a cut may be under way, it lets nobody delete the VolumeSnapshot.
   */
  async #cut({ name, rds }: Backend, cut: CreateSnapshot, call: Call): Promise<ObjectState> {
    try {
      return await rds.run((box) => createSnapshot(box, cut), call);
    } catch (error) {
      if (error instanceof RdsError && error.code === 'RC-QUOTA') {
        throw quotaReached(name, error, cut.maxSnapshots);
      }
      const isRefusal = error instanceof RdsError && (error.code === 'failed' || error.code === 'RC-SIZE');
      if (!isRefusal || error.mayStillRun) {
        throw error;
      }
      const state = await rds.run((box) => readSnapshot(box, cut.snapshot), call);
      if (state.subvolumes.length === 0) {
        throw new StorageError('precondition', `no snapshot was cut: ${error.message}`, { cause: error });
      }
      return state;
    }
  }

  async read(snapshotId: string, call: Call): Promise<Snapshot> {
    const { handle, backend } = this.#backends.require('snap', snapshotId);
    try {
      const state = await backend.rds.run((box) => readSnapshot(box, snapshotRef(handle.uuid)), call);
      return toSnapshot(handle.backend, state.subvolumes[0]?.fs ?? '', smallest(handle, state));
    } catch (error) {
      throw failure(error, snapshotId, call);
    }
  }

  async delete(snapshotId: string, call: Call): Promise<void> {
    const opened = this.#backends.open('snap', snapshotId);
    if (opened === undefined) {
      return;
    }
    await exclusively(this.#lock, snapshotId, call, async () => {
      const { rds } = opened.backend;
      const snapshot = snapshotRef(opened.handle.uuid);
      const left = await untilGone(rds, (box) => deleteSnapshot(box, snapshot), call);
      if (left.subvolumes.length > 0) {
        throw new StorageError('busy', `${snapshotId} is being removed and still there; it is tried again`);
      }
    });
  }

  /** If two processes raced, the row with the smallest id is the snapshot, and the maker of the other removes its own. */
  async #withdrawLoser(
    backend: Backend,
    handle: Handle,
    prefix: string,
    { subvolumes }: ObjectState,
    call: Call,
  ): Promise<void> {
    const [winner, ...losers] = subvolumes;
    const ours = losers.find((row) => row.name.startsWith(prefix) && row.fs === winner?.fs);
    if (winner !== undefined && ours !== undefined) {
      await backend.rds.run((box) => discardTwin(box, snapshotRef(handle.uuid), winner, ours), call);
    }
  }
}

/**
 * The snapshot among the rows read back after the cut. One that the box does not list yet is no absence, and a name that
 * is not the one that was sent (U19) must not be taken for another object.
 */
function justCut(id: string, prefix: string, { subvolumes }: ObjectState): SnapshotName {
  const [row] = subvolumes;
  const name = parseSnapshotName(row?.name ?? '');
  if (row === undefined) {
    throw new StorageError('busy', `${id} was cut and is not listed yet; it is tried again`);
  }
  if (name === undefined) {
    throw new StorageError('precondition', `${id}: the box shows the name ${row.name} for ${prefix}…`);
  }
  return name;
}

function smallest(handle: Handle, { subvolumes }: ObjectState): SnapshotName {
  const name = parseSnapshotName(subvolumes[0]?.name ?? '');
  if (name === undefined) {
    throw new StorageError('notFound', `${printHandle(handle)} does not exist`);
  }
  return name;
}

/** The snapshot that a subvolume's name describes. */
export function toSnapshot(backend: string, pool: string, name: SnapshotName): Snapshot {
  return {
    id: printHandle({ kind: 'snap', backend, uuid: name.uuid }),
    sourceVolumeId: printHandle({ kind: 'pvc', backend, uuid: name.sourceUuid }),
    sizeBytes: name.bytes,
    createdAtSeconds: name.createdAtSeconds,
    place: { backend, pool, subvolume: printSnapshotName(name), sourceSlot: slotOf({ kind: 'pvc', uuid: name.sourceUuid }) },
  };
}

/** Names the snapshot that most likely goes first. */
function quotaReached(backend: string, error: RdsError, maxSnapshots: number | undefined): StorageError {
  const [count = '', oldest = ''] = error.detail.split(' ');
  const name = parseSnapshotName(oldest);
  if (name === undefined) return new StorageError('exhausted', error.message, { cause: error });
  const id = printHandle({ kind: 'snap', backend, uuid: name.uuid });
  const sourceVolumeId = printHandle({ kind: 'pvc', backend, uuid: name.sourceUuid });
  const time = new Date(Number(name.createdAtSeconds) * 1000).toISOString();
  const text =
    `${sourceVolumeId} has ${count} ${count === '1' ? 'snapshot' : 'snapshots'}, its VolumeSnapshotClass allows ${maxSnapshots} (maxSnapshotsPerVolume); ` +
    `the oldest is ${id} of ${time}; delete snapshots that are no longer needed`;
  return new StorageError('exhausted', text, { cause: error });
}
