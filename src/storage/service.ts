import {
  type Clock,
  type PoolSpace,
  type ProbeReport,
  poolSpace,
  probeRds,
  type RdsSettings,
  systemClock,
} from '../rds/index.ts';
import { type Backend, Backends, isWithin } from './backend.ts';
import type { Call } from './call.ts';
import { StorageError } from './errors.ts';
import { failure } from './failures.ts';
import type { Identity } from './ids.ts';
import { type InspectedVolume, inspectVolume } from './inspection.ts';
import { type Inventory, readInventory } from './inventory.ts';
import { KeyedLock } from './keyed-lock.ts';
import { listVolumes } from './listing.ts';
import { type PoolReading, readPools } from './pool-reading.ts';
import { ControllerPublishing } from './publishing.ts';
import { Replicas } from './replication/replicas.ts';
import type { Replicator } from './replication/replicator.ts';
import { roundDown } from './size.ts';
import { Snapshots } from './snapshots.ts';
import type {
  CapacityRange,
  ControllerPublishRequest,
  CreateVolumeRequest,
  ExportAddress,
  Page,
  PageRequest,
  Place,
  SnapshotStore,
  Storage,
  Volume,
  VolumeHealth,
} from './storage.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';
import { listVolumeHealth, volumeHealth } from './volume-health.ts';
import { Volumes } from './volumes.ts';

export interface ServiceOptions {
  readonly backends: readonly Backend[];
  readonly identity: Identity;
  /** Milliseconds since the epoch; replaced in tests. */
  readonly now?: () => number;
  /** The clock of the conversation; replaced in tests. */
  readonly clock?: Clock;
  /** Limits how many snapshots are taken in a time; absent for no limit. */
  readonly snapshotRate?: Rate;
  /** One for each pool that has a replica; absent for none. */
  readonly replicators?: readonly Replicator[];
}

/** The driver on its configured backends. */
export class StorageService implements Storage {
  readonly snapshots: SnapshotStore;
  readonly #backends: Backends;
  readonly #volumes: Volumes;
  readonly #publishing: ControllerPublishing;
  readonly #lock = new KeyedLock();
  #ready = false;

