import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseQuantity, printQuantity } from './quantity.ts';

test('quantities as Kubernetes writes them', () => {
  const known: readonly (readonly [string, bigint])[] = [
    ['0', 0n],
    ['10Gi', 10n * 2n ** 30n],
    ['1.5Ti', 3n * 2n ** 39n],
    ['0.5', 1n],
    ['100M', 100_000_000n],
    ['1e9', 1_000_000_000n],
    ['1E', 10n ** 18n],
    ['2Ei', 2n ** 61n],
  ];
  for (const [text, bytes] of known) assert.equal(parseQuantity(text), bytes, text);
});

test('anything else is no quantity', () => {
  for (const text of [undefined, '', 'Gi', '-1', '1 Gi', '1GiB', '10gi', '1e999', 'NaN']) {
    assert.equal(parseQuantity(text), undefined, text);
  }
});

test('every number of bytes is read as itself', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n }), (bytes) => parseQuantity(String(bytes)) === bytes));
});

test('a quantity is written with the largest unit that loses nothing', () => {
  const known: readonly (readonly [bigint, string])[] = [
    [0n, '0'],
    [1023n, '1023'],
    [1024n, '1Ki'],
    [10n * 2n ** 20n, '10Mi'],
    [3n * 2n ** 29n, '1536Mi'],
    [2n ** 30n, '1Gi'],
    [2n ** 30n + 1n, '1073741825'],
    [2n ** 60n, '1Ei'],
  ];
  for (const [bytes, text] of known) assert.equal(printQuantity(bytes), text);
  const sizes = fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 13n }), fc.integer({ min: 0, max: 50 }));
  fc.assert(
    fc.property(
      sizes,
      ([count, bits]) => parseQuantity(printQuantity(count << BigInt(bits))) === count << BigInt(bits),
    ),
  );
});
