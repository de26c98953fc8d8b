import type { Logger } from 'pino';
import { receivingSubvolumes } from '../config/replicas.ts';
import type { BackendConfig } from '../config/schema.ts';
import { type Metrics, noMetrics } from '../observability/metrics.ts';
import { noTracer, type Tracer } from '../observability/tracing.ts';
import { Rds } from '../rds/index.ts';
import { connectRouterOs, DRIFT_MS, type RouterOsOptions, readHostKeys, readPrivateKey } from '../routeros/index.ts';
import type { Backend } from '../storage/backend.ts';
import { execMetrics } from './exec-metrics.ts';
import { execTracing } from './exec-tracing.ts';

/** How long an RDS that does not answer is tried and then left alone; the defaults are those of the conversation. */
export interface Patience extends Pick<RouterOsOptions, 'retryPolicy' | 'breaker' | 'clock'> {
  /** Whether another process may have served the backends a moment ago, whose last commands may still be at work there. */
  readonly hasPredecessor?: boolean;
  /** How fast copies on other backends are looked after; replaced in tests. */
  readonly replication?: ReplicationPace;
}

/** In milliseconds but for the last. @see ../storage/replication/replicator.ts and ./controller/replication.ts */
interface ReplicationPace {
  readonly stillMs?: number;
  readonly soonMs?: number;
  readonly busyMs?: number;
  readonly idleMs?: number;
  /** How many times as long as reading a pause is at least. */
  readonly pauseTimes?: number;
}

export interface BackendOptions {
  /** The first is that of new objects. */
  readonly owners: readonly string[];
  readonly logger: Logger;
  readonly patience?: Patience;
  readonly tracer?: Tracer;
  readonly metrics?: Metrics;
}

/** The conversations with all configured RDS, each as {@link openBackend}. */
export function openBackends(configs: readonly BackendConfig[], options: BackendOptions): Backend[] {
  return configs.map((config) => openBackend(config, options, receivingSubvolumes(config.name, configs)));
}

/** The conversation with one configured RDS. Nothing is connected before the first command. */
export function openBackend(
  config: BackendConfig,
  { owners, logger, patience = {}, tracer = noTracer, metrics = noMetrics }: BackendOptions,
  receiving: ReadonlyMap<string, string> = new Map(),
): Backend {
  const { ssh, nvme } = config;
  const { hasPredecessor = false, replication: _, ...conversation } = patience;
  const writeWithinMs = ssh.writeWithinSeconds * 1000;
  const measured = execMetrics(metrics, config.name);
  const routerOs = connectRouterOs({
    ...conversation,
    host: ssh.host,
    port: ssh.port,
    hostKeys: () =>
      readHostKeys(ssh, (problem) => logger.warn({ backend: config.name, problem }, 'a line of host keys is not used')),
    maxInFlight: ssh.maxInFlight,
    execTimeoutMs: ssh.execTimeoutSeconds * 1000,
    writeWithinMs,
    credentials: async () => ({ username: ssh.user, privateKey: await readPrivateKey(ssh.privateKeyFile) }),
    onExec: (event) => {
      const { ms, bytes, outcome, detail } = event;
      measured(event);
      const line = {
        backend: config.name,
        ms: Math.round(ms * 10) / 10,
        bytes,
        outcome,
        ...(detail && { error: detail }),
      };
      logger[outcome === 'ok' || outcome === 'refused' ? 'debug' : 'warn'](line, 'exec');
    },
    watchExec: execTracing(tracer, config.name),
  });
  const pools = config.pools.map(({ label, uuid, mountPoint }) => ({
    label,
    uuid,
    mountPoint: mountPoint ?? label,
    receivesIn: receiving.get(label),
  }));
  return {
    name: config.name,
    rds: new Rds(
      routerOs,
      { pools, owners, port: nvme.port, reserveBytes: config.reserve, ratioPercent: percentOf(config.overCommitRatio) },
      {
        ...(patience.clock === undefined ? {} : { clock: patience.clock }),
        predecessorMs: hasPredecessor ? writeWithinMs + DRIFT_MS : 0,
      },
    ),
    dataAddress: nvme.address,
    network: config.network,
    allowHostName: nvme.allowHostName,
  };
}

function percentOf(ratio: number | undefined): bigint | undefined {
  return ratio === undefined ? undefined : BigInt(Math.round(ratio * 100));
}
