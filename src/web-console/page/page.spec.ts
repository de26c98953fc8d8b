/** The small parts of the page that need no browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scene } from '../scene.ts';
import { agoText, changeText, clockText, countText, notesOf, shortId, sizeText, timeText, titleOf } from './format.ts';
import { hashOf, parseRoute } from './route.ts';
import { linePoints, type Trends, withReading } from './trend.ts';

const ID = 'rds1:pvc-7a0f3c52-9d1e-4a6b-8c2f-0e5d4b3a2c1f';

test('an address leads to the view that it was made of, and any other to the overview', () => {
  for (const route of [{ view: 'overview' }, { view: 'tree', id: undefined }, { view: 'tree', id: ID }] as const) {
    assert.deepEqual(parseRoute(hashOf(route)), route);
  }
  for (const hash of ['', '#', '#/x', '#/x/y']) assert.deepEqual(parseRoute(hash), { view: 'overview' });
  assert.deepEqual(parseRoute('#/tree/%'), { view: 'tree', id: undefined });
});

test('a row is called as Kubernetes calls it, else by the beginning of its id', () => {
  assert.equal(titleOf({ id: ID, namespace: 'apps', name: 'data' }), 'apps/data');
  assert.equal(titleOf({ id: ID }), 'pvc-7a0f3c52…');
  assert.equal(shortId('rds1:snap-19d5b7a0-2c4e-4f61-9b83-5a7c6d8e9f01'), 'snap-19d5b7a0…');
});

test('figures are written so that one can read them', () => {
  assert.deepEqual([sizeText(undefined), sizeText(0), sizeText(1.5 * 2 ** 30)], ['–', '0 B', '1.5 GiB']);
  assert.deepEqual([changeText(0), changeText(2 ** 20), changeText(-(2 ** 20))], ['no change', '+1 MiB', '−1 MiB']);
  assert.equal(agoText(0, 3 * 86_400_000), '3d ago');
  const at = new Date(2026, 10, 20, 9, 5).getTime();
  assert.deepEqual([timeText(at), clockText(at)], ['2026-11-20 09:05', '09:05']);
  assert.deepEqual([countText(1, 'row', 'rows'), countText(10_000, 'row', 'rows')], ['1 row', '10,000 rows']);
});

test('what is unusual about a row is said in words, and what needs a look is marked', () => {
  const row = {
    kind: 'gone',
    id: ID,
    level: 0,
    orphan: true,
    lacks: 'disk item',
    duplicates: ['x'],
    adopted: 'aaaaaaaa',
    copies: [{ what: 'received copy', backend: 'rds2', pool: 'cold' }],
  } as const;
  assert.deepEqual(
    notesOf(row).map(({ text, warns }) => `${text}${warns ? '!' : ''}`),
    [
      'no longer there',
      'not referred to!',
      'partial: no disk item!',
      '1 left of a race!',
      'adopted from aaaaaaaa',
      'received copy on rds2/cold',
    ],
  );
  assert.deepEqual(notesOf({ kind: 'volume', id: ID, level: 0 }), []);
});

test('a trend has what was used since the page was opened, but for the time without an answer', () => {
  const scene = (free: number, answers: boolean): Scene => ({
    version: '',
    driver: '',
    configFile: '',
    cluster: { is: 'off' },
    rows: [],
    matters: [],
    failures: [],
    backends: [
      {
        name: 'rds1',
        answers,
        conditions: [],
        pools: [{ label: 'p', size: 100, free, reserve: 0, promised: 0, volumes: 0, snapshots: 0 }],
      },
    ],
  });
  let trends: Trends = new Map();
  for (const [at, free, answers] of [
    [0, 90, true],
    [10, 50, false],
    [20, 80, true],
  ] as const) {
    trends = withReading(trends, scene(free, answers), at);
  }
  const points = trends.get('rds1/p') ?? [];
  assert.deepEqual(points, [
    { at: 0, used: 10 },
    { at: 20, used: 20 },
  ]);
  assert.equal(linePoints(points, 100, 10), '0.0,10.0 100.0,0.0');
  assert.equal(linePoints(points.slice(0, 1), 100, 10), '100.0,5.0');
  for (let at = 30; at < 1000; at += 1) trends = withReading(trends, scene(80, true), at);
  assert.ok((trends.get('rds1/p')?.length ?? 0) <= 240);
});
