/** Tracing by OpenTelemetry: spans in batches, as OTLP in JSON over HTTP. Loaded only when it is turned on. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type Span as OtelSpan, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { SpacedWarning } from './spaced-warning.ts';
import { parseTraceparent } from './traceparent.ts';
import type { Span, Tracer, Tracing } from './tracing.ts';
import type { SamplerSettings, TracingSettings } from './tracing-settings.ts';

/** Longest text of an attribute, in characters; those of an honest caller are shorter. */
const MAX_TEXT = 1024;

/** How long stopping may take, in ms. */
const STOP_MS = 2_000;

/** Pause between two warnings about the collector, in ms. */
const WARNING_MS = 60_000;

/** Spans that wait for the collector; more are dropped. */
const MAX_QUEUED = 2048;

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

/** Who makes the spans, for when the variables of the environment name no one. */
export interface Service {
  readonly name: string;
  readonly version: string;
}

/**
 * Headers, certificates, compression and timeout of the exporter, and OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, are
 * read from the environment by OpenTelemetry itself.
 */
export function openTelemetry({ url, sampler }: TracingSettings, service: Service, logger: Logger): Tracing {
  const exporter = watched(new OTLPTraceExporter({ url }), logger);
  const provider = new TracerProvider({
    resource: resourceOf(service),
    sampler: samplerOf(sampler),
    spanLimits: { attributeValueLengthLimit: MAX_TEXT },
    spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: MAX_QUEUED })],
  });
  let stopped: Promise<void> | undefined;
  return {
    tracer: tracerOf(provider, service.version),
    on: true,
    stop() {
      stopped ??= stop(provider);
      return stopped;
    },
  };
}

async function stop(provider: TracerProvider): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, STOP_MS);
  });
  // A batch that cannot be sent was logged already.
  await Promise.race([provider.shutdown().catch(() => undefined), late]);
  clearTimeout(timer);
}

/**
 * The current span is kept in a storage of its own, as nothing but this driver's own spans is wanted: no global provider,
 * no instrumentation of modules.
 */
function tracerOf(provider: TracerProvider, version: string): Tracer {
  const tracer = provider.getTracer('rose-csi', version);
  const current = new AsyncLocalStorage<Context>();
  const open: (...args: Parameters<Tracer['start']>) => OtelSpan = (name, { kind, attributes = {}, traceparent }) => {
    const caller = traceparent === undefined ? undefined : parseTraceparent(traceparent);
    const parent = caller ? trace.setSpanContext(ROOT_CONTEXT, caller) : (current.getStore() ?? ROOT_CONTEXT);
    return tracer.startSpan(name, { kind: kinds[kind], attributes }, parent);
  };
  const wrap = (span: OtelSpan): Span => ({
    set: (attributes) => void span.setAttributes(attributes),
    fail: (message) => void span.setStatus({ code: SpanStatusCode.ERROR, message: message.slice(0, MAX_TEXT) }),
    linkFromCurrent() {
      const waiting = trace.getSpan(current.getStore() ?? ROOT_CONTEXT);
      waiting?.addLink({ context: span.spanContext() });
    },
    end: () => span.end(),
  });
  return {
    start: (name, options) => wrap(open(name, options)),
    async span(name, options, work) {
      const span = open(name, options);
      try {
        return await current.run(trace.setSpan(ROOT_CONTEXT, span), () => work(wrap(span)));
      } finally {
        span.end();
      }
    },
    traceId() {
      const span = trace.getSpan(current.getStore() ?? ROOT_CONTEXT);
      return span?.isRecording() ? span.spanContext().traceId : undefined;
    },
  };
}

function resourceOf({ name, version }: Service) {
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': name, 'service.version': version }))
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }));
}

function samplerOf({ name, ratio }: SamplerSettings): Sampler {
  const root = () => {
    if (name.endsWith('always_on')) return new AlwaysOnSampler();
    return name.endsWith('always_off') ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
  };
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root: root() }) : root();
}

/** The exporter, with a warning now and then when batches do not arrive. */
function watched(exporter: SpanExporter, logger: Logger): SpanExporter {
  const warning = new SpacedWarning(WARNING_MS);
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const { error } = result;
        if (error !== undefined) {
          warning.say((unsaid) =>
            logger.warn({ error: reason(error), lostSpans: spans.length, unsaid }, 'traces were not delivered'),
          );
        }
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

/** Node's error for a name with several addresses has a code and no message. */
function reason(error: Error): string {
  return error.message || ('code' in error ? String(error.code) : error.name);
}
