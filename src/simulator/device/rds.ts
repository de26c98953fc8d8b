import { type Clock, HOST_CLOCK } from '../clock.ts';
import type { Row } from '../console/menu.ts';
import { Accounts } from './accounts.ts';
import type { DeviceBehavior } from './behavior.ts';
import { deviceTime } from './clock.ts';
import { DyingSubvolumes } from './dying-subvolumes.ts';
import { failure } from './failures.ts';
import { Mutex, SharedLocks } from './locks.ts';
import type { DeviceOptions, PoolOptions } from './options.ts';
import { PoolConditions } from './pool-conditions.ts';
import { type DiskRecord, type PoolRecord, parentPath, pathKey, type SubvolumeRecord } from './records.ts';
import type { State } from './state.ts';
import { Transfers } from './transfer/transfers.ts';
import type { UsageTable } from './usage.ts';
import type { FileUsage, Location, PoolSpace, VolumeStore } from './volume-store.ts';

export type { Location };

/** The file behind a `/disk` item that is in use. */
export interface Image extends Location {
  /** Bytes. */
  readonly length: number;
}

/** Space of a pool. */
export interface RdsSpace extends PoolSpace {
  /** Whether the pool is as full as its files add up to, so that a snapshot takes as much as its source. */
  readonly addsUp: boolean;
}

const DEFAULT_SIZE_BYTES = 2 ** 40;

/** What the menus and the block access share: the state, the files, and how the one leads to the other. */
export class Rds {
  readonly options: DeviceOptions;
  readonly state: State;
  readonly store: VolumeStore;
  readonly usage: UsageTable;
  readonly conditions: PoolConditions;
  readonly dying: DyingSubvolumes;
  readonly accounts: Accounts;
  readonly transfers: Transfers;
  readonly clock: Clock;
  readonly #behavior: () => DeviceBehavior;
  /** Lines of the log, and when the device started by its clock: what a restart clears. */
  readonly log: Row[] = [];
  #startedAt: number;
  /** Every change of the device, one at a time: of two that want one name, one wins. */
  readonly changes = new Mutex(() => this.afterChange());
  /** Keeps a real data path in step with the exports, where there is one. */
  afterChange: () => Promise<void> = async () => undefined;
  /** By subvolume: block writes hold it shared, snapshot and removal exclusively. */
  readonly writes = new SharedLocks();

  constructor(
    options: DeviceOptions,
    state: State,
    store: VolumeStore,
    usage: UsageTable,
    behavior: () => DeviceBehavior,
  ) {
    this.options = options;
    this.state = state;
    this.store = store;
    this.usage = usage;
    this.#behavior = behavior;
    this.clock = options.clock ?? HOST_CLOCK;
    this.#startedAt = this.clock.now();
    this.accounts = new Accounts(state, options.user ?? 'csi');
    this.transfers = new Transfers(this);
    this.dying = new DyingSubvolumes(this.clock);
    this.conditions = new PoolConditions(options.pools.map(({ label }) => label));
  }

  get behavior(): DeviceBehavior {
    return this.#behavior();
  }

  /** Forgets what is kept in memory only, as a restart of the device does. */
  async restart(): Promise<void> {
    await this.transfers.stop();
    await this.transfers.wake();
    this.log.length = 0;
    this.#startedAt = this.clock.now();
  }

  /** What the device takes for the time of day. */
  now(): Date {
    return new Date(this.clock.now() + this.behavior.clockAheadMs);
  }

  /** Since the device started, in ms; setting the time of day does not change it. */
  uptimeMs(): number {
    return this.clock.now() - this.#startedAt;
  }

  /** Device time, as in `creation-time`. */
  timestamp(): string {
    return deviceTime(this.now());
  }

  pool(label: string): PoolOptions | undefined {
    return this.options.pools.find((pool) => pool.label === label);
  }

  /** Size and free space of a pool: what its filesystem tells, or less where the pool claims to be smaller. */
  space(label: string): RdsSpace {
    const space = this.#space(label);
    return { ...space, free: this.conditions.of(label).full ? 0 : Math.max(0, space.free - this.dying.bytes(label)) };
  }

