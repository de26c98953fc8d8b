import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Logger } from 'pino';
import { createLogger } from '../../src/observability/log.ts';
import { openTelemetry } from '../../src/observability/opentelemetry.ts';
import type { Tracing } from '../../src/observability/tracing.ts';
import type { SamplerSettings } from '../../src/observability/tracing-settings.ts';
import { type CollectedSpan, Collector } from '../support/collector.ts';

/** Spans as the collector numbers their kinds. */
export const SERVER = 2;
export const CLIENT = 3;
/** Status of a span that failed. */
export const FAILED = 2;

/** A collector, and tracing that sends to it. */
export interface TracingFixture {
  readonly collector: Collector;
  readonly tracing: Tracing;
}

/** Starts both; `tracing.stop()` sends what there is. */
export async function startTracing(
  t: TestContext,
  sampler: SamplerSettings = { name: 'parentbased_always_on', ratio: 1 },
  logger: Logger = createLogger('fatal'),
): Promise<TracingFixture> {
  const collector = await Collector.start(t);
  const service = { name: 'a-test', version: '1.2.3' };
  const tracing = openTelemetry({ url: collector.url, sampler }, service, logger);
  t.after(() => tracing.stop());
  return { collector, tracing };
}

/** A caller with a trace of its own, as a sidecar that traces would be. */
export function newCaller(sampled = true) {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  const headers = { traceparent: `00-${traceId}-${spanId}-0${sampled ? 1 : 0}` };
  return { traceId, spanId, headers };
}

/** The spans of one RPC by its method. */
export function rpcs({ spans }: Collector, method: string): CollectedSpan[] {
  return spans.filter(({ kind, attributes }) => kind === SERVER && attributes['rpc.method'] === method);
}

/** How each exec below a span went. */
export function outcomes(collector: Collector, parent: CollectedSpan): unknown[] {
  return collector.children(parent).map(({ attributes }) => attributes['rose_csi.exec.outcome']);
}
