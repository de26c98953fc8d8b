import { sentenceOf } from '../failures/message.ts';
import {
  type Clock,
  type CreateSnapshot,
  createSnapshot,
  deleteSnapshot,
  type ListedObject,
  listSnapshots,
  type ObjectState,
  parseSnapshotName,
  printSnapshotName,
  RdsError,
  type RdsSettings,
  readSnapshot,
  removeDuplicate,
  type SnapshotName,
  slotOf,
  snapshotNamePrefix,
} from '../rds/index.ts';
import type { Backend, Backends } from './backend.ts';
import type { Call } from './call.ts';
import { proveAlone } from './creation.ts';
import { StorageError } from './errors.ts';
import { exclusively, failure, namingSource } from './failures.ts';
import { type Handle, type Identity, parseHandle, printHandle, snapshotRef, uuidOfName, volumeRef } from './ids.ts';
import { everySnapshot } from './inventory.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { listPage } from './listing.ts';
import { removeWhole } from './removal.ts';
import type { Replicas } from './replication/replicas.ts';
import type { CreateSnapshotRequest, Page, PageRequest, Snapshot, SnapshotFilter, SnapshotStore } from './storage.ts';
import type { TokenBucket } from './token-bucket.ts';
import { unlisted } from './unlisted.ts';

/** Rows of one exec: at most 220 bytes each (U21). */
const LISTED_ROWS = 200;

export interface SnapshotsOptions {
  readonly backends: Backends;
  readonly identity: Identity;
  readonly lock: KeyedLock;
  readonly clock: Clock;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly replicas: Replicas;
  /** Limits how many snapshots are taken in a time; undefined for no limit. */
  readonly rate: TokenBucket | undefined;
}

/** Takes, reads, lists and deletes snapshots. A snapshot and what was restored from it are independent. */
export class Snapshots implements SnapshotStore {
  readonly #backends: Backends;
  readonly #identity: Identity;
  readonly #lock: KeyedLock;
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #replicas: Replicas;
  readonly #rate: TokenBucket | undefined;

  constructor({ backends, identity, lock, clock, now, replicas, rate }: SnapshotsOptions) {
    this.#backends = backends;
    this.#identity = identity;
    this.#lock = lock;
    this.#clock = clock;
    this.#now = now;
    this.#replicas = replicas;
    this.#rate = rate;
  }

  async create({ name, sourceVolumeId, maxSnapshots }: CreateSnapshotRequest, call: Call): Promise<Snapshot> {
    const { handle: source, backend } = this.#backends.require('pvc', sourceVolumeId, 'RC-NOSRC');
    const { owner } = this.#identity;
    const handle: Handle<'snap'> = { kind: 'snap', backend: backend.name, uuid: uuidOfName('snap', name, owner) };
    const id = printHandle(handle);
    return await exclusively(this.#lock, id, call, async () => {
      await this.#rate?.take(call);
      const createdAtSeconds = BigInt(Math.floor(this.#now() / 1000));
      const prefix = snapshotNamePrefix({ uuid: handle.uuid, owner, sourceUuid: source.uuid, createdAtSeconds });
      const refs = { snapshot: snapshotRef(handle), source: volumeRef(source) };
      const state = await this.#take(backend, id, { ...refs, namePrefix: prefix, maxSnapshots }, call).catch(
        (error: unknown) => {
          if (error instanceof RdsError && error.code === 'RC-OWNER') throw error.with(sourceVolumeId);
          throw namingSource(error, sourceVolumeId);
        },
      );
      // A repeat that found what it had made before has taken none.
      if (!state.made) this.#rate?.refund();
      await this.#removeDuplicate(backend, handle, prefix, state, call);
      if (state.subvolumes.length === 0) throw await unlisted(backend, snapshotRef(handle), id, call);
      const found = smallest(handle, state);
      if (found.sourceUuid !== source.uuid) {
        const other = printHandle({ kind: 'pvc', backend: backend.name, uuid: found.sourceUuid });
        throw new StorageError('DRV-EXISTS', id, `its source is ${other}, not ${sourceVolumeId}`);
      }
      if (!this.#identity.owners.includes(found.owner)) {
        throw new StorageError('DRV-EXISTS', id, `it belongs to another cluster (${found.owner})`);
      }
      return toSnapshot(handle.backend, state.subvolumes[0]?.fs ?? '', found);
    });
  }

