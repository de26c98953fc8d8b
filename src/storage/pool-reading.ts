import { type PoolSpace, poolSpace } from '../rds/index.ts';
import type { Backend } from './backend.ts';
import { failure } from './failures.ts';
import type { Call } from './storage.ts';
import { type Survey, survey } from './survey.ts';

/** How much room a pool has; sizes in bytes. */
export interface PoolRoom {
  /** Label of the pool. */
  readonly pool: string;
  readonly size: bigint;
  /** The reserve included. */
  readonly free: bigint;
  /** What the configuration says must stay free. */
  readonly reserve: bigint;
}

/** A pool as its box has just told of it; sizes in bytes. */
export interface PoolReading extends PoolRoom {
  /** Sum of the sizes of all images, whoever owns them. */
  readonly promised: bigint;
  /** Volumes of our owners, half-made ones included. */
  readonly volumes: number;
  /** Snapshots of our owners. */
  readonly snapshots: number;
  /** Snapshots of the volume that has most of them. */
  readonly mostSnapshots: number;
}

/**
 * Reads all pools of a box, in one exec for their space and as many as a survey takes. A pool whose size the box does
 * not tell is left out.
 *
 * @throws StorageError when any of them cannot be read.
 */
export async function readPools(backend: Backend, call: Call): Promise<readonly PoolReading[]> {
  const room = roomIn(backend, await spaceOf(backend, call, true));
  const held = await survey([backend], call);
  return room.map((pool) => ({ ...pool, ...countsOf(held, pool.pool) }));
}

/**
 * Reads how much room all pools of a box have, in one exec. A pool whose size the box does not tell is left out.
 *
 * @throws StorageError when it cannot be read.
 */
export async function readRoom(backend: Backend, call: Call): Promise<readonly PoolRoom[]> {
  return roomIn(backend, await spaceOf(backend, call, false));
}

function roomIn(
  { rds: { settings } }: Backend,
  space: ReadonlyMap<string, PoolSpace>,
): readonly (PoolRoom & Pick<PoolReading, 'promised'>)[] {
  return settings.pools.flatMap(({ label }) => {
    const { size = 0n, free = 0n, promised = 0n } = space.get(label) ?? {};
    return size === 0n ? [] : [{ pool: label, size, free, promised, reserve: settings.reserveBytes }];
  });
}

async function spaceOf(
  { name, rds }: Backend,
  call: Call,
  withPromises: boolean,
): Promise<ReadonlyMap<string, PoolSpace>> {
  try {
    return await rds.run((box) => poolSpace(box, undefined, withPromises), call);
  } catch (error) {
    throw failure(error, `space of ${name}`, call);
  }
}

function countsOf(held: Survey, pool: string): Pick<PoolReading, 'volumes' | 'snapshots' | 'mostSnapshots'> {
  const volumes = held.volumes.filter((volume) => volume.pool === pool && volume.subvolume !== undefined);
  const snapshots = held.snapshots.filter((snapshot) => snapshot.pool === pool);
  const bySource = new Map<string, number>();
  for (const { name } of snapshots) bySource.set(name.sourceUuid, (bySource.get(name.sourceUuid) ?? 0) + 1);
  return { volumes: volumes.length, snapshots: snapshots.length, mostSnapshots: Math.max(0, ...bySource.values()) };
}
