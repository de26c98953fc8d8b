import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from './clock.ts';
import { assertKind, connect, peer, read, retrying, router, usePeers, write } from './router.fixture.ts';
import { ros } from './script.ts';

usePeers();

/** The uptime in a command from which on it must not write, in seconds. */
function dueIn(command: string): number | undefined {
  const [, seconds] = /:local xU (\d+)s;/.exec(command) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}

/** A clock that a spec moves. */
function movedClock(): Clock & { time: number } {
  const clock = { time: 1_000_000, now: () => clock.time, wait: async () => undefined };
  return clock;
}

test('a script that writes carries the uptime from which on it must not, reckoned from what its connection has read', async () => {
  const clock = movedClock();
  peer.uptime = '00:10:00';
  peer.answerAll((exec) => exec.ok());
  connect({ clock, writeWithinMs: 10_000 });
  await router.run(ros`/disk remove a`, write);
  clock.time += 90_000;
  await router.run(ros`/disk remove b`, write);
  await router.run(ros`:put 1`, read);
  assert.deepEqual(
    peer.execs.map(({ command }) => dueIn(command)),
    [610, 700, undefined],
  );
});

test('a script that writes reckons again on a new connection, since the device may have been started again', async () => {
  const clock = movedClock();
  peer.uptime = '2d00:00:00';
  connect({ clock, retryPolicy: retrying });
  const call = router.run(ros`/disk remove a`, write);
  const first = await peer.exec(1);
  peer.uptime = '00:00:05';
  first.drop();
  const second = await peer.exec(2);
  second.ok();
  await call;
  assert.deepEqual(
    [first, second].map(({ command }) => dueIn(command)),
    [172_810, 15],
  );
});

test('a script that writes takes the uptime from every answer, and asks only when it has none of late', async () => {
  const clock = movedClock();
  peer.uptime = '00:00:30';
  connect({ clock });
  const call = router.run(ros`:put 1`, read);
  const exec = await peer.exec(1);
  exec.answer(`OK${exec.nonce} 00:01:00\r\n`);
  await call;
  peer.answerAll((next) => next.ok());
  await router.run(ros`/disk remove a`, write);
  clock.time += 301_000;
  peer.uptime = '00:07:00';
  await router.run(ros`/disk remove b`, write);
  assert.deepEqual(
    peer.execs.map(({ command }) => dueIn(command)),
    [undefined, 70, 430],
  );
});

test('a script that writes is not sent to a device that does not report its uptime', async () => {
  peer.uptime = 'forever';
  connect();
  await assertKind(router.run(ros`/disk remove a`, write), 'unreachable');
  assert.equal(peer.execs.length, 0);
});

test('a script that writes went out though its caller had left while the uptime was asked for, and had been told that it did not', async () => {
  connect();
  const leaving = new AbortController();
  Object.defineProperty(peer, 'uptime', {
    get() {
      leaving.abort();
      return '00:01:00';
    },
  });
  await assertKind(router.run(ros`/disk remove a`, { ...write, signal: leaving.signal }), 'cancelled');
  peer.answerAll((exec) => exec.ok());
  await router.run(ros`/disk remove b`, write);
  assert.deepEqual(
    peer.execs.map(({ command }) => command.includes('/disk remove b')),
    [true],
  );
});

test('a script that writes that came too late is sent again, with a deadline that was asked for', async () => {
  const clock = movedClock();
  peer.uptime = '00:01:00';
  connect({
    clock,
    retryPolicy: { rules: [{ kinds: ['late'], retries: 1, firstPauseMs: 0, maxPauseMs: 0 }], budgetMs: 30_000 },
  });
  const call = router.run(ros`/disk remove a`, write);
  const first = await peer.exec(1);
  peer.uptime = '00:05:00';
  first.error('RC-LATE (:error; line 1)');
  const second = await peer.exec(2);
  second.ok();
  await call;
  assert.deepEqual(
    [first, second].map(({ command }) => dueIn(command)),
    [70, 310],
  );
});

for (const [what, ms, kind] of [
  ['was late when that took until its deadline, as a late statement finds nothing to change', 9_500, 'late'],
  ['failed when there was time left', 5_000, 'failed'],
] as const) {
  test(`a write that a device failed: ${what}`, async () => {
    const clock = movedClock();
    connect({ clock, writeWithinMs: 10_000 });
    const call = router.run(ros`/disk remove a`, write);
    const exec = await peer.exec(1);
    clock.time += ms;
    exec.error('no such item');
    await assertKind(call, kind);
  });
}

test('a write whose answer was lost is reported at once, with the moment from which on it writes nothing', async () => {
  const clock = movedClock();
  connect({ clock, writeWithinMs: 10_000, retryPolicy: retrying });
  const quiet: number[] = [];
  const onLost = (at: number) => quiet.push(at);
  const call = router.run(ros`/disk remove a`, { ...write, onLost });
  (await peer.exec(1)).drop();
  const second = await peer.exec(2);
  assert.deepEqual(quiet, [clock.time + 11_000]);
  second.ok();
  await call;
  assert.equal(quiet.length, 1, 'the answered one was not lost');
});

test('a write whose answer was lost is reported also when its caller leaves while it runs', async () => {
  connect({ clock: movedClock() });
  const quiet: number[] = [];
  const leaving = new AbortController();
  const call = router.run(ros`/disk remove a`, { ...write, signal: leaving.signal, onLost: (at) => quiet.push(at) });
  const exec = await peer.exec(1);
  leaving.abort();
  await assertKind(call, 'unknown');
  assert.equal(quiet.length, 1);
  exec.ok();
});

test('a write whose answer was lost is not notified of a read, nor of what was never sent', async () => {
  connect();
  const quiet: number[] = [];
  const onLost = (at: number) => quiet.push(at);
  const call = router.run(ros`:put 1`, { ...read, onLost });
  (await peer.exec(1)).drop();
  await assertKind(call, 'unknown');
  peer.mode = 'gone';
  await assertKind(router.run(ros`/disk remove a`, { ...write, onLost }), 'unreachable');
  assert.deepEqual(quiet, []);
});
