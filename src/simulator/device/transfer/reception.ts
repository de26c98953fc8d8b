import type { Execution } from '../../console/execution.ts';
import type { ConsoleHooks } from '../../console/hooks.ts';
import { DeviceFailure } from '../../console/menu.ts';
import { notSimulated } from '../failures.ts';
import { newSubvolume } from '../menus/subvolume-add.ts';
import { isCleanName, type Location, type Rds } from '../rds.ts';
import { pathKey, type SubvolumeRecord, type TransferRecord } from '../records.ts';
import type { StreamSink } from '../volume-store.ts';
import type { ReceiveRequest } from './link.ts';
import { type Outcome, settle } from './settle.ts';
import { copyByUuid } from './subvolumes.ts';
import { watched } from './watched.ts';
import { STATUS, statusOf } from './words.ts';

/**
 * What an RDS does that another one sends a subvolume to (docs/routeros.md, 6.1). The subvolume has its final name from
 * the first piece on, and is a copy only when the last one came.
 */
export class Reception {
  readonly #rds: Rds;
  readonly #request: ReceiveRequest;
  readonly #execution: Execution;
  readonly #hooks: ConsoleHooks;
  readonly #container: Location;
  readonly #parent: SubvolumeRecord | undefined;
  readonly #row: TransferRecord | undefined;
  #sink: StreamSink | undefined;
  #made: SubvolumeRecord | undefined;
  #bytes = 0;

  private constructor(rds: Rds, request: ReceiveRequest, execution: Execution, hooks: ConsoleHooks) {
    this.#rds = rds;
    this.#request = request;
    this.#execution = execution;
    this.#hooks = hooks;
    for (const policy of rds.behavior.receivePolicies) rds.accounts.require(execution.user, policy);
    if (request.backend !== rds.store.backend) throw notSimulated('a transfer from one backend to another');
    this.#container = containerOf(rds, request.mount);
    this.#row = rowFor(rds, this.#container);
    this.#parent = this.#requireParent();
    this.#refuseExisting();
  }

  /** @throws DeviceFailure when the request is refused; nothing is there then that was not there before. */
  static begin(rds: Rds, request: ReceiveRequest, execution: Execution, hooks: ConsoleHooks): Promise<Reception> {
    return rds.changes.run(async () => new Reception(rds, request, execution, hooks));
  }

