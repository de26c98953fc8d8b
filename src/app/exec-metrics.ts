import type { Metrics } from '../observability/metrics.ts';
import type { ExecEvent } from '../routeros/index.ts';

/** Counts and times the execs on an RDS. */
export function execMetrics(metrics: Metrics, backend: string): (event: ExecEvent) => void {
  return ({ ms, outcome }) => {
    metrics.count('execs', { backend, outcome });
    metrics.observe('execSeconds', { backend }, ms / 1000);
  };
}
