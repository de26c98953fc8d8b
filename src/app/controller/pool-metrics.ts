import type { Logger } from 'pino';
import type { Metrics } from '../../observability/metrics.ts';
import type { Backend } from '../../storage/backend.ts';
import { callWithin } from '../../storage/call.ts';
import { type PoolReading, readPools } from '../../storage/pool-reading.ts';
import { repeatedly } from '../repeatedly.ts';

/** Pause between two readings of a box, in ms. It bounds what metrics cost the box, however often they are scraped. */
const PAUSE_MS = 300_000;
/** How long one reading may take, in ms. */
const READING_MS = 60_000;

export interface PoolMetricsOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Ends the readings. */
  readonly signal: AbortSignal;
  /** In ms; replaced in tests. */
  readonly pauseMs?: number;
}

/**
 * Reads the pools of a box in the background, at once and then every five minutes, and keeps what it found for whoever
 * scrapes. When a reading fails the values of the box are withdrawn: an old one would look like a new one, and 0 like a
 * full pool. Resolves when the signal aborts.
 */
export async function measurePools(backend: Backend, options: PoolMetricsOptions): Promise<void> {
  const { metrics, logger, signal, pauseMs = PAUSE_MS } = options;
  const { name } = backend;
  // Known from the start, so that readings that never succeed are seen as none, and not as not being there.
  for (const outcome of ['done', 'failed']) metrics.count('poolReadings', { backend: name, outcome }, 0);
  await repeatedly(pauseMs, signal, async () => {
    try {
      const pools = await readPools(backend, callWithin(READING_MS, signal));
      withdraw(backend, metrics);
      for (const pool of pools) tell(name, pool, metrics);
      metrics.set('poolReadingTime', { backend: name }, Date.now() / 1000);
      metrics.count('poolReadings', { backend: name, outcome: 'done' });
    } catch (error) {
      if (signal.aborted) return;
      withdraw(backend, metrics);
      metrics.count('poolReadings', { backend: name, outcome: 'failed' });
      logger.warn({ backend: name, err: error }, 'the pools could not be read for the metrics');
    }
  });
}

/** Numbers of a pool by the gauges that tell them; exact up to 8 PiB. */
const gauges = {
  poolSize: ({ size }) => Number(size),
  poolFree: ({ free }) => Number(free),
  poolReserve: ({ reserve }) => Number(reserve),
  poolPromised: ({ promised }) => Number(promised),
  poolVolumes: ({ volumes }) => volumes,
  poolSnapshots: ({ snapshots }) => snapshots,
  poolMostSnapshots: ({ mostSnapshots }) => mostSnapshots,
} as const satisfies Readonly<Record<string, (pool: PoolReading) => number>>;
const keys = Object.keys(gauges) as (keyof typeof gauges)[];

function tell(backend: string, reading: PoolReading, metrics: Metrics): void {
  const labels = { backend, pool: reading.pool };
  for (const key of keys) metrics.set(key, labels, gauges[key](reading));
}

function withdraw({ name: backend, rds }: Backend, metrics: Metrics): void {
  for (const { label: pool } of rds.settings.pools) {
    for (const key of keys) metrics.forget(key, { backend, pool });
  }
}
