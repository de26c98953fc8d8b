import { sentenceOf } from '../../failures/message.ts';
import {
  type Clock,
  deleteCopy,
  RdsError,
  readReceived,
  readSnapshot,
  type SnapshotRef,
  type SubvolumeRow,
} from '../../rds/index.ts';
import type { Backend } from '../backend.ts';
import { StorageError } from '../errors.ts';
import { printHandle } from '../handle.ts';
import { snapshotRef } from '../refs.ts';
import type { Call } from '../storage.ts';
import type { Replicator } from './replicator.ts';

/** How often, and after how many milliseconds, it is looked again whether a copy is gone (U9). */
const TIMES = 20;
const PAUSE_MS = 100;

/** The copies of snapshots, for calls that name one: by `<replica backend>:snap-<uuid>`, or as the source of a restore elsewhere. */
export class Replicas {
  readonly #replicators: readonly Replicator[];

  constructor(replicators: readonly Replicator[]) {
    this.#replicators = replicators;
  }

  /** Whether any pool of the backend is a replica. */
  areOn({ name }: Pick<Backend, 'name'>): boolean {
    return this.#replicators.some(({ pair }) => pair.to.name === name);
  }

  /** Whether snapshots of the one backend are copied to the other. */
  areBetween(from: string, to: string): boolean {
    return this.#between(from, to).length > 0;
  }

  #between(from: string, to: string): Replicator[] {
    return this.#replicators.filter(({ pair }) => pair.from.name === from && pair.to.name === to);
  }

  /**
   * The whole copy of a snapshot on a backend, in a pool that is a replica, wherever it came from; undefined when there is none.
   *
   * @throws RdsError when a pool cannot be read.
   */
  async copyOn({ name, rds }: Backend, uuid: string, call: Call): Promise<SubvolumeRow | undefined> {
    for (const { pair } of this.#replicators.filter((one) => one.pair.to.name === name)) {
      const rows = await rds.run(() => readReceived(pair.replica, snapshotRef(uuid)), call);
      const copy = rows.find(({ kind }) => kind === 'copy');
      if (copy !== undefined) return copy;
    }
    return undefined;
  }

  /** Its own uuid of the whole copy that one backend has of a snapshot of another; undefined when there is none. Throws as {@link copyOn}. */
  async copyFrom(from: Backend, to: Backend, uuid: string, call: Call): Promise<string | undefined> {
    for (const { pair } of this.#between(from.name, to.name)) {
      const rows = await to.rds.run(() => readReceived(pair.replica, snapshotRef(uuid)), call);
      const copy = rows.find(({ kind }) => kind === 'copy');
      if (copy !== undefined) return copy.uuid;
    }
    return undefined;
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
    if (copy !== undefined) return { ...snapshotRef(uuid), copy };
    if (status.taken.some((one) => one.name === name)) throw new StorageError('DRV-TAKEN', id, `${name} on ${asked}`);
    const { sending } = status;
    if (sending?.name === name) throw new StorageError('DRV-SENDING', id, `${sending.bytes}`);
    const failed = replicator.failureOf(name);
    if (failed !== undefined) throw new StorageError('DRV-TRANSFER', id, failed);
    throw new StorageError('DRV-SENDING', id, sending === undefined ? 'it begins soon' : `after ${sending.name}`);
  }

  async #original(from: Backend, id: string, uuid: string, call: Call): Promise<SubvolumeRow | undefined> {
    try {
      const { subvolumes } = await from.rds.run((settings) => readSnapshot(settings, snapshotRef(uuid)), call);
      return subvolumes[0];
    } catch (error) {
      if (!(error instanceof RdsError) || error.code === 'RDS-CANCELLED') throw error;
      throw new StorageError('DRV-NOORIGINAL', id, `${from.name}: ${sentenceOf(error.code, error.detail)}`, {
        cause: error,
      });
    }
  }

  /**
   * Removes the copies of a snapshot from the replica pools of a backend, and proves them gone. What is half-received stays.
   *
   * @throws StorageError `busy` when one is still there; RdsError when a pool cannot be read, or a copy is in use.
   */
  async deleteCopies({ name, rds }: Backend, uuid: string, clock: Pick<Clock, 'wait'>, call: Call): Promise<void> {
    const snapshot = snapshotRef(uuid);
    for (const { pair } of this.#replicators.filter((one) => one.pair.to.name === name)) {
      for (let again = TIMES; ; again -= 1) {
        const left = await rds.run((settings) => deleteCopy(settings, pair.replica, snapshot), call);
        if (!left.some(({ kind }) => kind === 'copy')) break;
        if (again === 0) {
          const id = printHandle({ kind: 'snap', backend: name, uuid });
          throw new StorageError('DRV-PENDING', id, 'it is being removed and still there');
        }
        await clock.wait(PAUSE_MS, call.signal);
      }
    }
  }
}
