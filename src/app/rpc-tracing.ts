import { status } from '@grpc/grpc-js';
import type { Interceptor } from '../csi/grpc-binding.ts';
import { idsOfReply, idsOfRequest } from '../csi/log.ts';
import { toStatus } from '../csi/status.ts';
import type { Attributes, Tracer } from '../observability/tracing.ts';

/** Codes that are the fault of who answers (https://opentelemetry.io/docs/specs/semconv/rpc/grpc). */
const faults: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/**
 * A span for each RPC, continuing the caller's trace. It says what the log says of a request and no more. Probe has
 * none: it is called every few seconds and asks neither the RDS nor the host.
 */
export function rpcTracing(tracer: Tracer): Interceptor {
  return ({ method, request, header }, next) => {
    if (method.name === 'Probe') return next();
    const service = method.parent.typeName;
    const attributes = {
      'rpc.system': 'grpc',
      'rpc.service': service,
      'rpc.method': method.name,
      ...ownNames(idsOfRequest(request)),
    };
    const options = { kind: 'server', attributes, traceparent: header('traceparent') } as const;
    return tracer.span(`${service}/${method.name}`, options, async (span) => {
      try {
        const reply = await next();
        span.set({ 'rpc.grpc.status_code': status.OK, ...ownNames(idsOfReply(reply)) });
        return reply;
      } catch (error) {
        const { code, details } = toStatus(error);
        span.set({ 'rpc.grpc.status_code': code });
        if (faults.has(code)) span.fail(details);
        throw error;
      }
    });
  };
}

/** `volumeId` of the log is `rose_csi.volume_id` in a span. */
function ownNames(fields: Readonly<Record<string, string>>): Attributes {
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`rose_csi.${snake(name)}`, value]));
}
