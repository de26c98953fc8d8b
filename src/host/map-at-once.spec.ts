import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapAtOnce } from './map-at-once.ts';

const TURN = () => new Promise((resolve) => setImmediate(resolve));

test('every item once, in its place, whatever ends first', async () => {
  const items = [5, 0, 4, 1, 3, 2, 0];
  let [running, most] = [0, 0];
  const results = await mapAtOnce(items, 3, async (turns) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < turns; turn += 1) await TURN();
    running -= 1;
    return turns * 10;
  });
  assert.deepEqual(results, [50, 0, 40, 10, 30, 20, 0]);
  assert.equal(most, 3);
});

test('nothing to do, and less to do than hands', async () => {
  assert.deepEqual(await mapAtOnce([], 4, async () => 1), []);
  assert.deepEqual(await mapAtOnce(['a'], 4, async (item) => `${item}!`), ['a!']);
});

test('the first failure is thrown, once what was begun has ended, and nothing more is begun', async () => {
  const ended: number[] = [];
  const begun: number[] = [];
  const working = mapAtOnce([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 2) throw new Error('the second');
    for (let turn = 0; turn < 5; turn += 1) await TURN();
    ended.push(item);
  });
  await assert.rejects(working, /the second/);
  assert.deepEqual(begun, [1, 2]);
  assert.deepEqual(ended, [1]);
});

test('undefined that is thrown is a failure too', async () => {
  const failed = await mapAtOnce([1], 1, () => Promise.reject(undefined)).then(
    () => false,
    () => true,
  );
  assert.equal(failed, true);
});
