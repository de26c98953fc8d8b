import {
  type Clock,
  type CreateSnapshot,
  createSnapshot,
  deleteSnapshot,
  discardTwin,
  type ObjectState,
  parseSnapshotName,
  printSnapshotName,
  RdsError,
  type RdsSettings,
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
import { removeWhole } from './removal.ts';
import type { Replicas } from './replication/replicas.ts';
import type { Call, CreateSnapshotRequest, Snapshot } from './storage.ts';
import type { TokenBucket } from './token-bucket.ts';
import { unlisted } from './unlisted.ts';

/** Cutting, reading and deleting snapshots. A snapshot and what was restored from it are independent. */
export class Snapshots {
  readonly #backends: Backends;
  readonly #identity: Identity;
  readonly #lock: KeyedLock;
  readonly #clock: Clock;
  /** Milliseconds since the epoch. */
  readonly #now: () => number;
  readonly #replicas: Replicas;
  readonly #rate: TokenBucket | undefined;

  /** @param rate Limits how many snapshots are cut in a time; undefined for no limit. */
  constructor(
    backends: Backends,
    identity: Identity,
    lock: KeyedLock,
    clock: Clock,
    now: () => number,
    replicas: Replicas,
    rate?: TokenBucket,
  ) {
    this.#clock = clock;
    this.#replicas = replicas;
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
      if (!state.made) this.#rate?.refund();
      await this.#removeDuplicate(backend, handle, prefix, state, call);
      if (state.subvolumes.length === 0) throw await unlisted(backend, snapshotRef(handle.uuid), id, call);
      const cut = smallest(handle, state);
      if (cut.sourceUuid !== source.uuid) {
        const other = printHandle({ kind: 'pvc', backend: backend.name, uuid: cut.sourceUuid });
        throw new StorageError('DRV-EXISTS', id, `it is of ${other}, not of ${sourceVolumeId}`);
      }
      if (!this.#identity.owners.includes(cut.owner)) {
        throw new StorageError('DRV-EXISTS', id, `it belongs to another cluster (${cut.owner})`);
      }
      return toSnapshot(handle.backend, state.subvolumes[0]?.fs ?? '', cut);
    });
  }

  /**
   * Cuts the snapshot. An RDS that refuses for good, and has been seen not to have the snapshot, is told as such: while
   * csi-snapshotter believes that a cut may be under way, it lets nobody delete the VolumeSnapshot.
   */
  async #cut({ name, rds }: Backend, cut: CreateSnapshot, call: Call): Promise<ObjectState> {
    try {
      return await rds.run((settings) => createSnapshot(settings, cut), call);
    } catch (error) {
      if (error instanceof RdsError && error.code === 'RC-QUOTA') {
        throw quotaReached(name, error, cut.maxSnapshots);
      }
      const isRefusal = error instanceof RdsError && (error.code === 'RDS-REFUSED' || error.code === 'RC-SIZE');
      if (!isRefusal || error.mayStillRun) {
        throw error;
      }
      const state = await rds.run((settings) => readSnapshot(settings, cut.snapshot), call);
      if (state.subvolumes.length === 0) {
        throw new StorageError(error.code, 'no snapshot was taken', error.detail, {
          cause: error,
          kind: 'precondition',
        });
      }
      return state;
    }
  }

  async read(snapshotId: string, call: Call): Promise<Snapshot> {
    const { handle, backend } = this.#backends.require('snap', snapshotId);
    try {
      const state = await backend.rds.run((settings) => readSnapshot(settings, snapshotRef(handle.uuid)), call);
      const copy = state.subvolumes.length === 0 ? await this.#replicas.copyOn(backend, handle.uuid, call) : undefined;
      const found = copy === undefined ? state : { ...state, subvolumes: [copy] };
      return toSnapshot(handle.backend, found.subvolumes[0]?.fs ?? '', smallest(handle, found));
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
      const removal = {
        id: snapshotId,
        remove: (settings: RdsSettings) => deleteSnapshot(settings, snapshot),
        read: (settings: RdsSettings) => readSnapshot(settings, snapshot),
      };
      // The id is that of a copy only where no snapshot of the RDS itself has it, before anything is removed.
      const namesCopy =
        this.#replicas.areOn(opened.backend) && (await rds.run(removal.read, call)).subvolumes.length === 0;
      await removeWhole(rds, removal, this.#clock, call);
      if (namesCopy) await this.#replicas.deleteCopies(opened.backend, opened.handle.uuid, this.#clock, call);
    });
  }

  /** If two processes raced, the row with the smallest id is the snapshot, and the maker of the other removes its own. */
  async #removeDuplicate(
    backend: Backend,
    handle: Handle,
    prefix: string,
    { subvolumes }: ObjectState,
    call: Call,
  ): Promise<void> {
    const [winner, ...losers] = subvolumes;
    const ours = losers.find((row) => row.name.startsWith(prefix) && row.fs === winner?.fs);
    if (winner !== undefined && ours !== undefined) {
      await backend.rds.run((settings) => discardTwin(settings, snapshotRef(handle.uuid), winner, ours), call);
    }
  }
}

function smallest(handle: Handle, { subvolumes }: ObjectState): SnapshotName {
  const name = parseSnapshotName(subvolumes[0]?.name ?? '');
  if (name === undefined) {
    throw new StorageError('DRV-ABSENT', '', `${printHandle(handle)} does not exist`);
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
    place: {
      backend,
      pool,
      subvolume: printSnapshotName(name),
      sourceSlot: slotOf({ kind: 'pvc', uuid: name.sourceUuid }),
    },
  };
}

/** Names the snapshot that most likely goes first. */
function quotaReached(backend: string, error: RdsError, maxSnapshots: number | undefined): RdsError | StorageError {
  const [count = '', oldest = ''] = error.detail.split(' ');
  const name = parseSnapshotName(oldest);
  if (name === undefined) return error;
  const id = printHandle({ kind: 'snap', backend, uuid: name.uuid });
  const sourceVolumeId = printHandle({ kind: 'pvc', backend, uuid: name.sourceUuid });
  const time = new Date(Number(name.createdAtSeconds) * 1000).toISOString();
  return new StorageError('RC-QUOTA', sourceVolumeId, `${count} ${id} ${time} ${maxSnapshots}`, { cause: error });
}
