import { sentenceOf } from '../../failures/message.ts';
import {
  type Clock,
  deleteCopy,
  isLonger,
  parseSnapshotName,
  RdsError,
  readReceived,
  readSnapshot,
  type SnapshotRef,
  type SubvolumeRow,
} from '../../rds/index.ts';
import type { Backend } from '../backend.ts';
import { type Call, callWithin } from '../call.ts';
import { StorageError } from '../errors.ts';
import { printHandle, snapshotRef } from '../ids.ts';
import type { Replicator } from './replicator.ts';

/** How often, and after how many milliseconds, it is looked again whether a copy is gone (U9). */
const TIMES = 20;
const PAUSE_MS = 100;
/** How long a restore from a copy waits for the backend of the original, in ms. */
const ASK_MS = 5000;

/** The copies of snapshots, for calls that name one: by `<replica backend>:snap-<uuid>`, or as the source of a restore elsewhere. */
export class Replicas {
  readonly #replicators: readonly Replicator[];

  constructor(replicators: readonly Replicator[]) {
    this.#replicators = replicators;
  }

  /** Whether any pool of the backend is a replica. */
  areOn({ name }: Pick<Backend, 'name'>): boolean {
    return this.#on(name).length > 0;
  }

  /** Whether snapshots of the one backend are copied to the other. */
  areBetween(from: string, to: string): boolean {
    return this.#between(from, to).length > 0;
  }

