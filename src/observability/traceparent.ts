import { isSpanContextValid, type SpanContext } from '@opentelemetry/api';

/** Version, trace id, id of the parent, flags; a later version may append more (https://www.w3.org/TR/trace-context/). */
const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** What a W3C `traceparent` names, or undefined when it is not one. */
export function parseTraceparent(text: string): SpanContext | undefined {
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = pattern.exec(text.trim()) ?? [];
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}
