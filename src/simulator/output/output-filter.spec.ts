import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addGarbage, breakLines, cutAfter, flood, type OutputFilter } from './output-filter.ts';

/** All that a client sees when this is printed. */
function through(filter: OutputFilter, ...printed: readonly string[]): string {
  return Buffer.concat([
    ...(filter.before?.() ?? []),
    ...printed.map((text) => filter.pass(Buffer.from(text))),
    filter.after?.() ?? Buffer.alloc(0),
  ]).toString();
}

test('a cut ends the output after so many bytes, wherever that is', () => {
  assert.equal(through(cutAfter(5), 'abc\r\n', 'def\r\n'), 'abc\r\n');
  assert.equal(through(cutAfter(7), 'abc\r\n', 'def\r\n', 'ghi\r\n'), 'abc\r\nde');
  assert.equal(through(cutAfter(0), 'abc\r\n'), '');
  assert.equal(through(cutAfter(100), 'abc\r\n'), 'abc\r\n');
});

test('lines are broken within words, and a line of just the width is left alone', () => {
  assert.equal(through(breakLines(4), 'abcdefghij\r\n', 'ab', 'cdef\r\n'), 'abcd\r\nefgh\r\nij\r\nabcd\r\nef\r\n');
  assert.equal(through(breakLines(4), 'abcd\r\nabcd\r\n'), 'abcd\r\nabcd\r\n');
  assert.equal(through(breakLines(4, '\n'), 'abcdefgh\r\n'), 'abcd\nefgh\r\n');
});

test('broken lines lose nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 9 }), (printed, columns) => {
      const seen = through(breakLines(columns, '\n'), ...printed);
      assert.equal(seen.replaceAll('\n', ''), printed.join('').replaceAll('\n', ''));
      assert.ok(seen.split(/[\r\n]/).every((line) => Buffer.byteLength(line) <= columns));
    }),
    { numRuns: 200 },
  );
});

test('garbage comes before, after or instead', () => {
  assert.equal(through(addGarbage('before', '?!'), 'abc\r\n'), '?!abc\r\n');
  assert.equal(through(addGarbage('after', '?!'), 'abc\r\n'), 'abc\r\n?!');
  assert.equal(through(addGarbage('instead', '?!'), 'abc\r\n'), '?!');
  assert.equal(through(addGarbage('before', '?!')), '?!');
});

test('a flood is as long as asked for and comes first', () => {
  for (const bytes of [0, 1, 80, 64_000, 64_001, 1_000_000]) {
    const seen = through(flood(bytes), 'abc\r\n');
    assert.equal(seen.length, bytes + 5);
    assert.ok(seen.endsWith('abc\r\n'));
  }
});
