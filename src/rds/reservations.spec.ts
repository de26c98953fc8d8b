import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ANY_AMOUNT, Reservations } from './reservations.ts';

const space = (amount: bigint) => ({ of: 'space', amount });

function reservations() {
  const clock = {
    ms: 0,
    now: () => clock.ms,
    async wait(ms: number) {
      clock.ms += ms;
    },
  };
  return { clock, made: new Reservations(clock) };
}

test('ahead is what came before, as long as it is under way, and nothing that came later', () => {
  const { made } = reservations();
  const [one, two, three] = [made.make(space(10n)), made.make(space(20n)), made.make(space(40n))];
  assert.deepEqual([one.ahead(), two.ahead(), three.ahead()], [0n, 10n, 30n]);
  one.end(0);
  assert.deepEqual([two.ahead(), three.ahead()], [0n, 20n]);
  two.end(0);
  three.end(0);
  assert.equal(made.make(space(1n)).ahead(), 0n);
});

test('another limit is another matter', () => {
  const { made } = reservations();
  made.make(space(10n));
  assert.equal(made.make({ of: 'snapshots of a', amount: 1n }).ahead(), 0n);
  assert.equal(made.make({ of: 'snapshots of b', amount: 1n }).ahead(), 0n);
  assert.equal(made.make({ of: 'snapshots of a', amount: 1n }).ahead(), 1n);
});

test('an operation whose answer was lost may take its share until its deadline', () => {
  const { clock, made } = reservations();
  const [lost, next] = [made.make(space(10n)), made.make(space(20n))];
  lost.end(8_000);
  clock.ms = 7_999;
  assert.equal(next.ahead(), 10n);
  assert.equal(made.make(space(1n)).ahead(), 30n);
  clock.ms = 8_000;
  assert.equal(next.ahead(), 0n);
  assert.equal(made.make(space(1n)).ahead(), 21n);
});

test('the sum of many shares that are not known does not overflow the numbers of the device', () => {
  const { made } = reservations();
  for (let count = 0; count < 256; count += 1) made.make(space(ANY_AMOUNT));
  const ahead = made.make(space(1n)).ahead();
  assert.equal(ahead, ANY_AMOUNT);
  const [mostBytes, mostReserve] = [1n << 62n, 1n << 50n];
  assert.ok(mostBytes + mostReserve + ahead < 1n << 63n);
});

test('who wants to be alone waits for those before, in whatever order they end, and for the deadline of a lost one', async () => {
  const { clock, made } = reservations();
  const [one, two, three] = [made.make(space(1n)), made.make(space(1n)), made.make(space(1n))];
  const { signal } = new AbortController();
  let isAlone = false;
  const alone = three.alone(signal).then(() => {
    isAlone = true;
  });
  await one.alone(signal);
  two.end(0);
  await setImmediate();
  assert.equal(isAlone, false);
  one.end(8_000);
  await alone;
  assert.equal(clock.ms, 8_000);
});

test('who gives up does not go on to wait', async () => {
  const { made } = reservations();
  made.make(space(1n));
  await assert.rejects(made.make(space(1n)).alone(AbortSignal.abort()), { name: 'AbortError' });
});
