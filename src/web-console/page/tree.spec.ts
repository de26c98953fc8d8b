import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../scene.ts';
import { ancestors, branchIds, countBelow, foldedAtFirst, forestOf, shownRows } from './tree.ts';

const ROWS: readonly Row[] = [
  { kind: 'volume', id: 'rds1:pvc-a', level: 0, namespace: 'apps', name: 'data', nodes: ['worker-1'] },
  { kind: 'snapshot', id: 'rds1:snap-b', level: 1, namespace: 'apps', name: 'monday' },
  { kind: 'volume', id: 'rds1:pvc-c', level: 2, namespace: 'apps', name: 'restored' },
  { kind: 'snapshot', id: 'rds1:snap-d', level: 1, orphan: true },
  { kind: 'gone', id: 'rds1:pvc-e', level: 0 },
  { kind: 'snapshot', id: 'rds1:snap-f', level: 1, namespace: 'lab', name: 'old' },
];
const forest = forestOf(ROWS);
const NONE: ReadonlySet<string> = new Set();

function ids(wanted: Partial<Parameters<typeof shownRows>[1]>): string[] {
  const shown = shownRows(forest, { filter: 'all', query: '', folded: NONE, ...wanted });
  return shown.map(({ index }) => (ROWS[index]?.id ?? '').slice(-1));
}

test('a tree knows what hangs on what', () => {
  assert.deepEqual(forest.parents, [-1, 0, 1, 0, -1, 4]);
  assert.deepEqual(forest.ends, [4, 3, 3, 4, 6, 6]);
  assert.deepEqual(branchIds(forest), ['rds1:pvc-a', 'rds1:snap-b', 'rds1:pvc-e']);
  assert.deepEqual(countBelow(forest, 0), { volumes: 1, snapshots: 2 });
  assert.deepEqual(
    ancestors(forest, 2).map(({ name }) => name),
    ['data', 'monday'],
  );
});

test('what is folded hides all that hangs on it', () => {
  assert.deepEqual(ids({}), ['a', 'b', 'c', 'd', 'e', 'f']);
  assert.deepEqual(ids({ folded: new Set(['rds1:pvc-a']) }), ['a', 'e', 'f']);
  assert.deepEqual(ids({ folded: new Set(['rds1:snap-b']) }), ['a', 'b', 'd', 'e', 'f']);
});

test('a search shows what has all of its words, and what that hangs on', () => {
  assert.deepEqual(ids({ query: 'RESTORED' }), ['a', 'b', 'c']);
  assert.deepEqual(ids({ query: 'lab old' }), ['e', 'f']);
  assert.deepEqual(ids({ query: 'worker-1' }), ['a']);
  assert.deepEqual(ids({ query: 'apps/mon' }), ['a', 'b']);
  assert.deepEqual(ids({ query: 'nothing like that' }), []);
  assert.deepEqual(ids({ query: 'restored', folded: new Set(['rds1:pvc-a']) }), ['a']);
});

test('a filter shows what passes it, together with a search', () => {
  assert.deepEqual(ids({ filter: 'orphan' }), ['a', 'd']);
  assert.deepEqual(ids({ filter: 'in-use' }), ['a']);
  assert.deepEqual(ids({ filter: 'orphan', query: 'lab' }), []);
});

test('each row knows its place among those that are shown beside it', () => {
  const shown = shownRows(forest, { filter: 'all', query: '', folded: NONE });
  assert.deepEqual(
    shown.map(({ position, siblings }) => `${position}/${siblings}`),
    ['1/2', '1/2', '1/1', '2/2', '2/2', '1/1'],
  );
});

test('a small tree begins unfolded, a large one folded', () => {
  assert.equal(foldedAtFirst(forest).size, 0);
  const many = Array.from({ length: 101 }, (_, index): readonly Row[] => [
    { kind: 'volume', id: `rds1:pvc-${index}`, level: 0 },
    { kind: 'snapshot', id: `rds1:snap-${index}`, level: 1 },
  ]).flat();
  assert.equal(foldedAtFirst(forestOf(many)).size, 101);
});

test('what hangs on nothing has nothing above it, and an empty tree shows nothing', () => {
  assert.deepEqual(ancestors(forest, 0), []);
  assert.deepEqual(countBelow(forest, 5), { volumes: 0, snapshots: 0 });
  assert.deepEqual(shownRows(forestOf([]), { filter: 'all', query: 'x', folded: NONE }), []);
  const passed = (['partial', 'copies', 'adopted'] as const).map((filter) => ids({ filter }));
  assert.deepEqual(passed, [[], [], []]);
});
