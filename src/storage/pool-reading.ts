import type { Look } from '../failures/conditions.ts';
import { printSize } from '../failures/print-size.ts';
import { type PoolContents, parseSnapshotName, poolContents, poolSpace } from '../rds/index.ts';
import type { Backend } from './backend.ts';
import type { Call } from './call.ts';
import { failure } from './failures.ts';
import { everySnapshot } from './inventory.ts';
import { examinePool } from './pool-health.ts';

/** A pool as its RDS has just reported it; sizes in bytes. */
export interface PoolReading extends Omit<PoolContents, 'facts'> {
  /** Label of the pool. */
  readonly pool: string;
  /** What the configuration says must stay free. */
  readonly reserve: bigint;
  readonly health: Look;
}

/** What can only be known of a pool by looking at everything that is in it. */
export interface PoolInventory {
  /** Sum of the sizes of all images, whoever owns them, in bytes. */
  readonly promised: bigint;
  /** Snapshots of the volume that has most of them. */
  readonly mostSnapshots: number;
}

/** Whether less than one part of so many is free in a pool without the reserve. */
export function hasLessThan(part: bigint, { size, free, reserve }: PoolReading): boolean {
  return (free - reserve) * part < size;
}

/** What is said of a pool that is nearly full, which is one with less than a tenth of it free; undefined of any other. */
export function scarcity(backend: string, room: PoolReading): string | undefined {
  const { pool, size, free, reserve } = room;
  if (!hasLessThan(10n, room)) return undefined;
  return `pool ${pool} of ${backend} has ${printSize(free)} of ${printSize(size)} free, less than its reserve of ${printSize(reserve)} and a tenth of it`;
}

/**
 * Reads all pools of an RDS, in one exec. A pool whose size the RDS does not report is left out.
 *
 * @throws StorageError when any of them cannot be read.
 */
export async function readPools({ name, rds }: Backend, call: Call): Promise<readonly PoolReading[]> {
  const { pools, reserveBytes: reserve } = rds.settings;
  try {
    const contents = await rds.run(poolContents, call);
    return pools.flatMap(({ label: pool }) => {
      const found = contents.get(pool);
      if (found === undefined || found.size === 0n) return [];
      const { facts, ...space } = found;
      return [{ ...space, pool, reserve, health: examinePool(facts) }];
    });
  } catch (error) {
    throw failure(error, `backend ${name}`, call);
  }
}

/**
 * Sums the sizes of all images in each pool, whoever owns them, in one exec.
 *
 * @returns bytes, by label of the pool
 * @throws StorageError when any of them cannot be read.
 */
export async function poolPromises({ name, rds }: Backend, call: Call): Promise<ReadonlyMap<string, bigint>> {
  try {
    const space = await rds.run((settings) => poolSpace(settings, undefined, true), call);
    return new Map([...space].map(([label, { promised }]) => [label, promised]));
  } catch (error) {
    throw failure(error, `backend ${name}`, call);
  }
}

/**
 * Looks at everything in all pools of an RDS: in one exec at every image, and in one for each 200 snapshots of a pool.
 *
 * @returns what was found, by label of the pool
 * @throws StorageError when any of them cannot be read.
 */
export async function poolInventories(backend: Backend, call: Call): Promise<ReadonlyMap<string, PoolInventory>> {
  const { name, rds } = backend;
  const inventories = new Map<string, PoolInventory>();
  const promises = await poolPromises(backend, call);
  try {
    for (const pool of rds.settings.pools) {
      const snapshots = await everySnapshot(rds, { pool }, call);
      const names = snapshots.flatMap(({ subvolume }) => parseSnapshotName(subvolume.name) ?? []);
      const bySource = Map.groupBy(names, ({ sourceUuid }) => sourceUuid);
      const mostSnapshots = Math.max(0, ...[...bySource.values()].map(({ length }) => length));
      inventories.set(pool.label, { promised: promises.get(pool.label) ?? 0n, mostSnapshots });
    }
  } catch (error) {
    throw failure(error, `backend ${name}`, call);
  }
  return inventories;
}
