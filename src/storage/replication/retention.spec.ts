import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copy, half, original } from './replication.fixture.ts';
import { expired, orphaned } from './retention.ts';

const [first, second, third] = [original(1, { at: 10 }), original(2, { at: 20 }), original(3, { at: 30 })];
const other = original(4, { at: 5, volume: 'b' });
const since = (...copies: readonly { uuid: string }[]) => new Map(copies.map(({ uuid }) => [uuid, 100]));

test('only a whole copy whose snapshot is gone counts', () => {
  const received = [copy(first), copy(second), half(third), { ...copy(other), kind: 'own' as const }];
  assert.deepEqual(orphaned({ originals: [first], received }), [copy(second)]);
});

test('a copy goes when its original has been gone for long enough, the oldest first', () => {
  const view = { originals: [third], received: [copy(third), copy(second), copy(first)] };
  const gone = since(copy(first), copy(second));
  assert.deepEqual(expired(view, gone, 50, 149), []);
  assert.deepEqual(
    expired(view, gone, 50, 150).map(({ copy: { name } }) => name),
    [first.name, second.name],
  );
});

test('a copy that was never seen to have no original stays', () => {
  assert.deepEqual(expired({ originals: [third], received: [copy(first)] }, new Map(), 50, 10_000), []);
});

test('the last copy of a volume is told, and that of another volume makes it none the less the last', () => {
  const view = { originals: [other], received: [copy(first), copy(other)] };
  assert.deepEqual(expired(view, since(copy(first)), 0, 100), [{ copy: copy(first), other: undefined }]);
  const three = { ...view, received: [copy(first), copy(third), copy(second)] };
  assert.deepEqual(expired(three, since(copy(first)), 0, 100), [{ copy: copy(first), other: copy(third) }]);
});

test('where no original is left at all, nothing expires', () => {
  assert.deepEqual(expired({ originals: [], received: [copy(first), copy(second)] }, since(copy(first)), 0, 100), []);
});
