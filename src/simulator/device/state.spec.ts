import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryDirectory } from './device.testing.ts';
import { type Change, State } from './state.ts';

const change: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(fc.constantFrom('a', 'b', 'c'), fc.string())
    .map(([key, value]) => ({ put: 'setting' as const, key, record: { value } })),
  fc.constantFrom('a', 'b', 'c').map((key) => ({ remove: 'setting' as const, key })),
);

test('any commits read back the same after a restart', async (t) => {
  const path = join(await temporaryDirectory(t), 'journal');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { maxLength: 6 }), async (commits) => {
      const state = await State.open(path);
      for (const changes of commits) state.commit(...changes);
      const before = new Map(state.table('setting'));
      state.close();
      const again = await State.open(path);
      assert.deepEqual(again.table('setting'), before);
      again.close();
    }),
    { numRuns: 25 },
  );
});

test('a number is never given out twice, though what had it is gone', async (t) => {
  const path = join(await temporaryDirectory(t), 'journal');
  const state = await State.open(path);
  const ids = Array.from({ length: 43 }, () => state.nextId('disk'));
  assert.equal(ids[0], '*1');
  assert.equal(ids[42], '*2B');
  state.commit({ remove: 'setting', key: 'whatever' });
  state.close();
  for (const expected of ['*2C', '*2D']) {
    const again = await State.open(path);
    assert.equal(again.nextId('disk'), expected);
    again.commit({ remove: 'setting', key: 'whatever' });
    again.close();
  }
});

test('a commit that cannot be written changes nothing', async (t) => {
  const state = await State.open(join(await temporaryDirectory(t), 'journal'));
  state.close();
  assert.throws(() => state.commit({ put: 'setting', key: 'a', record: { value: '1' } }), /closed/);
  assert.equal(state.table('setting').size, 0);
});

test('a restart leaves out what was overwritten', async (t) => {
  const path = join(await temporaryDirectory(t), 'journal');
  const state = await State.open(path);
  for (let i = 0; i < 100; i += 1) state.commit({ put: 'setting', key: 'a', record: { value: `${i}` } });
  state.close();
  (await State.open(path)).close();
  assert.equal((await readFile(path, 'utf8')).trimEnd().split('\n').length, 2);
});
