import type { Metrics } from '../../observability/metrics.ts';
import type { BreakerState } from '../../routeros/index.ts';
import type { Backend } from '../../storage/backend.ts';
import { measurePools, type PoolMetricsOptions } from './pool-metrics.ts';

const breakerStates: readonly BreakerState[] = ['closed', 'open', 'half-open'];

/**
 * Measures what can be known of each box beside its calls.
 *
 * @returns promises that resolve when the signal aborts
 */
export function measureBoxes(backends: readonly Backend[], options: PoolMetricsOptions): Promise<void>[] {
  measureQueues(backends, options.metrics);
  return backends.map((backend) => measurePools(backend, options));
}

/** Tells of queue and breaker of each box as they are when metrics are read. */
function measureQueues(backends: readonly Backend[], metrics: Metrics): void {
  metrics.beforeReading(() => {
    for (const { name: backend, rds } of backends) {
      const { breaker, queued, inFlight, window } = rds.state();
      metrics.set('execsQueued', { backend }, queued);
      metrics.set('execsInFlight', { backend }, inFlight);
      metrics.set('execsWindow', { backend }, window);
      for (const state of breakerStates) metrics.set('breaker', { backend, state }, state === breaker ? 1 : 0);
    }
  });
}