  #space(label: string): RdsSpace {
    const real = this.store.space(label);
    const size = this.pool(label)?.sizeBytes ?? real?.size ?? DEFAULT_SIZE_BYTES;
    if (real !== undefined && size >= real.size) return { ...real, addsUp: false };
    const left = Math.max(0, size - this.usage.allocated(label));
    return { size, free: Math.min(left, real?.free ?? left), addsUp: true };
  }

  freeBytes(label: string): number {
    return this.space(label).free;
  }

  /** Whether nothing of the pool can be reached: it is not mounted, or another filesystem stands in its place. */
  isAway(label: string): boolean {
    const { mounted, swappedFor } = this.conditions.of(label);
    return !mounted || swappedFor !== null;
  }

  /** UUID of the filesystem that carries this label now. */
  uuidOf({ label, uuid }: PoolRecord): string {
    return this.conditions.of(label).swappedFor ?? uuid;
  }

  /**
   * Why nothing can be changed in the pool now, as the kernel would say it; undefined when it can.
   *
   * @param needsSpace Whether the change writes something new.
   */
  obstacle(label: string, needsSpace: boolean): string | undefined {
    const { readOnly, full } = this.conditions.of(label);
    if (this.isAway(label)) return 'No such file or directory';
    if (readOnly) return 'Read-only file system';
    return needsSpace && full ? 'No space left on device' : undefined;
  }

  /** @throws DeviceFailure when there is an {@link obstacle}. */
  requireWritable(label: string, needsSpace: boolean): void {
    const obstacle = this.obstacle(label, needsSpace);
    if (obstacle !== undefined) throw failure(obstacle);
  }

  /**
   * Where a path such as `/pool/pvc-1/volume.img` lies: its first component is a mount point, the leading slash is
   * optional (docs/routeros.md, 4.1 and 4.4). Undefined when no pool is mounted there, or another filesystem than the
   * pool, or when the path is not a clean one.
   */
  locate(devicePath: string): Location | undefined {
    const home = this.home(devicePath);
    return home === undefined || this.isAway(home.pool) ? undefined : home;
  }

  /** As {@link locate}, as if every pool were mounted. */
  home(devicePath: string): Location | undefined {
    const [mountPoint, ...components] = devicePath.replace(/^\//, '').split('/');
    const pool = this.options.pools.find((candidate) => candidate.mountPoint === mountPoint);
    if (pool === undefined || !components.every(isCleanName)) return undefined;
    return { pool: pool.label, path: components.join('/') };
  }

  /** The name that `/file` gives to a place. */
  deviceName({ pool, path }: Location): string {
    const mountPoint = this.pool(pool)?.mountPoint ?? pool;
    return path === '' ? mountPoint : `${mountPoint}/${path}`;
  }

  subvolumeAt(pool: string, path: string): SubvolumeRecord | undefined {
    return this.state.table('subvolume').get(pathKey(pool, path));
  }

  exists({ pool, path }: Location): boolean {
    return this.subvolumeAt(pool, path) !== undefined || this.state.table('file').has(pathKey(pool, path));
  }

  directoryExists({ pool, path }: Location): boolean {
    if (this.subvolumeAt(pool, path) !== undefined) return true;
    return this.state.table('file').get(pathKey(pool, path))?.kind === 'directory';
  }

  /** The subvolume that a place belongs to; the root of the filesystem when no other. */
  subvolumeOf({ pool, path }: Location): SubvolumeRecord {
    for (let candidate = path; candidate !== ''; candidate = parentPath(candidate)) {
      const subvolume = this.subvolumeAt(pool, candidate);
      if (subvolume !== undefined) return subvolume;
    }
    const root = this.subvolumeAt(pool, '');
    if (root === undefined) throw new Error(`the pool ${pool} has no root`);
    return root;
  }

  /** The file that an item stands for; undefined while the item is disabled or the file is not there. */
  imageOf(disk: DiskRecord): Image | undefined {
    const location = disk.disabled ? undefined : this.locate(disk.filePath);
    if (location === undefined) return undefined;
    const usage = this.usage.get(location.pool, location.path);
    return usage === undefined ? undefined : { ...location, length: usage.length };
  }

  /** The item that stands for the file at this place, disabled ones included. */
  diskAt({ pool, path }: Location): DiskRecord | undefined {
    for (const disk of this.state.table('disk').values()) {
      const location = this.locate(disk.filePath);
      if (location?.pool === pool && location.path === path) return disk;
    }
    return undefined;
  }

  /**
   * Reads a file's usage from the store into the table. On a device that preallocates, a file keeps the space that it was
   * given; a copy has its own.
   *
   * @param takesAll Whether the file was just made or grown, and so is given all of its space there.
   */
  async refreshUsage({ pool, path }: Location, takesAll = false): Promise<FileUsage> {
    const real = await this.store.usage(pool, path);
    const given = !this.behavior.preallocates
      ? 0
      : takesAll
        ? real.length
        : (this.usage.get(pool, path)?.allocated ?? 0);
    const usage = { length: real.length, allocated: Math.max(real.allocated, given) };
    this.usage.set(pool, path, usage);
    return usage;
  }
}

/** Whether a text can be one component of a path: not empty, no dots alone, no slash, no control characters. */
export function isCleanName(text: string): boolean {
  if (text === '' || text === '.' || text === '..' || Buffer.byteLength(text) > 255) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  return !/[\u0000-\u001F\u007F/]/.test(text);
}
