/** The seam between the driver and its traces. OpenTelemetry stands behind it, and is loaded only when it is turned on. */
import type { Logger } from 'pino';
import { tracingSettings } from './tracing-settings.ts';

/** What is recorded in a span: texts, numbers (ms, bytes) and flags, none of them secret. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** `server` answers someone, `client` asks someone, `internal` does neither. */
  readonly kind: 'server' | 'client' | 'internal';
  readonly attributes?: Attributes;
  /** W3C `traceparent` of the caller, as it came; one that cannot be read counts as none. */
  readonly traceparent?: string | undefined;
}

/** Something that takes time. Nothing here throws; after {@link end} nothing has an effect. */
export interface Span {
  set(attributes: Attributes): void;
  /** Marks it as failed. */
  fail(message: string): void;
  /** The current span waits for this one, which is the child of another. */
  linkFromCurrent(): void;
  end(): void;
}

/** Makes spans. The current span is that of the asynchronous context; a span without one begins a trace. */
export interface Tracer {
  /** Starts a child of the current span, or of `traceparent`, without making it the current one. */
  start(name: string, options: SpanOptions): Span;
  /** Does `work` with a new span as the current one, which ends with it. What `work` throws passes through. */
  span<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Id of the trace that the current span belongs to; undefined without one, and for a trace that is not kept. */
  traceId(): string | undefined;
}

const noSpan: Span = { set() {}, fail() {}, linkFromCurrent() {}, end() {} };

/** Tracing that is turned off. */
export const noTracer: Tracer = {
  start: () => noSpan,
  span: (_name, _options, work) => work(noSpan),
  traceId: () => undefined,
};

/** The tracing of this process. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what was not sent yet, for at most 2 s. Further calls return the same promise. */
  stop(): Promise<void>;
  /** Whether OpenTelemetry was loaded. */
  readonly on: boolean;
}

const noTracing: Tracing = { tracer: noTracer, on: false, stop: async () => undefined };

/**
 * Traces by the standard variables of OpenTelemetry (docs/tracing.md); off unless they name a collector. Trouble with
 * them or with the collector is a line in the log and never an error.
 *
 * @param serviceName for when the variables name none
 * @param version of the driver
 */
export async function openTracing(logger: Logger, serviceName: string, version: string): Promise<Tracing> {
  const { settings, complaints } = tracingSettings(process.env);
  for (const complaint of complaints) logger.warn(`tracing: ${complaint}`);
  if (settings === undefined) return noTracing;
  try {
    const { openTelemetry } = await import('./opentelemetry.ts');
    const tracing = openTelemetry(settings, { name: serviceName, version }, logger);
    logger.info({ url: withoutCredentials(settings.url), sampler: settings.sampler.name }, 'tracing');
    return tracing;
  } catch (error) {
    logger.warn({ err: error }, 'tracing cannot be started: there will be no traces');
    return noTracing;
  }
}

function withoutCredentials(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** Stops it, and ends the process if it is on: a collector that does not answer could keep it alive for seconds more. */
export async function endProcess(tracing: Tracing): Promise<void> {
  await tracing.stop();
  if (tracing.on) process.exit();
}
