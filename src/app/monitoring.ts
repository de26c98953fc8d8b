import type { Logger } from 'pino';
import type { Interceptor } from '../csi/grpc-binding.ts';
import { type Metrics, noMetrics } from '../observability/metrics.ts';
import type { MetricsPlace } from '../observability/metrics-server.ts';
import { rpcMetrics } from './rpc-metrics.ts';
import { VERSION } from './version.ts';

/** The metrics of this process, and where they can be read. */
export interface Monitoring {
  /** False when no one can read them: then nothing is to be measured. */
  readonly on: boolean;
  readonly metrics: Metrics;
  readonly interceptors: readonly Interceptor[];
  /** Port that they are served on; undefined when they are off. */
  readonly port: number | undefined;
  stop(): Promise<void>;
}

const noMonitoring: Monitoring = {
  on: false,
  metrics: noMetrics,
  interceptors: [],
  port: undefined,
  stop: async () => undefined,
};

/**
 * Serves the metrics of a part of the driver. What that needs is loaded only when a place is given.
 *
 * @throws Error naming the place when it cannot be listened on
 */
export async function startMonitoring(
  place: MetricsPlace | undefined,
  component: 'controller' | 'node',
  logger: Logger,
): Promise<Monitoring> {
  if (place === undefined) return noMonitoring;
  const [{ prometheusMetrics }, { serveMetrics }, { measureProcess }] = await Promise.all([
    import('../observability/prometheus.ts'),
    import('../observability/metrics-server.ts'),
    import('../observability/process-metrics.ts'),
  ]);
  const metrics = prometheusMetrics();
  metrics.set('buildInfo', { component, version: VERSION }, 1);
  measureProcess(metrics);
  const server = await serveMetrics(metrics, place);
  logger.info({ address: place.address, port: server.port }, 'metrics');
  return { on: true, metrics, interceptors: [rpcMetrics(metrics)], port: server.port, stop: () => server.close() };
}
