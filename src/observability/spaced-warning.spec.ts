import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpacedWarning } from './spaced-warning.ts';

test('a warning is said at once, then at most once in a while, with the number of those that were left out', () => {
  let now = 0;
  const said: [number, number][] = [];
  const warning = new SpacedWarning(60_000, () => now);
  for (; now <= 180_000; now += 10_000) warning.say((unsaid) => said.push([now, unsaid]));
  assert.deepEqual(said, [
    [0, 0],
    [60_000, 5],
    [120_000, 5],
    [180_000, 5],
  ]);
});
