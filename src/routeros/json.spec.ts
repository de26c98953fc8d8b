import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytes, flag, integer, text } from './json.ts';

const value = (field: unknown) => ({ field });

test('text is empty for what is absent, null or empty', () => {
  assert.equal(text({}, 'field'), '');
  assert.equal(text(value(null), 'field'), '');
  assert.equal(text(value(''), 'field'), '');
  assert.equal(text(value({}), 'field'), '');
});

test('text takes a number or a list as its text', () => {
  assert.equal(text(value('a b'), 'field'), 'a b');
  assert.equal(text(value(5), 'field'), '5');
  assert.equal(text(value(2n ** 64n), 'field'), '18446744073709551616');
  assert.equal(text(value(true), 'field'), 'true');
  assert.equal(text(value(['a', 'b']), 'field'), 'a,b');
});

test('integer and bytes are exact in each shape that RouterOS gives a number in', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n }), (size) => {
      assert.equal(bytes(value(size), 'field'), size);
      assert.equal(bytes(value(size.toString()), 'field'), size);
      assert.equal(bytes(value(`${size}.000000`), 'field'), size);
    }),
  );
  assert.equal(integer(value(2048), 'field'), 2048n);
});

test('integer and bytes are undefined for nothing and for what is not a whole number for certain', () => {
  for (const field of [undefined, null, '', '10.0GiB', '1.5', 1.5, -1, '-1', '1 024', '0x10', '1e3', 1e21, true, {}]) {
    assert.equal(integer(value(field), 'field'), undefined, JSON.stringify(field));
  }
});

test('flag is set for true and yes', () => {
  for (const field of [true, 'true', 'yes']) {
    assert.ok(flag(value(field), 'field'));
  }
});

test('flag is not set for anything else', () => {
  for (const field of [undefined, null, '', false, 'false', 'no', 0, 1, 'maybe']) {
    assert.ok(!flag(value(field), 'field'));
  }
});
