import type { Metrics } from '../../observability/metrics.ts';
import type { BreakerState } from '../../routeros/index.ts';
import type { Backend } from '../../storage/backend.ts';

const breakerStates: readonly BreakerState[] = ['closed', 'open', 'half-open'];

/** Reports queue and breaker of each RDS as they are when metrics are read. */
export function measureQueues(backends: readonly Backend[], metrics: Metrics): void {
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