  #on(backend: string): Replicator[] {
    return this.#replicators.filter(({ pair }) => pair.to.name === backend);
  }

  #between(from: string, to: string): Replicator[] {
    return this.#on(to).filter(({ pair }) => pair.from.name === from);
  }

  /**
   * The whole copy of a snapshot on a backend, in a pool that is a replica, wherever it came from; undefined when there is none.
   *
   * @throws RdsError when a pool cannot be read, and RC-TWO when several have one.
   */
  async copyOn(backend: Backend, uuid: string, call: Call): Promise<SubvolumeRow | undefined> {
    return theCopy(await readAll(backend, this.#on(backend.name), uuid, call));
  }

  /**
   * Its own uuid of the whole copy that one backend has of a snapshot of another; undefined when there is none. What came from an
   * earlier snapshot of the id is none while the backend of the snapshot can say so. Throws as {@link copyOn}.
   */
  async copyFrom(from: Backend, to: Backend, uuid: string, call: Call): Promise<string | undefined> {
    const rows = await readAll(to, this.#between(from.name, to.name), uuid, call);
    if (rows.length === 0) return undefined;
    const original = await knownUuid(from, uuid, call);
    return theCopy(original === undefined ? rows : rows.filter(({ receivedUuid }) => receivedUuid === original))?.uuid;
  }

  /**
   * Has a snapshot sent that has no copy yet, before others.
   *
   * @returns the source when its copy came just now.
   * @throws StorageError `busy` while it is under way, with the progress; `notFound` when there is no such snapshot, `unavailable`
   *   when its backend cannot be asked or the transfer failed.
   */
  async bring(from: Backend, to: Backend, uuid: string, call: Call): Promise<SnapshotRef> {
    const id = printHandle({ kind: 'snap', backend: from.name, uuid });
    const replicators = this.#between(from.name, to.name);
    const original = await this.#original(from, id, uuid, call);
    const asked = replicators.map(({ pair }) => `${to.name}/${pair.replica.label}`).join(', ');
    if (original === undefined) {
      throw new StorageError('DRV-NOCOPY', id, `${from.name} has no such snapshot, ${asked} no copy of it`);
    }
    const replicator = replicators.find(({ pair }) => pair.pool.label === original.fs);
    if (replicator === undefined) {
      throw new StorageError(
        'DRV-ELSEWHERE',
        id,
        `${from.name}, not ${to.name}, and its pool ${original.fs} has no replica there`,
      );
    }
    const { name } = original;
    replicator.want(name);
    const status = await replicator.pass(call);
    const copy = await this.copyFrom(from, to, uuid, call);
    if (copy !== undefined) return snapshotRef({ uuid }, copy);
    if (status.taken.some((one) => one.name === name)) throw new StorageError('DRV-TAKEN', id, `${name} on ${asked}`);
    const { sending } = status;
    const failed = replicator.failureOf(name);
    // It is sent again at once for whoever waits: why it failed is said until that comes further.
    const isOnItsWay = sending?.name === name && (failed === undefined || sending.bytes > 0n);
    if (isOnItsWay) throw new StorageError('DRV-SENDING', id, `${sending.bytes}`);
    if (failed !== undefined) throw new StorageError('DRV-TRANSFER', id, failed);
    throw new StorageError('DRV-SENDING', id, sending === undefined ? 'it begins soon' : `after ${sending.name}`);
  }

  async #original(from: Backend, id: string, uuid: string, call: Call): Promise<SubvolumeRow | undefined> {
    try {
      const { subvolumes } = await from.rds.run((settings) => readSnapshot(settings, snapshotRef({ uuid })), call);
      return subvolumes[0];
    } catch (error) {
      if (!(error instanceof RdsError) || error.code === 'RDS-CANCELLED') throw error;
      throw new StorageError('DRV-NOORIGINAL', id, `${from.name}: ${sentenceOf(error.code, error.detail)}`, {
        cause: error,
      });
    }
  }

  /**
   * Removes the copy of a snapshot from the replica pools of a backend, and what a race has left beside it, and proves them gone. What
   * is half-received stays, and what has the name of the copy with more behind it.
   *
   * @throws StorageError `busy` when one is still there; RdsError when a pool cannot be read, or a copy is in use, and RC-TWO when
   *   several pools have one.
   */
  async deleteCopies(backend: Backend, uuid: string, clock: Pick<Clock, 'wait'>, call: Call): Promise<void> {
    const { owners } = backend.rds.settings;
    const isOurs = ({ name }: SubvolumeRow) => owners.includes(parseSnapshotName(name)?.owner ?? '');
    const removed: SubvolumeRow[] = [];
    for (let again = TIMES; ; ) {
      const rows = await readAll(backend, this.#on(backend.name), uuid, call);
      const copy = theCopy(
        removed.length === 0
          ? rows
          : rows.filter((row) => isOurs(row) && !removed.some((before) => isLonger(row, before))),
      );
      const pair = this.#on(backend.name).find((one) => one.pair.replica.label === copy?.fs)?.pair;
      if (copy === undefined || pair === undefined) return;
      if (copy.uuid === removed.at(-1)?.uuid) {
        again -= 1;
        if (again < 0) {
          const id = printHandle({ kind: 'snap', backend: backend.name, uuid });
          throw new StorageError('DRV-PENDING', id, 'it is being removed and still there');
        }
        await clock.wait(PAUSE_MS, call.signal);
      }
      await backend.rds.run((settings) => deleteCopy(settings, pair.replica, snapshotRef({ uuid }), copy.uuid), call);
      removed.push(copy);
    }
  }
}

/** What has the name of a snapshot in the pools that are replicas. */
async function readAll(
  { rds }: Backend,
  replicators: readonly Replicator[],
  uuid: string,
  call: Call,
): Promise<SubvolumeRow[]> {
  const rows: SubvolumeRow[] = [];
  for (const { pair } of replicators) {
    rows.push(...(await rds.run(() => readReceived(pair.replica, snapshotRef({ uuid })), call)));
  }
  return rows;
}

/**
 * The own uuid of a snapshot on its backend, of which its copy tells that it is one; undefined where there is none, and where it cannot be
 * asked now: a restore does not wait for an RDS that is gone.
 */
async function knownUuid({ rds }: Backend, uuid: string, { signal }: Call): Promise<string | undefined> {
  if (rds.state().breaker !== 'closed') return undefined;
  try {
    const call = callWithin(ASK_MS, signal);
    const { subvolumes } = await rds.run((settings) => readSnapshot(settings, snapshotRef({ uuid })), call);
    return subvolumes[0]?.uuid || undefined;
  } catch (error) {
    if (!(error instanceof RdsError) || signal?.aborted) throw error;
    return undefined;
  }
}

/**
 * Of what has the name of one snapshot, its copy: whole, with a whole name, and of several the one that came last, since an id may be
 * used again. What goes on behind the name of another one is someone's own.
 *
 * @throws RdsError RC-TWO when they are in several pools.
 */
function theCopy(rows: readonly SubvolumeRow[]): SubvolumeRow | undefined {
  const copies = rows.filter(({ kind, name }) => kind === 'copy' && parseSnapshotName(name) !== undefined);
  const [first, ...others] = copies
    .filter((row) => !copies.some((other) => isLonger(row, other)))
    .toSorted((a, b) => (a.subvolumeId > b.subvolumeId ? -1 : 1));
  if (others.some(({ fs }) => fs !== first?.fs))
    throw new RdsError('RC-TWO', copies.map(({ name, fs }) => `${name} in ${fs}`).join(', '));
  return first;
}
