import { status } from '@grpc/grpc-js';
import type { Interceptor } from '../csi/grpc-binding.ts';
import { toStatus } from '../csi/status.ts';
import type { Metrics } from '../observability/metrics.ts';

/** Counts and times every RPC. */
export function rpcMetrics(metrics: Metrics): Interceptor {
  return async ({ method: { name: method } }, next) => {
    const begin = performance.now();
    // Prometheus sees no increase in a series that begins with 1, and a defect may come once only.
    metrics.count('rpcs', { method, code: status[status.INTERNAL] }, 0);
    const ended = (grpcCode: status) => {
      const code = status[grpcCode];
      metrics.count('rpcs', { method, code });
      metrics.observe('rpcSeconds', { method, code }, (performance.now() - begin) / 1000);
    };
    try {
      const reply = await next();
      ended(status.OK);
      return reply;
    } catch (error) {
      ended(toStatus(error).code);
      throw error;
    }
  };
}
