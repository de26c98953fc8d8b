import type { Logger } from 'pino';
import type { Metrics } from '../../observability/metrics.ts';
import { callWithin } from '../../storage/call.ts';
import { nameOfPair, type ReplicaPair } from '../../storage/replication/pair.ts';
import { lagOf, type PairStatus, type ReplicaObserver, type Replicator } from '../../storage/replication/replicator.ts';
import { runPeriodically } from '../run-periodically.ts';

/** Between two passes while everything has its copy, while something is under way, in ms. */
const IDLE_MS = 60_000;
const BUSY_MS = 2000;
/**
 * Where reading took long, as lists of thousands do, the pause is so many times longer. What else a pass waits for is no load: a
 * process that has just begun removes nothing for seconds (docs/decisions/0017-late-writes.md).
 */
const PAUSE_TIMES = 10;
/** How long a pass may take, in ms. */
const PASS_MS = 120_000;

/** What a cluster adds to copies. Nothing in them rests on it, and nothing here throws but {@link leads}. */
export interface ClusterReplicas extends Pick<ReplicaObserver, 'copied' | 'failed' | 'taken'> {
  /** After each pass. */
  looked(pair: ReplicaPair, status: PairStatus): void;
  /** Whether this process is the one that looks after copies. Two at once are harmless. Throws when that cannot be told. */
  leads(signal: AbortSignal): Promise<boolean>;
}

export interface ReplicationOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Undefined outside of a cluster. */
  readonly tasks?: ClusterReplicas | undefined;
  /** Between two passes while something is under way, in ms; replaced in tests. */
  readonly busyMs?: number;
  readonly idleMs?: number;
  /** How many times as long as reading the pauses are at least; replaced in tests. */
  readonly pauseTimes?: number;
}

/** Keeps the copies of a pool up to date in the background. Resolves when the signal aborts. */
export async function replicate(
  replicator: Replicator,
  options: ReplicationOptions,
  signal: AbortSignal,
): Promise<void> {
  const { logger, metrics, tasks, busyMs = BUSY_MS, idleMs = IDLE_MS, pauseTimes = PAUSE_TIMES } = options;
  const { pair } = replicator;
  const labels = labelsOf(pair);
  metrics.count('replicaFailures', labels, 0);
  let dueAt = 0;
  let known: PairStatus | undefined;
  metrics.beforeReading(() => measure(metrics, pair, known));
  const look = async (): Promise<void> => {
    // Where no one can tell, copies are looked after all the same.
    if (tasks !== undefined && !(await tasks.leads(signal).catch(() => true))) {
      known = undefined;
      metrics.count('replicaPasses', { ...labels, outcome: 'follower' });
      dueAt = performance.now() + idleMs;
      return;
    }
    const begun = performance.now();
    let pauseMs: number;
    try {
      const status = await replicator.pass(callWithin(PASS_MS, signal));
      pauseMs = Math.max(status.sending === undefined ? idleMs : busyMs, pauseTimes * status.readMs);
      known = status;
      metrics.count('replicaPasses', { ...labels, outcome: 'done' });
      tasks?.looked(pair, status);
    } catch (error) {
      if (signal.aborted) return;
      pauseMs = Math.max(idleMs, pauseTimes * (performance.now() - begun));
      // What was known stays, so that the lag of a pool that cannot be read any more grows.
      metrics.count('replicaPasses', { ...labels, outcome: 'failed' });
      logger.warn({ pair: nameOfPair(pair), err: error }, 'copies could not be looked after');
    }
    dueAt = performance.now() + pauseMs;
  };
  await runPeriodically(busyMs, signal, async () => {
    if (performance.now() >= dueAt) await look();
  });
}

/** Logs what becomes of copies, and counts it. */
export function replicaObserver(
  logger: Logger,
  metrics: Metrics,
  tasks: () => ClusterReplicas | undefined,
): ReplicaObserver {
  const about = (pair: ReplicaPair, name: string) => ({ pair: nameOfPair(pair), name });
  return {
    copied(pair, original, copy, bytes) {
      logger.info({ ...about(pair, original.name), bytes: Number(bytes) }, 'the snapshot has a copy');
      tasks()?.copied(pair, original, copy, bytes);
    },
    sent(pair, bytes) {
      metrics.count('replicaBytes', labelsOf(pair), Number(bytes));
    },
    failed(pair, name, why) {
      metrics.count('replicaFailures', labelsOf(pair));
      logger.warn({ ...about(pair, name), why }, 'the transfer of a snapshot failed');
      tasks()?.failed(pair, name, why);
    },
    taken(pair, original) {
      logger.warn(about(pair, original.name), 'something else has the name of the copy; it is left alone');
      tasks()?.taken(pair, original);
    },
    discarded(pair, half) {
      logger.info(about(pair, half.name), 'removed what a transfer that was cut off had left');
    },
    expired(pair, copy) {
      metrics.count('replicaExpired', labelsOf(pair));
      logger.warn(about(pair, copy.name), 'removed a copy whose original has been gone for long enough (keep)');
    },
  };
}

function labelsOf({ from, pool }: ReplicaPair) {
  return { backend: from.name, pool: pool.label };
}

/** Sets the gauges of a pool from what the last pass found; where nothing is known, none. */
function measure(metrics: Metrics, pair: ReplicaPair, known: PairStatus | undefined): void {
  const labels = labelsOf(pair);
  for (const key of ['replicaLag', 'replicaMissing', 'replicaNewest'] as const) metrics.forget(key, labels);
  if (known === undefined) return;
  metrics.set('replicaLag', labels, lagOf(known));
  metrics.set('replicaMissing', labels, known.missing.length);
  if (known.newestCopy !== undefined) metrics.set('replicaNewest', labels, Number(known.newestCopy));
}