  /**
   * Receives to the end.
   *
   * @throws what the pieces throw, or what goes wrong here; what came until then stays, as Linux leaves it.
   */
  async take(pieces: AsyncIterable<Buffer>): Promise<void> {
    const { name } = this.#request;
    let failure: unknown;
    try {
      for await (const piece of pieces) {
        await watched(this.#hooks, 'receive', name, this.#execution, async () => {
          this.#requireRoom(piece.length);
          this.#made ??= await this.#make();
          this.#sink ??= this.#rds.store.receive(this.#container, name, this.#parent?.fullname);
          await this.#sink.write(piece);
          this.#count(piece.length);
        });
      }
      await this.#sink?.end();
    } catch (error) {
      failure = error;
      await this.#sink?.abort();
    }
    await this.#settle(failure);
    if (failure !== undefined) throw failure;
  }

  get #path(): string {
    const { path } = this.#container;
    return path === '' ? this.#request.name : `${path}/${this.#request.name}`;
  }

  #requireParent(): SubvolumeRecord | undefined {
    const { parentUuid } = this.#request;
    if (parentUuid === undefined) return undefined;
    const parent = copyByUuid(this.#rds, this.#container.pool, parentUuid);
    if (parent === undefined) throw new DeviceFailure('cannot find parent subvolume');
    return parent;
  }

  #refuseExisting(): void {
    const { pool } = this.#container;
    const failed = this.#parent === undefined ? 'BTRFS_IOC_SUBVOL_CREATE failed' : 'BTRFS_IOC_SNAP_CREATE failed';
    if (!isCleanName(this.#request.name)) throw new DeviceFailure(`${failed}: Invalid argument`);
    const obstacle = this.#rds.obstacle(pool, true);
    if (obstacle !== undefined) throw new DeviceFailure(`${failed}: ${obstacle}`);
    if (this.#rds.exists({ pool, path: this.#path })) throw new DeviceFailure(`${failed}: File exists`);
  }

  /** The row of what is being received; the store makes the subvolume itself. */
  #make(): Promise<SubvolumeRecord> {
    return this.#rds.changes.run(async () => {
      this.#refuseExisting();
      const { pool } = this.#container;
      const made = newSubvolume(this.#rds, pool, this.#path, this.#parent, false);
      const record = { ...made, receiving: true as const };
      this.#rds.state.commit({ put: 'subvolume', key: pathKey(pool, this.#path), record });
      return record;
    });
  }

  /** Where a pool is as full as its files add up to, what comes takes that much, and the parent's copy as much as that. */
  #requireRoom(bytes: number): void {
    const { pool } = this.#container;
    const obstacle = this.#rds.obstacle(pool, true);
    if (obstacle !== undefined) throw new DeviceFailure(obstacle);
    const { addsUp, free } = this.#rds.space(pool);
    if (addsUp && this.#parentBytes() + this.#bytes + bytes > free) throw new DeviceFailure('No space left on device');
  }

  #parentBytes(): number {
    if (this.#parent === undefined) return 0;
    const prefix = pathKey(this.#parent.pool, `${this.#parent.fullname}/`);
    const files = [...this.#rds.state.table('file')].filter(([key]) => key.startsWith(prefix));
    return files.reduce((sum, [, { pool, path }]) => sum + (this.#rds.usage.get(pool, path)?.allocated ?? 0), 0);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#row !== undefined) this.#rds.transfers.received(this.#row.id, this.#bytes);
  }

  async #settle(failure: unknown): Promise<void> {
    await this.#rds.changes.run(async () => {
      if (this.#made !== undefined) await this.#end(this.#made, failure !== undefined);
      const status = failure === undefined ? STATUS.done : statusOf(failure);
      if (this.#row !== undefined) this.#rds.transfers.ended(this.#row.id, this.#bytes, status);
    });
  }

  async #end(made: SubvolumeRecord, isHalf: boolean): Promise<void> {
    const rds = this.#rds;
    const { pool, fullname } = made;
    const now = rds.subvolumeAt(pool, fullname);
    // Someone removed it meanwhile.
    if (now?.id !== made.id) return;
    if (isHalf && rds.behavior.breakLeaves === 'nothing') {
      rds.state.commit({ remove: 'subvolume', key: pathKey(pool, fullname) });
      return rds.store.remove(pool, fullname);
    }
    await settle(rds, now, isHalf ? this.#half() : this.#whole(), this.#request.texts);
  }

  #whole(): Outcome {
    return { readOnly: true, receivedUuid: this.#request.uuid, receivedAt: this.#rds.timestamp() };
  }

  #half(): Outcome {
    return { readOnly: this.#rds.behavior.breakLeaves === 'read-only-half' };
  }
}

/** The subvolume that `ssh-receive-mount` means, or the top level of a filesystem. */
function containerOf(rds: Rds, mount: string): Location {
  const [first, ...rest] = mount.replace(/^\//, '').split('/');
  const { receiveMount, receivesAtTop } = rds.behavior;
  const pool = rds.options.pools.find(
    ({ label, mountPoint }) => first === (receiveMount === 'label' ? label : mountPoint),
  );
  const path = rest.join('/');
  const isThere = pool !== undefined && !rds.isAway(pool.label) && rds.subvolumeAt(pool.label, path) !== undefined;
  if (!isThere || (path === '' && !receivesAtTop)) throw new DeviceFailure(`${mount}: No such file or directory`);
  if (rds.subvolumeAt(pool.label, path)?.readOnly) throw new DeviceFailure(`${mount}: Read-only file system`);
  return { pool: pool.label, path };
}

/** The row of `type=receive` for this place (U30). */
function rowFor(rds: Rds, { pool, path }: Location): TransferRecord | undefined {
  const { receiveRow } = rds.behavior;
  const rows = [...rds.state.table('transfer').values()].filter(({ type, file = '' }) => {
    const place = type === 'receive' ? rds.locate(file) : undefined;
    return place?.pool === pool && place.path === path;
  });
  const row = receiveRow === 'needed-each-time' ? rows.find(({ status }) => status !== STATUS.done) : rows.at(-1);
  if (row === undefined && receiveRow !== 'not-needed') throw new DeviceFailure('nothing is to be received there');
  return row;
}
