import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdaptiveWindow, fixedWindow, type Window } from './window.ts';

const HOUR_MS = 3_600_000;

function adaptive() {
  const clock = { ms: 0, now: () => clock.ms };
  return { clock, window: new AdaptiveWindow(clock) };
}

/** So many answers while others wait. @returns the sizes that there were, each once in a row */
function answer(window: Window, times: number): readonly number[] {
  const sizes = [window.size];
  for (let count = 0; count < times; count += 1) {
    window.answered(true);
    if (window.size !== sizes.at(-1)) sizes.push(window.size);
  }
  return sizes;
}

test('it begins with one and grows by one at a time to four, as long as others wait', () => {
  const { window } = adaptive();
  assert.deepEqual(answer(window, 7), [1]);
  assert.deepEqual(answer(window, 1), [1, 2]);
  assert.deepEqual(answer(window, 100), [2, 3, 4]);
});

test('it does not grow for whom no one waits behind', () => {
  const { window } = adaptive();
  for (let count = 0; count < 100; count += 1) window.answered(false);
  assert.equal(window.size, 1);
});

test('it goes back to one at a failure, and counts its answers again', () => {
  const { window } = adaptive();
  answer(window, 15);
  assert.equal(window.size, 2);
  window.failed();
  assert.equal(window.size, 1);
  assert.deepEqual(answer(window, 7), [1]);
});

test('an RDS that stalls with three is not led there again every few seconds, but once an hour', () => {
  const { clock, window } = adaptive();
  answer(window, 16);
  assert.equal(window.size, 3);
  window.failed();
  assert.deepEqual(answer(window, 1000), [1, 2]);
  clock.ms = HOUR_MS - 1;
  assert.deepEqual(answer(window, 1000), [2]);
  clock.ms = HOUR_MS;
  assert.deepEqual(answer(window, 1000), [2, 3, 4]);
});

test('an RDS that stalls with two has one at a time', () => {
  const { window } = adaptive();
  answer(window, 8);
  window.failed();
  assert.deepEqual(answer(window, 1000), [1]);
});

test('of execs that fail together, only the first one says at which size', () => {
  const { window } = adaptive();
  answer(window, 24);
  for (let count = 0; count < 4; count += 1) window.failed();
  assert.deepEqual(answer(window, 1000), [1, 2, 3]);
});

test('a failure of one alone says nothing of several', () => {
  const { window } = adaptive();
  window.failed();
  assert.deepEqual(answer(window, 1000), [1, 2, 3, 4]);
});

test('a failure at fewer is remembered for an hour of its own', () => {
  const { clock, window } = adaptive();
  answer(window, 24);
  window.failed();
  clock.ms = HOUR_MS / 2;
  assert.deepEqual(answer(window, 8), [1, 2]);
  window.failed();
  clock.ms = HOUR_MS;
  assert.deepEqual(answer(window, 1000), [1]);
  clock.ms = HOUR_MS * 1.5;
  assert.deepEqual(answer(window, 1000), [1, 2, 3, 4]);
});

test('a number in the configuration stays, whatever happens', () => {
  const window = fixedWindow(3);
  assert.deepEqual(answer(window, 1000), [3]);
  window.failed();
  assert.equal(window.size, 3);
});
