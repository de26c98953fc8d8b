import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTraceparent } from './traceparent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test('a traceparent names a remote span, and whether it is sampled', () => {
  const context = { traceId: TRACE, spanId: SPAN, isRemote: true };
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), { ...context, traceFlags: 1 });
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-00`), { ...context, traceFlags: 0 });
  assert.deepEqual(parseTraceparent(`cc-${TRACE}-${SPAN}-03-what-comes-later`), { ...context, traceFlags: 1 });
});

for (const [what, text] of [
  ['nothing', ''],
  ['a version that will never be', `ff-${TRACE}-${SPAN}-01`],
  ['more than version 00 has', `00-${TRACE}-${SPAN}-01-more`],
  ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a missing part', `00-${TRACE}-${SPAN}`],
] as const) {
  test(`${what} is no traceparent`, () => assert.equal(parseTraceparent(text), undefined));
}

test('every right one is read, and no other, whatever stands in it', () => {
  const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));
  fc.assert(
    fc.property(hex(32), hex(16), hex(2), fc.string({ maxLength: 3 }), (traceId, spanId, flags, more) => {
      const context = parseTraceparent(`00-${traceId}-${spanId}-${flags}${more}`);
      const right = more.trim() === '' && /[1-9a-f]/.test(traceId) && /[1-9a-f]/.test(spanId);
      const traceFlags = Number.parseInt(flags, 16) % 2;
      assert.deepEqual(context, right ? { traceId, spanId, traceFlags, isRemote: true } : undefined);
    }),
  );
});
