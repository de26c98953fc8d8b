import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visibleTexts } from './visible-texts.ts';

test('what can be seen as it is stays the same value, and only what cannot is made again', () => {
  const plain = { rows: [{ id: 'a', nodes: ['n'], size: 1 }], none: undefined };
  assert.equal(visibleTexts(plain), plain);
  const odd = { ...plain, rows: [...plain.rows, { id: '\u202Eb', nodes: ['\u0000', 'n'], size: 2 }] };
  const shown = visibleTexts(odd);
  assert.deepEqual(shown.rows, [plain.rows[0], { id: '\\u202eb', nodes: ['\\u0000', 'n'], size: 2 }]);
  assert.equal(shown.rows[0], odd.rows[0]);
  assert.equal(odd.rows[1]?.id, '\u202Eb', 'what was given is left alone');
});
