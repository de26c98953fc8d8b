import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BackendObject } from './find.ts';
import { type FirstSeen, judge } from './judge.ts';

const orphan = (id: string): BackendObject => ({
  id,
  kind: 'snapshot',
  backend: 'rds1',
  pool: 'pool',
  what: id,
  sizeBytes: 1n,
  owner: '0123abcd',
  source: undefined,
  createdAtSeconds: 1n,
  lacks: undefined,
  inUse: false,
  mayBeEmpty: false,
});

const rules = (seconds: number, total = 100) => ({ now: seconds * 1000, graceSeconds: 3600, total });

test('what is seen once is no orphan yet, however old the RDS says it is', () => {
  const first = judge([orphan('a')], {}, rules(1_000_000));
  assert.deepEqual(first.orphans, []);
  assert.deepEqual(first.firstSeen, { a: 1_000_000 });
});

test('what is seen again after the grace period is one, and not a second before', () => {
  const earlier = { a: 1_000_000 };
  assert.deepEqual(judge([orphan('a')], earlier, rules(1_003_599)).orphans, []);
  assert.deepEqual(judge([orphan('a')], earlier, rules(1_003_600)).orphans, [orphan('a')]);
});

test('what has a reference again is forgotten, and begins again', () => {
  const { firstSeen } = judge([], { a: 1 }, rules(1_000_000));
  assert.deepEqual(firstSeen, {});
});

test('a clock that goes back makes nothing an orphan', () => {
  assert.deepEqual(judge([orphan('a')], { a: 1_000_000 }, rules(5)).orphans, []);
});

test('many at once are doubted and none is called an orphan, whatever was seen before', () => {
  const ids = Array.from({ length: 11 }, (_, index) => `id-${index}`);
  const earlier: FirstSeen = Object.fromEntries(ids.map((id) => [id, 1]));
  const verdict = judge(ids.map(orphan), earlier, rules(1_000_000));
  assert.deepEqual(verdict, { firstSeen: earlier, orphans: [], isMass: true });
  assert.equal(judge(ids.slice(0, 10).map(orphan), earlier, rules(1_000_000)).orphans.length, 10);
  assert.equal(judge(ids.slice(0, 3).map(orphan), earlier, rules(1_000_000, 3)).orphans.length, 3);
  assert.equal(judge(ids.slice(0, 4).map(orphan), earlier, rules(1_000_000, 4)).isMass, true);
});

test('never is anything an orphan that was not there a grace period ago', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.constantFrom<string>('a', 'b', 'c'), { maxLength: 3 }), { maxLength: 12 }),
      fc.array(fc.integer({ min: 0, max: 7200 }), { minLength: 12, maxLength: 12 }),
      (passes, gaps) => {
        let firstSeen: FirstSeen = {};
        let seconds = 1_000_000;
        const since = new Map<string, number>();
        for (const [index, ids] of passes.entries()) {
          seconds += gaps[index] ?? 0;
          const present = new Set(ids);
          for (const id of [...since.keys()]) if (!present.has(id)) since.delete(id);
          const verdict = judge([...present].map(orphan), firstSeen, rules(seconds));
          for (const { id } of verdict.orphans) assert.ok(seconds - (since.get(id) ?? seconds) >= 3600);
          for (const id of present) since.set(id, since.get(id) ?? seconds);
          firstSeen = verdict.firstSeen;
        }
      },
    ),
  );
});
