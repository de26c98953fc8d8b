import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertKind, connect, failure, peer, router, usePeers, write } from './router.fixture.ts';
import { ros } from './script.ts';

usePeers();

/** So many different writes at once. */
function writes(count: number): Promise<unknown>[] {
  return Array.from({ length: count }, (_, index) => router.run(ros`:put ${index}`, write));
}

/** Answers so many writes that come in at once, and those that were sent before. */
async function grow(count: number): Promise<void> {
  peer.answerAll((exec) => exec.ok());
  await Promise.all(writes(count));
}

/** Lets the window become two; what is sent afterwards is answered by the spec, and counted from there. */
async function growToTwo(): Promise<number> {
  const calls = writes(10);
  for (let nth = 1; nth <= 8; nth += 1) (await peer.exec(nth)).ok();
  await peer.exec(10);
  assert.equal(peer.running, 2);
  assert.equal(router.state().window, 2);
  for (const nth of [9, 10]) (await peer.exec(nth)).ok();
  await Promise.all(calls);
  return 10;
}

test('execs at once are one at first, and up to four while answers come and others wait', async () => {
  connect();
  await grow(8);
  assert.deepEqual([peer.mostRunning, router.state().window], [1, 1]);
  await grow(60);
  assert.deepEqual([peer.mostRunning, router.state().window], [4, 4]);
});

test('execs at once are one again after a lost connection, and nothing is lost', async () => {
  connect();
  const before = await growToTwo();
  const [first, second, third] = writes(3).map((call) => call.catch((error: unknown) => error));
  (await peer.exec(before + 2)).drop();
  await Promise.all([first, second].map(async (call) => assert.match(`${await call}`, /RouterOsError/)));
  (await peer.exec(before + 3)).ok();
  assert.deepEqual([await third, router.state().window], [[], 1]);
});

test('execs at once are one again after a time-out', async ({ mock }) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_800_000_000_000 });
  connect({ execTimeoutMs: 500 });
  const before = await growToTwo();
  const [hung] = writes(1).map(failure);
  await peer.exec(before + 1);
  mock.timers.tick(500);
  assert.equal((await hung)?.kind, 'unknown');
  assert.equal(router.state().window, 1);
});

test('execs at once are one again after an answer that came too late to have been in time', async () => {
  connect();
  const before = await growToTwo();
  const late = assertKind(router.run(ros`:put late`, write), 'late');
  (await peer.exec(before + 1)).error('RC-LATE (:error; line 1)');
  await late;
  assert.equal(router.state().window, 1);
});

test('execs at once are as many as before after a refusal, which is an answer', async () => {
  connect();
  const before = await growToTwo();
  const refused = assertKind(router.run(ros`:put no`, write), 'refused');
  (await peer.exec(before + 1)).error('RC-NO not so (:error; line 1)');
  await refused;
  assert.equal(router.state().window, 2);
});

test('a refused channel makes its exec wait for the others, before those that came later', async () => {
  connect();
  const before = await growToTwo();
  peer.maxChannels = 1;
  const calls = writes(3);
  (await peer.exec(before + 1)).ok();
  await peer.exec(before + 2);
  peer.answerAll((exec) => exec.ok());
  await Promise.all(calls);
  const order = peer.execs.slice(before).map(({ command }) => /:put (\d)/.exec(command)?.[1]);
  assert.deepEqual(order, ['0', '1', '2']);
  assert.deepEqual([router.state().window, peer.connections], [1, 1]);
});

test('a refused channel was of a command whose caller left, which is then never sent', async () => {
  connect();
  const before = await growToTwo();
  peer.maxChannels = 1;
  const [first] = writes(1);
  const running = await peer.exec(before + 1);
  const giveUp = new AbortController();
  const leaving = failure(router.run(ros`:put left`, { kind: 'write', signal: giveUp.signal }));
  await peer.when(() => peer.refused === 1);
  giveUp.abort();
  await leaving;
  running.ok();
  await first;
  const [last] = writes(1);
  (await peer.exec(before + 2)).ok();
  await last;
  assert.ok(peer.execs.every(({ command }) => !command.includes('left')));
});

test('a refused channel is trouble with the RDS when no other command was under way', async () => {
  connect();
  peer.maxChannels = 0;
  await assertKind(router.run(ros`:put 1`, write), 'unreachable');
});

test('a refused channel is trouble with the RDS when the number is fixed', async () => {
  connect({ maxInFlight: 2 });
  peer.maxChannels = 1;
  const first = router.run(ros`:put 1`, write);
  const running = await peer.exec(1);
  await assertKind(router.run(ros`:put 2`, write), 'unreachable');
  running.ok();
  await first;
});
