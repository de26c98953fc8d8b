import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { percentile } from './percentile.ts';

test('of 1 to 100 the number itself, of one time that one, and the longest for 100', () => {
  const times = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(
    [1, 50, 99, 100].map((percent) => percentile(times, percent)),
    [1, 50, 99, 100],
  );
  assert.equal(percentile([1.26], 50), 1.3);
  assert.equal(percentile([], 50), 0);
});

test('at least so many percent of the times are not above it', () => {
  const tenths = fc.integer({ min: 0, max: 10_000 }).map((number) => number / 10);
  fc.assert(
    fc.property(fc.array(tenths, { minLength: 1 }), fc.integer({ min: 1, max: 100 }), (times, percent) => {
      const found = percentile(times, percent);
      assert.ok(times.includes(found));
      assert.ok(times.filter((time) => time <= found).length * 100 >= times.length * percent);
    }),
  );
});
