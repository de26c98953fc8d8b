import { status } from '@grpc/grpc-js';
import type { Interceptor } from '../csi/grpc-binding.ts';
import { toStatus } from '../csi/status.ts';
import type { Metrics } from '../observability/metrics.ts';

/** Counts and times every RPC. */
export function rpcMetrics(metrics: Metrics): Interceptor {
  return async ({ method: { name: method } }, next) => {
    const begin = performance.now();
    const ended = (code: status) => {
      metrics.count('rpcs', { method, code: status[code] });
      metrics.observe('rpcSeconds', { method }, (performance.now() - begin) / 1000);
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
