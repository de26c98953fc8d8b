import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readStringLiteral } from './routeros-text.fixture.ts';
import { ere, type Script } from './script.ts';

/** What the device's regular expression engine would be given. Our subset means the same to JavaScript's. */
function expression(script: Script): RegExp {
  return new RegExp(readStringLiteral(script.text).toString('utf8'), 's');
}

const literal = fc.string({ unit: 'grapheme-ascii', minLength: 1 });

test('ere matches an interpolated text and only that', () => {
  fc.assert(
    fc.property(literal, literal, (text, other) => {
      const exact = expression(ere`^${text}$`);
      assert.ok(exact.test(text));
      assert.equal(exact.test(other), other === text);
    }),
  );
});

test('ere matches any of a list', () => {
  fc.assert(
    fc.property(fc.array(literal, { minLength: 1 }), literal, (texts, other) => {
      const any = expression(ere`^${texts}$`);
      assert.ok(texts.every((text) => any.test(text)));
      assert.equal(any.test(other), texts.includes(other));
    }),
  );
});

test('ere is quoted for RouterOS after it was escaped for the expression', () => {
  assert.equal(ere`^pvc-${'a.b'}-${['x', 'y+']}-`.text, String.raw`"^pvc-a\5C.b-(x|y\5C+)-"`);
  assert.equal(ere`^[0-9]+$`.text, String.raw`"^[0-9]+\24"`);
});

test('ere refuses what would match everything', () => {
  assert.throws(() => ere`^${''}`, RangeError);
  assert.throws(() => ere`^${[]}`, RangeError);
  assert.throws(() => ere`^${['a', '']}`, RangeError);
  assert.throws(() => ere`^${'a\0b'}`, RangeError);
});