  constructor(options: ServiceOptions) {
    const { backends, identity, now = Date.now, clock = systemClock, snapshotRate, replicators = [] } = options;
    const replicas = new Replicas(replicators);
    const rate = snapshotRate === undefined ? undefined : new TokenBucket(snapshotRate);
    const lock = this.#lock;
    this.#backends = new Backends(backends);
    this.#volumes = new Volumes(this.#backends, identity, lock, clock, replicas);
    this.#publishing = new ControllerPublishing(this.#backends, lock, clock);
    this.snapshots = new Snapshots({ backends: this.#backends, identity, lock, clock, now, replicas, rate });
  }

  ready(): boolean {
    return this.#ready;
  }

  /**
   * Reads whether an RDS is fit as configured, and makes the service ready when it is. Changes nothing on the RDS.
   *
   * @throws StorageError when the RDS cannot be asked.
   */
  async prove(name: string, call: Call): Promise<ProbeReport> {
    const backend = this.#backends.get(name);
    if (backend === undefined) {
      throw new StorageError('DRV-DEFECT', name, 'there is no such backend');
    }
    try {
      const report = await backend.rds.run((settings) => probeRds(settings), call);
      this.#ready ||= report.problems.length === 0;
      return report;
    } catch (error) {
      throw failure(error, `backend ${name}`, call);
    }
  }

  /**
   * The pools of an RDS: space, counts and health.
   *
   * @throws StorageError when any of them cannot be read.
   */
  async pools(name: string, call: Call): Promise<readonly PoolReading[]> {
    const backend = this.#backends.get(name);
    if (backend === undefined) throw new StorageError('DRV-BACKEND', name, name);
    return await readPools(backend, call);
  }

  async close(): Promise<void> {
    await Promise.all(this.#backends.all().map((backend) => backend.rds.close()));
  }

  async createVolume(request: CreateVolumeRequest, call: Call): Promise<Volume> {
    return await this.#volumes.create(request, call);
  }

  async deleteVolume(volumeId: string, call: Call): Promise<void> {
    await this.#volumes.delete(volumeId, call);
  }

  async getVolume(volumeId: string, call: Call): Promise<Volume> {
    return await this.#volumes.read(volumeId, call);
  }

  /**
   * How the RDS holds a volume, whoever owns it. Changes nothing.
   *
   * @throws StorageError `notFound` when an intact answer from the right pools says that there is none.
   */
  async inspectVolume(volumeId: string, call: Call): Promise<InspectedVolume> {
    return await inspectVolume(this.#backends, volumeId, call);
  }

  async listVolumes(page: PageRequest, call: Call): Promise<Page<Volume>> {
    return await listVolumes(this.#backends, page, call);
  }

  async volumeHealth(volumeId: string, call: Call): Promise<VolumeHealth> {
    return await volumeHealth(this.#backends, () => this.running(), volumeId, call);
  }

  async listVolumeHealth(page: PageRequest, call: Call): Promise<Page<VolumeHealth>> {
    return await listVolumeHealth(this.#backends, () => this.running(), page, call);
  }

  async expandVolume(volumeId: string, capacity: CapacityRange, call: Call): Promise<bigint> {
    return await this.#volumes.expand(volumeId, capacity, call);
  }

  async publishVolume(request: ControllerPublishRequest, call: Call): Promise<ExportAddress> {
    return await this.#publishing.publish(request, call);
  }

  async unpublishVolume(volumeId: string, nodeId: string, call: Call): Promise<void> {
    await this.#publishing.unpublish(volumeId, nodeId, call);
  }

  async capacity({ backend: named, pool, networks }: Place, call: Call): Promise<bigint> {
    const fitting = this.#backends
      .all()
      .filter((backend) => (named === undefined || backend.name === named) && isWithin(networks, backend));
    const free = await Promise.all(fitting.map((backend) => freeBytes(backend, pool, call)));
    return free.reduce((sum, bytes) => sum + bytes, 0n);
  }

  /**
   * Everything of our owners that the backends hold, partial volumes included.
   *
   * @throws StorageError when any pool cannot be read: an inventory is whole or it is none.
   */
  async inventory(call: Call): Promise<Inventory> {
    return await readInventory(this.#backends.all(), call);
  }

  /** Ids of the volumes and snapshots that this process is working on. */
  running(): ReadonlySet<string> {
    return this.#lock.keys();
  }

  /**
   * Removes what an interrupted call left of a volume. The RDS itself looks, in the same command, that it holds no data.
   *
   * @throws StorageError `precondition` when it is whole, published, or could hold data; then it is left alone.
   */
  async discardPartial(volumeId: string, call: Call): Promise<void> {
    await this.#volumes.discardPartial(volumeId, call);
  }
}

/** What new volumes can have in the pools of an RDS that bear the label, or in all of them. */
async function freeBytes({ name, rds }: Backend, label: string | undefined, call: Call): Promise<bigint> {
  const labels = rds.settings.pools.map((pool) => pool.label).filter((one) => label === undefined || one === label);
  if (labels.length === 0) {
    return 0n;
  }
  try {
    const space = await rds.run((settings) => poolSpace(settings, labels), call);
    return labels.reduce((sum, one) => sum + usable(space.get(one), rds.settings), 0n);
  } catch (error) {
    throw failure(error, `backend ${name}`, call);
  }
}

/** What is free above the reserve, and what the pool may still promise, whichever is less, in whole MiB as volumes are. */
function usable(space: PoolSpace | undefined, { reserveBytes, ratioPercent }: RdsSettings): bigint {
  if (space === undefined) return 0n;
  const free = space.free - reserveBytes;
  const left = ratioPercent === undefined ? free : (space.size / 100n) * ratioPercent - space.promised;
  const least = left < free ? left : free;
  return least > 0n ? roundDown(least) : 0n;
}
