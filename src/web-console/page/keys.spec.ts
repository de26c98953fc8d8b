import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../scene.ts';
import { moveOf } from './keys.ts';
import { forestOf, shownRows } from './tree.ts';

const ROWS: readonly Row[] = [
  { kind: 'volume', id: 'a', level: 0 },
  { kind: 'snapshot', id: 'b', level: 1 },
  { kind: 'snapshot', id: 'c', level: 1 },
  { kind: 'volume', id: 'd', level: 0 },
];

function press(key: string, at: number, folded: ReadonlySet<string> = new Set()) {
  const forest = forestOf(ROWS);
  return moveOf(key, at, { forest, shown: shownRows(forest, { filter: 'all', query: '', folded }), folded, page: 2 });
}

test('arrows, pages and ends go from row to row, and stop at the ends', () => {
  const places = (keys: readonly string[], at: number) => keys.map((key) => press(key, at));
  const go = (...to: readonly number[]) => to.map((place) => ({ kind: 'go', to: place }));
  const keys = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End'];
  assert.deepEqual(places(keys, 1), go(2, 0, 3, 0, 0, 3));
  assert.deepEqual(places(keys, 3), go(3, 2, 3, 1, 0, 3));
});

test('right unfolds and then goes in, left folds and then goes out', () => {
  const folded = new Set(['a']);
  assert.deepEqual(press('ArrowRight', 0, folded), { kind: 'unfold', id: 'a' });
  assert.deepEqual(press('ArrowRight', 0), { kind: 'go', to: 1 });
  assert.equal(press('ArrowRight', 1), undefined);
  assert.deepEqual(press('ArrowLeft', 2), { kind: 'go', to: 0 });
  assert.deepEqual(press('ArrowLeft', 0), { kind: 'fold', id: 'a' });
  assert.equal(press('ArrowLeft', 0, folded), undefined);
});

test('enter and space open, and other keys are left to the browser', () => {
  for (const key of ['Enter', ' ']) assert.deepEqual(press(key, 2), { kind: 'open', id: 'c' });
  for (const key of ['Tab', 'a', 'Escape']) assert.equal(press(key, 2), undefined);
});

test('a row that is no longer shown is left for the first', () => {
  assert.deepEqual(press('ArrowDown', 9), { kind: 'go', to: 0 });
});
