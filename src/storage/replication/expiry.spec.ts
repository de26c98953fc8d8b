import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backend } from '../backend.ts';
import type { Received, View } from './decision.ts';
import { Expiry } from './expiry.ts';
import type { ReplicaPair } from './pair.ts';
import { copy, original, view } from './replication.fixture.ts';

const HOUR = 3_600_000;
const [first, second] = [original(1, { at: 10 }), original(2, { at: 20 })];
const alone = view({ originals: [second], received: [copy(first), copy(second)] });
const both: View = { ...alone, originals: [first, second] };

/** Copies that are kept for two hours, on backends that have nothing and remove what they are told. */
function expiry() {
  const clock = { now: 0 };
  const gone: Received[] = [];
  const backend = (name: string, answer: unknown) => ({ name, rds: { run: async () => answer } }) as unknown as Backend;
  const from = backend('rds1', { subvolumes: [] });
  const pair = { from, to: backend('rds2', true), replica: { label: 'copies' }, keepMs: 2 * HOUR } as ReplicaPair;
  const one = new Expiry(pair, {
    backends: [from],
    references: async () => new Set<string>(),
    now: () => clock.now,
    expired: (received) => void gone.push(received),
    kept: (_, why) => assert.fail(why),
  });
  const look = async (seen: View, after: number) => {
    clock.now += after;
    await one.pass(seen, { signal: new AbortController().signal });
    return gone.length;
  };
  return { look };
}

test('a copy goes when its original was seen to be gone for as long as it is kept', async () => {
  const { look } = expiry();
  assert.deepEqual([await look(alone, 0), await look(alone, HOUR), await look(alone, HOUR - 1)], [0, 0, 0]);
  assert.equal(await look(alone, 1), 1);
});

test('an original that is there again begins the time again', async () => {
  const { look } = expiry();
  assert.deepEqual([await look(alone, 0), await look(alone, HOUR), await look(both, HOUR - 1)], [0, 0, 0]);
  assert.deepEqual([await look(alone, HOUR), await look(alone, HOUR), await look(alone, HOUR)], [0, 0, 1]);
});

test('a process that had not looked for days counted them, though the original may have been there meanwhile', async () => {
  const { look } = expiry();
  assert.deepEqual([await look(alone, 0), await look(alone, 72 * HOUR)], [0, 0]);
  assert.deepEqual([await look(alone, HOUR), await look(alone, HOUR)], [0, 1]);
});
