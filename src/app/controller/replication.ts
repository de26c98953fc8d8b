import type { Logger } from 'pino';
import type { Metrics } from '../../observability/metrics.ts';
import { callWithin } from '../../storage/call.ts';
import type { ReplicaObserver } from '../../storage/replication/observer.ts';
import { nameOfPair, type ReplicaPair } from '../../storage/replication/pair.ts';
import type { Replicator } from '../../storage/replication/replicator.ts';
import { lagOf, type PairStatus } from '../../storage/replication/status.ts';
import type { Snapshot } from '../../storage/storage.ts';
import { Pause } from './pause.ts';

/** Between two passes while everything has its copy, in ms. */
const IDLE_MS = 60_000;
/** Between any two at least, and while a transfer is under way that has just begun, in ms. */
const SOON_MS = 200;
/** Between two while a transfer takes long, in ms. */
const BUSY_MS = 2000;
/**
 * Where reading took long, as lists of thousands do, the pause is so many times longer. What else a pass waits for is no load: a
 * process that has just begun removes nothing for seconds (docs/decisions/0017-late-writes.md).
 */
const PAUSE_TIMES = 10;
/** The same while a transfer is under way, which is more work for both sides than a list is, and holds up the next one. */
const BUSY_PAUSE_TIMES = 4;
/** How long a pass may take, in ms. */
const PASS_MS = 120_000;

/** What a cluster adds to copies. None is made or found by it, and nothing here throws but what says so. */
export interface ClusterReplicas extends Pick<ReplicaObserver, 'copied' | 'failed' | 'taken'> {
  /** After each pass. */
  looked(pair: ReplicaPair, status: PairStatus): void;
  /** The snapshots and volumes that the cluster refers to, on whatever backend, as `snap-<uuid>` and `pvc-<uuid>`. Throws when they cannot be told. */
  references(signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Whether this process is the one that looks after copies. Two at once are harmless. Throws when that cannot be told. */
  leads(signal: AbortSignal): Promise<boolean>;
}

export interface ReplicationOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Undefined outside of a cluster. */
  readonly tasks?: ClusterReplicas | undefined;
  /** Pauses between passes: the shortest, the longest while something is under way, the longest of all, in ms; replaced in tests. */
  readonly soonMs?: number;
  readonly busyMs?: number;
  readonly idleMs?: number;
  /** How many times as long as reading the pauses are at least; replaced in tests. */
  readonly pauseTimes?: number;
}

/** How long to wait for the next pass: so long at least, whatever happens meanwhile, and no longer than the other. */
interface Rest {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Keeps the copies of a pool up to date in the background. */
export class Replication {
  readonly #replicator: Replicator;
  readonly #options: ReplicationOptions;
  readonly #pause = new Pause();
  readonly #soonMs: number;
  readonly #busyMs: number;
  readonly #idleMs: number;
  readonly #pauseTimes: number;
  #known: PairStatus | undefined;
  /** The pause before the last pass that saw the same transfer at work. */
  #waitedMs = 0;

  constructor(replicator: Replicator, options: ReplicationOptions) {
    this.#replicator = replicator;
    this.#options = options;
    this.#soonMs = options.soonMs ?? SOON_MS;
    this.#busyMs = options.busyMs ?? BUSY_MS;
    this.#idleMs = options.idleMs ?? IDLE_MS;
    this.#pauseTimes = options.pauseTimes ?? PAUSE_TIMES;
  }

  /**
   * A snapshot was made. If it is of this pool, the next pass comes as soon as one may, and sees all that were made until then.
   * Where another process looks after copies, nothing comes of it, nor does it while the RDS cannot be read.
   */
  note({ place }: Pick<Snapshot, 'place'>): void {
    const { from, pool } = this.#replicator.pair;
    if (place.backend === from.name && place.pool === pool.label) this.#pause.callOff();
  }

  /** Passes, and pauses between them, until the signal aborts. Call it once. */
  async run(signal: AbortSignal): Promise<void> {
    const { metrics } = this.#options;
    const { pair } = this.#replicator;
    metrics.count('replicaFailures', labelsOf(pair), 0);
    metrics.beforeReading(() => measure(metrics, pair, this.#known));
    while (!signal.aborted) {
      const { leastMs, mostMs } = await this.#look(signal);
      await this.#pause.take(leastMs, mostMs, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<Rest> {
    const { logger, metrics, tasks } = this.#options;
    const { pair } = this.#replicator;
    const labels = labelsOf(pair);
    // Where no one can tell, copies are looked after all the same.
    if (tasks !== undefined && !(await tasks.leads(signal).catch(() => true))) {
      this.#known = undefined;
      metrics.count('replicaPasses', { ...labels, outcome: 'follower' });
      return exactly(this.#idleMs);
    }
    const begun = performance.now();
    try {
      const status = await this.#replicator.pass(callWithin(PASS_MS, signal));
      const rest = this.#restAfter(status);
      this.#known = status;
      metrics.count('replicaPasses', { ...labels, outcome: 'done' });
      tasks?.looked(pair, status);
      return rest;
    } catch (error) {
      if (!signal.aborted) {
        // What was known stays, so that the lag of a pool that cannot be read any more grows.
        metrics.count('replicaPasses', { ...labels, outcome: 'failed' });
        logger.warn({ pair: nameOfPair(pair), err: error }, 'copies could not be looked after');
      }
      return exactly(Math.max(this.#idleMs, this.#pauseTimes * (performance.now() - begun)));
    }
  }

  /** A transfer that has begun is looked at soon, and ever later the longer it takes; a pass comes early when all is copied only. */
  #restAfter({ sending, readMs }: PairStatus): Rest {
    if (sending === undefined) {
      const leastMs = Math.max(this.#soonMs, this.#pauseTimes * readMs);
      return { leastMs, mostMs: Math.max(leastMs, this.#idleMs) };
    }
    const isTheSame = sending.name === this.#known?.sending?.name;
    this.#waitedMs = Math.min(isTheSame ? 2 * this.#waitedMs : this.#soonMs, this.#busyMs);
    return exactly(Math.max(this.#waitedMs, Math.min(this.#pauseTimes, BUSY_PAUSE_TIMES) * readMs));
  }
}

function exactly(ms: number): Rest {
  return { leastMs: ms, mostMs: ms };
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
    kept(pair, copy, why) {
      logger.warn(
        { ...about(pair, copy.name), why },
        'a copy whose original has been gone for long enough stays for now',
      );
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
