import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseUptime, UptimeReading } from './clock.ts';

/** The longest way of an answer, in ms. */
const SLOW = 5_000;

test('on this side a deadline has never passed before it has on the device', () => {
  const moments = fc.record({
    bootedAt: fc.integer({ min: -1_000_000_000, max: 0 }),
    readAt: fc.integer({ min: 0, max: 1_000_000 }),
    wayMs: fc.integer({ min: 0, max: SLOW }),
    laterMs: fc.integer({ min: 0, max: 300_000 }),
    withinMs: fc.integer({ min: 3_000, max: 60_000 }),
  });
  fc.assert(
    fc.property(moments, ({ bootedAt, readAt, wayMs, laterMs, withinMs }) => {
      const uptimeMs = (at: number) => at - bootedAt;
      const reading = new UptimeReading();
      const receivedAt = readAt + wayMs;
      reading.note(Math.floor(uptimeMs(readAt) / 1000), receivedAt);
      const sentAt = receivedAt + laterMs;
      const { uptimeSeconds, passedAt } = reading.deadline(sentAt, withinMs);
      assert.ok(uptimeMs(passedAt) >= uptimeSeconds * 1000, 'over there it is over');
      assert.ok(passedAt <= sentAt + withinMs + 1_000, 'no one waits longer than that');
      const left = uptimeSeconds * 1000 - uptimeMs(sentAt);
      assert.ok(left <= withinMs && left >= withinMs - wayMs - 2_000, `the script has ${left} of ${withinMs} ms`);
    }),
  );
});

test('of two readings the one counts that came the shorter way, for as long as it is fresh', () => {
  const reading = new UptimeReading();
  reading.note(1000, 0);
  reading.note(1002, 10_000);
  assert.equal(reading.deadline(10_000, 10_000).uptimeSeconds, 1020, 'the second answer was eight seconds on its way');
  reading.note(1300, 300_500);
  assert.equal(reading.deadline(300_500, 10_000).uptimeSeconds, 1310);
});

test('without a reading, or with an old one, there is nothing to reckon from', () => {
  const reading = new UptimeReading();
  assert.ok(!reading.isFresh(0));
  reading.note(10, 0);
  assert.ok(reading.isFresh(300_000));
  assert.ok(!reading.isFresh(300_001));
});

test('uptimes of RouterOS are read, and nothing else', () => {
  const forms: readonly [string, number | undefined][] = [
    ['00:00:00', 0],
    ['23:59:59', 86_399],
    ['1d00:00:00', 86_400],
    ['10w6d23:59:59', 6_652_799],
    ['00:00:01.999', 1],
    ['1w', undefined],
    ['90', undefined],
    ['1d 00:00:00', undefined],
    ['', undefined],
  ];
  for (const [text, seconds] of forms) assert.equal(parseUptime(text), seconds, text);
});
