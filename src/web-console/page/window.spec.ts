import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mostRows, rowWindow, scrollTo } from './window.ts';

test('every row that can be seen is made, and not many more', () => {
  const pixels = fc.integer({ min: 0, max: 2000 });
  fc.assert(
    fc.property(fc.nat(500_000), pixels, fc.integer({ min: 20, max: 80 }), fc.nat(11_000), (top, height, row, rows) => {
      const { from, to } = rowWindow(top, height, row, rows);
      assert.ok(from >= 0 && from <= to && to <= rows);
      for (let index = Math.floor(top / row); index * row < top + height && index < rows; index += 1) {
        assert.ok(index >= from && index < to, `${index}`);
      }
      assert.ok(to - from <= mostRows(height, row));
    }),
  );
});

test('a row that is seen whole needs no scrolling, others come to the nearest edge', () => {
  assert.equal(scrollTo(2, 0, 400, 40), undefined);
  assert.equal(scrollTo(0, 100, 400, 40), 0);
  assert.equal(scrollTo(10, 0, 400, 40), 40);
});
