import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asOneMessage } from './output.ts';
import { oneLine, visible, visibleJson, visiblyPainted } from './printable.ts';
import { foldLines, painter, wrap } from './terminal.ts';

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

test('what others wrote moved the cursor, reordered what stood beside it, or looked like another line', () => {
  assert.equal(visible('a\x1b[2J\u202eb\x07\x9b\n'), 'a\\u001b[2J\\u202eb\\u0007\\u009b\n');
  assert.equal(oneLine('a\r\nrose-csi: all is well\u2028b\u{e0041}'), 'a rose-csi: all is well\\u2028b\\udb40\\udc41');
  assert.equal(asOneMessage('a\nrose-csi: all is well\n  b'), 'a\n  rose-csi: all is well\n  b');
});

test('whatever the text, nothing unseen is printed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(oneLine(text), UNSEEN);
      assert.doesNotMatch(visible(text).replaceAll('\n', ''), UNSEEN);
      assert.doesNotMatch(wrap(text, 20).join(''), UNSEEN);
      assert.doesNotMatch(visibleJson({ text }), UNSEEN);
      assert.deepEqual(JSON.parse(visibleJson({ text })), { text });
    }),
  );
});

test('our own colours pass, and those of others do not', () => {
  const paint = painter(true);
  const ours = wrap('a\x1b[31mb\x1b[8mc', 80)
    .map((line) => paint(['bold', 'red'], line))
    .join('');
  assert.equal(visiblyPainted(ours), '\x1b[1m\x1b[31ma\\u001b[31mb\\u001b[8mc\x1b[39m\x1b[22m');
  assert.equal(visiblyPainted('\x1b[8m\x1b]0;x'), '\\u001b[8m\\u001b]0;x');
});

test('only lines that are too long are folded, each under its own indentation', () => {
  assert.equal(foldLines('a  b\n  one two three\n', 10), 'a  b\n  one two\n    three\n');
});
