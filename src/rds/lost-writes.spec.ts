import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LostWrites } from './lost-writes.ts';

/** A clock that stands still but for what is waited. */
function standingClock() {
  const clock = {
    time: 0,
    now: () => clock.time,
    async wait(ms: number, signal?: AbortSignal) {
      signal?.throwIfAborted();
      clock.time += ms;
    },
  };
  return clock;
}

const one = { kind: 'pvc', uuid: 'a' } as const;
const other = { kind: 'snap', uuid: 'a' } as const;
const create = { object: one, name: 'create', removes: false };
const publish = { object: one, name: 'publish 1', removes: false };
const remove = { object: one, name: 'delete', removes: true };
const patient = { signal: new AbortController().signal };

test('after a lost answer another operation on the object waits for its deadline, a repeat and other objects do not', async () => {
  const clock = standingClock();
  const lost = new LostWrites(clock, 0);
  lost.note(create, 8_000);
  await lost.settle(create, patient);
  await lost.settle({ ...remove, object: other }, patient);
  assert.equal(clock.time, 0);
  await lost.settle(publish, patient);
  assert.equal(clock.time, 8_000);
  await lost.settle(remove, patient);
  assert.equal(clock.time, 8_000, 'it is over');
});

test('of several lost ones the last deadline counts, whichever was noted first', async () => {
  const clock = standingClock();
  const lost = new LostWrites(clock, 0);
  lost.note(publish, 9_000);
  lost.note(create, 4_000);
  await lost.settle(create, patient);
  assert.equal(clock.time, 9_000);
});

test('a caller who does not wait for so long is refused at once, and one who gives up is let go', async () => {
  const clock = standingClock();
  const lost = new LostWrites(clock, 0);
  lost.note(create, 8_000);
  await assert.rejects(lost.settle(remove, { ...patient, deadline: Date.now() + 1_000 }), {
    code: 'RDS-WAITING',
    detail: 'for 8 s',
  });
  assert.equal(clock.time, 0);
  await assert.rejects(lost.settle(remove, { signal: AbortSignal.abort() }), { code: 'RDS-CANCELLED' });
});

test('a process that has just begun removes something only when its predecessor must be done', async () => {
  const clock = standingClock();
  const lost = new LostWrites(clock, 11_000);
  await lost.settle(create, patient);
  await lost.settle(publish, patient);
  assert.equal(clock.time, 0, 'nothing of this takes anything back');
  await lost.settle({ ...remove, object: other }, patient);
  assert.equal(clock.time, 11_000);
});

test('later than that, and without a predecessor, nothing is held back', async () => {
  for (const predecessorMs of [0, 11_000]) {
    const clock = standingClock();
    const lost = new LostWrites(clock, predecessorMs);
    clock.time = predecessorMs;
    await lost.settle(create, patient);
    await lost.settle(remove, patient);
    assert.equal(clock.time, predecessorMs);
  }
});

test('the deadline of an operation that was lost is known, and is no matter of another one', () => {
  const lost = new LostWrites(standingClock(), 0);
  assert.equal(lost.quietAt(create), 0);
  lost.note(create, 8_000);
  lost.note(create, 5_000);
  assert.deepEqual([lost.quietAt(create), lost.quietAt(publish)], [8_000, 0]);
});
