import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { BackendConfig } from '../config/schema.ts';
import { type Metrics, noMetrics } from '../observability/metrics.ts';
import { noTracer, type Tracer } from '../observability/tracing.ts';
import { Rds } from '../rds/index.ts';
import { connectRouterOs, DRIFT_MS, parseHostKeys, type RouterOsOptions } from '../routeros/index.ts';
import type { Backend } from '../storage/backend.ts';
import { execMetrics } from './exec-metrics.ts';
import { execTracing } from './exec-tracing.ts';
import { hostKeyLines } from './host-key-lines.ts';

/** How long a box that does not answer is tried and then left alone; the defaults are those of the conversation. */
export interface Patience extends Pick<RouterOsOptions, 'retryPolicy' | 'breaker' | 'clock'> {
  /** Whether another process may have served the boxes a moment ago, whose last commands may still be at work there. */
  readonly hasPredecessor?: boolean;
}

/** The pinned host keys: those of the configuration, and those in a file, which is read at every connect. */
export function pins({ hostKeys, hostKeysFile }: BackendConfig['ssh']): RouterOsOptions['hostKeys'] {
  if (hostKeysFile === undefined) return hostKeys;
  return async () => [...hostKeys, ...hostKeyLines(await readFile(hostKeysFile, 'utf8'))];
}

/** @throws Error that names the backend */
function checkPins({ name, ssh }: BackendConfig): void {
  try {
    parseHostKeys(ssh.hostKeys);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`ssh.hostKeys of the backend ${name}: ${why}`, { cause: error });
  }
}

/** The conversation with one configured box. Nothing is connected before the first command. */
export function openBackend(
  config: BackendConfig,
  owners: readonly string[],
  logger: Logger,
  patience: Patience = {},
  tracer: Tracer = noTracer,
  metrics: Metrics = noMetrics,
): Backend {
  const { ssh, nvme } = config;
  const { hasPredecessor = false, ...conversation } = patience;
  const writeWithinMs = ssh.writeWithinSeconds * 1000;
  if (ssh.hostKeys.length > 0) checkPins(config);
  const measured = execMetrics(metrics, config.name);
  const routerOs = connectRouterOs({
    ...conversation,
    host: ssh.host,
    port: ssh.port,
    hostKeys: pins(ssh),
    maxInFlight: ssh.maxInFlight,
    execTimeoutMs: ssh.execTimeoutSeconds * 1000,
    writeWithinMs,
    credentials: async () => ({ username: ssh.user, privateKey: await readFile(ssh.privateKeyFile) }),
    onExec: (event) => {
      const { ms, bytes, outcome } = event;
      measured(event);
      const line = { backend: config.name, ms: Math.round(ms * 10) / 10, bytes, outcome };
      logger[outcome === 'ok' || outcome === 'refused' ? 'debug' : 'warn'](line, 'exec');
    },
    watchExec: execTracing(tracer, config.name),
  });
  const pools = config.pools.map(({ label, uuid, mountPoint }) => ({ label, uuid, mountPoint: mountPoint ?? label }));
  return {
    name: config.name,
    rds: new Rds(
      routerOs,
      {
        ...{ pools, owners, port: nvme.port, reserveBytes: config.reserve },
        ratioPercent: percentOf(config.overCommitRatio),
      },
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
