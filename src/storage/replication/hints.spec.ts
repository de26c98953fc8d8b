import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransferRow } from '../../rds/index.ts';
import { Backoff } from './backoff.ts';
import { Stillness } from './stillness.ts';

const MINUTE = 60_000;

function row(bytes: bigint, status = 'done'): TransferRow {
  return { id: '*1', name: 'snap-1', isOurs: true, status, bytes };
}

test('a transfer stands still when neither its bytes nor its status moved for as long, and never at the first look', () => {
  let now = 0;
  const still = new Stillness(10, () => now);
  const look = (at: number, one: TransferRow) => {
    now = at;
    return still.judge([one]).map(({ isStill }) => isStill);
  };
  assert.deepEqual([look(0, row(1n)), look(9, row(1n)), look(10, row(1n))], [[false], [false], [true]]);
  assert.deepEqual([look(11, row(2n)), look(20, row(2n)), look(21, row(2n))], [[false], [false], [true]]);
  assert.deepEqual([look(30, row(2n, 'other')), look(40, row(2n, 'other'))], [[false], [true]]);
  assert.deepEqual(new Stillness(0, () => 0).judge([row(1n)])[0]?.isStill, false);
});

test('a row that was gone in between is a new one', () => {
  const still = new Stillness(0, () => 0);
  still.judge([row(1n)]);
  still.judge([]);
  assert.equal(still.judge([row(1n)])[0]?.isStill, false);
});

test('what another process has removed is known as it was last seen, once', () => {
  const still = new Stillness(0, () => 0);
  still.judge([row(1n), { ...row(1n, 'refused'), id: '*2' }]);
  assert.deepEqual(still.gone, []);
  still.judge([{ ...row(0n, ''), id: '*3' }, row(2n)]);
  assert.deepEqual(still.gone, [{ ...row(1n, 'refused'), id: '*2' }]);
  still.judge([]);
  assert.deepEqual(
    still.gone.map(({ id }) => id),
    ['*3', '*1'],
  );
  still.judge([]);
  assert.deepEqual(still.gone, []);
});

test('what fails is left alone for a minute, then for twice the time, up to an hour, until it succeeds', () => {
  let now = 0;
  const backoff = new Backoff(() => now);
  const pause = () => {
    backoff.fail('a');
    let minutes = 0;
    for (; backoff.deferred().has('a'); minutes += 1) now += MINUTE;
    return minutes;
  };
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8].map(pause), [1, 2, 4, 8, 16, 32, 60, 60]);
  backoff.succeed('a');
  assert.equal(pause(), 1);
  backoff.fail('b');
  backoff.keep(new Set(['a']));
  assert.deepEqual([...backoff.deferred()], []);
});
