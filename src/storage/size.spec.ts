import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StorageError } from './errors.ts';
import { GiB, MiB, requestedBytes, roundUp } from './size.ts';

const range = (requiredBytes: bigint, limitBytes = 0n) => ({ requiredBytes, limitBytes });

test('a size is rounded up to the next MiB and never down', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 60n), (bytes) => {
      const rounded = roundUp(bytes);
      assert.ok(rounded >= bytes && rounded - bytes < MiB && rounded % MiB === 0n);
    }),
  );
});

test('a request gets at least what it requires and at most its limit, or an error', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 62n), fc.bigInt(0n, 2n ** 62n), fc.boolean(), (required, limit, hasSource) => {
      try {
        const bytes = requestedBytes(range(required, limit), hasSource);
        assert.ok(bytes >= required && (limit === 0n || bytes <= limit));
        assert.ok(bytes > 0n || hasSource);
      } catch (error) {
        assert.ok(error instanceof StorageError && error.kind === 'outOfRange');
      }
    }),
  );
});

test('a request without a size gets 1 GiB, or what its limit allows, or the size of its source', () => {
  assert.equal(requestedBytes(range(0n), false), GiB);
  assert.equal(requestedBytes(range(0n, 5n * MiB + 1n), false), 5n * MiB);
  assert.equal(requestedBytes(range(0n), true), 0n);
});

test('a range without a multiple of 1 MiB is out of range', () => {
  assert.throws(() => requestedBytes(range(MiB + 1n, 2n * MiB - 1n), false), { kind: 'outOfRange' });
  assert.throws(() => requestedBytes(range(0n, 1n), false), { kind: 'outOfRange' });
  assert.throws(() => requestedBytes(range(2n ** 63n - 1n), false), { kind: 'outOfRange' });
});
