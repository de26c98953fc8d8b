import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import type { ErrorKind } from '../failures/failure.ts';
import { StorageError } from '../storage/errors.ts';
import { codes, toStatus } from './status.ts';

test('each kind of error has its code', () => {
  const expected: Record<ErrorKind, status> = {
    invalid: status.INVALID_ARGUMENT,
    notFound: status.NOT_FOUND,
    alreadyExists: status.ALREADY_EXISTS,
    outOfRange: status.OUT_OF_RANGE,
    exhausted: status.RESOURCE_EXHAUSTED,
    precondition: status.FAILED_PRECONDITION,
    busy: status.ABORTED,
    unavailable: status.UNAVAILABLE,
    badToken: status.ABORTED,
    cancelled: status.CANCELLED,
    deadline: status.DEADLINE_EXCEEDED,
    internal: status.INTERNAL,
  };
  assert.deepEqual(codes, expected);
  for (const [kind, code] of Object.entries(expected)) {
    const error = new StorageError('DRV-BUSY', 'x', 'why', { kind: kind as ErrorKind });
    assert.deepEqual(toStatus(error), { code, details: error.message });
    assert.match(error.message, /^x: .*: why\. .* \[DRV-BUSY\]$/);
  }
});

test('INTERNAL, which ends the retries of a sidecar, is for defects only', () => {
  const internal = Object.entries(codes).filter(([, code]) => code === status.INTERNAL);
  assert.deepEqual(internal, [['internal', status.INTERNAL]]);
});

test('whatever else is thrown is a defect, and its text stays inside', () => {
  for (const thrown of [new TypeError('password is hunter2'), 'hunter2', undefined, { code: status.OK }]) {
    const { code, details } = toStatus(thrown);
    assert.equal(code, status.INTERNAL);
    assert.match(details, /defect/);
    assert.doesNotMatch(details, /hunter2/);
  }
});

test('the cause of an error stays inside', () => {
  const error = new StorageError('RDS-UNREACHABLE', 'a', 'timeout', { cause: new Error('hunter2') });
  assert.deepEqual(toStatus(error), { code: status.UNAVAILABLE, details: error.message });
  assert.doesNotMatch(error.message, /hunter2/);
});

test('a message is at most 1 KiB, well-formed, unchanged when it is short, and ends in its code when it is long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 200, maxLength: 600, size: 'max' }), (message) => {
      const { message: whole } = new StorageError('DRV-INVALID', '', message);
      const { details } = toStatus(new StorageError('DRV-INVALID', '', message));
      assert.ok(Buffer.byteLength(details) <= 1024);
      assert.ok(details.isWellFormed());
      if (Buffer.byteLength(whole) <= 1024) return assert.equal(details, whole);
      const [begin = '', end = ''] = details.split('…');
      assert.ok(whole.startsWith(begin) && whole.endsWith(end), details);
      assert.match(end, /\[DRV-INVALID\]$/);
    }),
    { numRuns: 50 },
  );
  assert.match(toStatus(new StorageError('DRV-BUSY', 'half \ud800')).details, /^half \ufffd: /);
});
