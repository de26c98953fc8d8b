import type { Metrics } from '../../observability/metrics.ts';
import type { Backend } from '../../storage/backend.ts';
import { POOL_CONDITIONS } from '../../storage/pool-health.ts';
import type { PoolInventory, PoolReading } from '../../storage/pool-reading.ts';
import type { BackendListener } from './backend-poller.ts';

/** Numbers of a pool by the gauges that show them, exact up to 8 PiB; undefined where none is known. */
const gauges = {
  poolSize: ({ size }) => Number(size),
  poolFree: ({ free }) => Number(free),
  poolReserve: ({ reserve }) => Number(reserve),
  poolPromised: (_, inventory) => inventory && Number(inventory.promised),
  poolVolumes: ({ volumes }) => volumes,
  poolSnapshots: ({ snapshots }) => snapshots,
  poolMostSnapshots: (_, inventory) => inventory?.mostSnapshots,
} as const satisfies Readonly<Record<string, (pool: PoolReading, inventory?: PoolInventory) => number | undefined>>;
const keys = Object.keys(gauges) as (keyof typeof gauges)[];

/**
 * Keeps what an RDS has reported about its pools for whoever scrapes. When a reading fails the values of the RDS are withdrawn: an old
 * one would look like a new one, and 0 like a full pool.
 */
export function poolMetrics({ name: backend, rds }: Backend, metrics: Metrics): BackendListener {
  // Known from the start, so that readings that never succeed are seen as none, and not as not being there.
  for (const outcome of ['done', 'failed']) metrics.count('poolReadings', { backend, outcome }, 0);
  return {
    read(reading) {
      for (const { label: pool } of rds.settings.pools) {
        for (const key of keys) metrics.forget(key, { backend, pool });
        for (const condition of POOL_CONDITIONS) metrics.forget('poolCondition', { backend, pool, condition });
      }
      metrics.count('poolReadings', { backend, outcome: reading === undefined ? 'failed' : 'done' });
      if (reading === undefined) return;
      for (const pool of reading.pools) {
        for (const key of keys) {
          const value = gauges[key](pool, reading.inventory?.get(pool.pool));
          if (value !== undefined) metrics.set(key, { backend, pool: pool.pool }, value);
        }
        const { conditions, examined } = pool.health;
        for (const condition of examined) {
          const isSo = conditions.some(({ code }) => code === condition);
          metrics.set('poolCondition', { backend, pool: pool.pool, condition }, isSo ? 1 : 0);
        }
      }
      metrics.set('poolReadingTime', { backend }, Date.now() / 1000);
    },
  };
}