  /**
   * Takes the snapshot. An RDS that refuses for good, and has been seen not to have the snapshot, is reported as such: while
   * csi-snapshotter believes that one may be under way, it lets no one delete the VolumeSnapshot.
   */
  async #take(backend: Backend, id: string, request: CreateSnapshot, call: Call): Promise<ObjectState> {
    const { rds } = backend;
    try {
      return await rds.run((settings) => createSnapshot(settings, request), call);
    } catch (error) {
      if (error instanceof RdsError && error.code === 'RC-QUOTA' && !error.mayStillRun) {
        const maxSnapshots = await this.#correctedQuota(backend, error, request, call);
        return await rds.run((settings) => createSnapshot(settings, { ...request, maxSnapshots }), call);
      }
      const isRefusal = error instanceof RdsError && (error.code === 'RDS-REFUSED' || error.code === 'RC-SIZE');
      if (!isRefusal || error.mayStillRun) {
        throw error;
      }
      const state = await rds.run((settings) => readSnapshot(settings, request.snapshot), call);
      if (state.subvolumes.length === 0) {
        if (error.code === 'RDS-REFUSED') await proveAlone(backend, request.source, error, call);
        const why = error.code === 'RDS-REFUSED' ? error.detail : sentenceOf(error.code, error.detail);
        throw new StorageError('DRV-NOSNAP', id, why, { cause: error });
      }
      return state;
    }
  }

  /**
   * What the RDS may count of a source that has as many snapshots as it may: one more for each copy that a user made, whose
   * name only looks like one of ours.
   *
   * @throws StorageError RC-QUOTA, with the snapshot that most likely goes first, when there are really as many.
   */
  async #correctedQuota(
    { name, rds }: Backend,
    cause: RdsError,
    { source, maxSnapshots = 0 }: CreateSnapshot,
    call: Call,
  ): Promise<number> {
    const rows: ListedObject[] = [];
    for (const pool of rds.settings.pools) rows.push(...(await everySnapshot(rds, { pool }, call, source.uuid)));
    const snapshots = rows.flatMap(({ subvolume }) => parseSnapshotName(subvolume.name) ?? []);
    const [oldest] = snapshots.toSorted((a, b) => (a.createdAtSeconds < b.createdAtSeconds ? -1 : 1));
    if (oldest === undefined || snapshots.length < maxSnapshots) return maxSnapshots + rows.length - snapshots.length;
    const id = printHandle({ kind: 'snap', backend: name, uuid: oldest.uuid });
    const time = new Date(Number(oldest.createdAtSeconds) * 1000).toISOString();
    const sourceVolumeId = printHandle({ kind: 'pvc', backend: name, uuid: source.uuid });
    throw new StorageError('RC-QUOTA', sourceVolumeId, `${snapshots.length} ${id} ${time} ${maxSnapshots}`, { cause });
  }

  async get(snapshotId: string, call: Call): Promise<Snapshot> {
    const { handle, backend } = this.#backends.require('snap', snapshotId);
    try {
      const state = await backend.rds.run((settings) => readSnapshot(settings, snapshotRef(handle)), call);
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
      const snapshot = snapshotRef(opened.handle);
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

  async list(filter: SnapshotFilter, page: PageRequest, call: Call): Promise<Page<Snapshot>> {
    const { snapshotId, sourceVolumeId } = filter;
    if (snapshotId !== undefined) {
      return { entries: await this.#one(snapshotId, sourceVolumeId, call), nextToken: '' };
    }
    if (sourceVolumeId === undefined) return await listOn(this.#backends.all(), undefined, page, call);
    const opened = this.#backends.open('pvc', sourceVolumeId);
    return opened === undefined
      ? { entries: [], nextToken: '' }
      : await listOn([opened.backend], opened.handle.uuid, page, call);
  }

  /** By id a snapshot is found whoever owns it: that is how a pre-provisioned one is bound after a rebuild. */
  async #one(snapshotId: string, sourceVolumeId: string | undefined, call: Call): Promise<Snapshot[]> {
    if (parseHandle('snap', snapshotId) === undefined) return [];
    try {
      const snapshot = await this.get(snapshotId, call);
      return sourceVolumeId === undefined || snapshot.sourceVolumeId === sourceVolumeId ? [snapshot] : [];
    } catch (error) {
      if (error instanceof StorageError && error.kind === 'notFound') return [];
      throw error;
    }
  }

  /** If two processes raced, the row with the smallest id is the snapshot, and the maker of the other removes its own. */
  async #removeDuplicate(
    backend: Backend,
    handle: Handle<'snap'>,
    prefix: string,
    { subvolumes }: ObjectState,
    call: Call,
  ): Promise<void> {
    const [winner, ...losers] = subvolumes;
    const ours = losers.find((row) => row.name.startsWith(prefix) && row.fs === winner?.fs);
    if (winner !== undefined && ours !== undefined) {
      await backend.rds.run((settings) => removeDuplicate(settings, snapshotRef(handle), winner, ours), call);
    }
  }
}

/** A page of our snapshots on the backends, or of those of one source. */
async function listOn(
  backends: readonly Backend[],
  sourceUuid: string | undefined,
  page: PageRequest,
  call: Call,
): Promise<Page<Snapshot>> {
  return await listPage(backends, page, call, {
    rows: LISTED_ROWS,
    fetch: ({ backend, pool }, after, limit) =>
      backend.rds.run((settings) => listSnapshots(settings, { pool, after, limit }, sourceUuid), call),
    read: ({ backend }, { subvolume }) => {
      const name = parseSnapshotName(subvolume.name);
      return name === undefined ? undefined : toSnapshot(backend.name, subvolume.fs, name);
    },
  });
}

function smallest(handle: Handle<'snap'>, { subvolumes }: ObjectState): SnapshotName {
  const name = parseSnapshotName(subvolumes[0]?.name ?? '');
  if (name === undefined) {
    throw new StorageError('RC-NOSNAP', printHandle(handle));
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
