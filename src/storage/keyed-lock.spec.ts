import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedLock } from './keyed-lock.ts';

const patient = { signal: new AbortController().signal };

test('one at a time on one key, in order; others are not held up', async () => {
  const lock = new KeyedLock();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = lock.run('a', patient, async () => {
    await gate.promise;
    seen.push('first');
  });
  const second = lock.run('a', patient, async () => {
    seen.push('second');
  });
  await lock.run('b', patient, async () => {
    seen.push('other');
  });
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(seen, ['other', 'first', 'second']);
});

test('a key is reported as long as someone holds it or waits for it', async () => {
  const lock = new KeyedLock();
  const gate = Promise.withResolvers<void>();
  const holder = lock.run('a', patient, () => gate.promise);
  const waiting = lock.run('a', patient, async () => {
    assert.deepEqual([...lock.keys()], ['a']);
  });
  assert.deepEqual([...lock.keys()], ['a']);
  gate.resolve();
  await Promise.all([holder, waiting]);
  // The key is dropped in the turn after its last holder is done.
  await Promise.resolve();
  assert.deepEqual([...lock.keys()], []);
});

test('a failure frees the key and reaches only its own caller', async () => {
  const lock = new KeyedLock();
  const failing = lock.run('a', patient, async () => {
    throw new Error('mine');
  });
  const next = lock.run('a', patient, async () => 'ok');
  await assert.rejects(failing, /mine/);
  assert.equal(await next, 'ok');
});

test('a caller that gives up gets the answer that the object is busy, and those behind it still wait for the holder', async () => {
  const lock = new KeyedLock();
  const gate = Promise.withResolvers<void>();
  let holding = true;
  const holder = lock.run('a', patient, async () => {
    await gate.promise;
    holding = false;
  });
  const impatient = new AbortController();
  const abandoned = lock.run('a', { signal: impatient.signal }, async () => assert.fail('must not run'));
  impatient.abort();
  await assert.rejects(abandoned, { kind: 'busy' });
  const behind = lock.run('a', patient, async () => holding);
  gate.resolve();
  await holder;
  assert.equal(await behind, false);
});
