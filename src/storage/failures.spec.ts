import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURES } from '../failures/catalogue.ts';
import { RdsError, type RdsErrorCode } from '../rds/index.ts';
import { StorageError } from './errors.ts';
import { failure } from './failures.ts';

const call = { signal: new AbortController().signal };
const CODES = Object.keys(FAILURES).filter((code): code is RdsErrorCode => /^(RC|RDS)-/.test(code));

test('every failure of an RDS names the object, what the RDS said, and its code', () => {
  for (const code of CODES) {
    const error = failure(new RdsError(code, 'as it said'), 'rds1:pvc-1', call);
    assert.ok(error instanceof StorageError);
    assert.ok(error.message.startsWith('rds1:pvc-1: '), error.message);
    assert.ok(error.message.includes('as it said'), error.message);
    assert.ok(error.message.endsWith(` [${code}]`), error.message);
    assert.ok(error.cause instanceof RdsError);
  }
});

test('only an intact answer says that something is absent, and transport trouble never ends a retry', () => {
  const kinds = new Map(CODES.map((code) => [code, failure(new RdsError(code, ''), 'x', call).kind]));
  const absent = CODES.filter((code) => kinds.get(code) === 'notFound');
  assert.deepEqual(absent.toSorted(), ['RC-NOSNAP', 'RC-NOSRC', 'RC-NOVOL']);
  for (const code of ['RC-POOL', 'RDS-REFUSED', 'RDS-UNREACHABLE', 'RDS-LOGIN', 'RDS-UNSENT', 'RDS-UNKNOWN'] as const) {
    assert.equal(kinds.get(code), 'unavailable', code);
  }
  for (const code of ['RC-SIZE', 'RC-RACE', 'RC-LEFT'] as const) {
    assert.equal(kinds.get(code), 'busy', code);
  }
});

test('nothing final is said while a script whose answer was lost may still run', () => {
  for (const code of CODES) {
    const { kind } = failure(new RdsError(code, '', { mayStillRun: true }), 'x', call);
    assert.ok(['busy', 'unavailable', 'cancelled', 'exhausted'].includes(kind), `${code} is ${kind}`);
  }
});

test('a caller whose deadline has passed gets that answer', () => {
  const cancelled = new RdsError('RDS-CANCELLED', 'gave up');
  assert.equal(failure(cancelled, 'x', { ...call, deadline: Date.now() - 1 }).kind, 'deadline');
  assert.equal(failure(cancelled, 'x', { ...call, deadline: Date.now() + 60_000 }).kind, 'cancelled');
  assert.equal(failure(cancelled, 'x', call).kind, 'cancelled');
});

test('what is no failure of the RDS is a defect, and its text stays in the log', () => {
  const error = failure(new TypeError('secret internals'), 'x', call);
  assert.equal(error.kind, 'internal');
  assert.ok(!error.message.includes('secret internals'));
  const own = new StorageError('DRV-BUSY', 'as it was');
  assert.equal(failure(own, 'x', call), own);
});
