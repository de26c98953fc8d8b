import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostKeys } from './host-key.ts';
import {
  assertKind,
  connect,
  events,
  failure,
  peer,
  read,
  retrying,
  router,
  usePeers,
  write,
} from './router.fixture.ts';
import { ros } from './script.ts';
import { newKey } from './ssh-peer.fixture.ts';

usePeers();

test('a call sends the script in its envelope and returns the rows', async () => {
  peer.answerAll((exec) => exec.ok({ slot: 'pvc-1' }));
  assert.deepEqual(await connect().run(ros`:put ${'a$b'}`, read), [{ slot: 'pvc-1' }]);
  assert.match(
    peer.execs[0]?.command ?? '',
    /^:local xN "[0-9a-f]{16}";:onerror e in=\{:put "a\\24b";:put \("OK"\.\$xN/,
  );
});

test('a call connects when first used, and once', async () => {
  peer.answerAll((exec) => exec.ok());
  connect();
  assert.equal(peer.connections, 0);
  await router.run(ros`:put 1`, read);
  await router.run(ros`:put 2`, write);
  assert.equal(peer.connections, 1);
});

test('a call has a nonce of its own', async () => {
  peer.answerAll((exec) => exec.ok());
  connect();
  await router.run(ros`:put 1`, write);
  await router.run(ros`:put 1`, write);
  assert.notEqual(peer.execs[0]?.nonce, peer.execs[1]?.nonce);
});

test('a call reports each exec', async () => {
  peer.answerAll((exec) => (exec.command.includes('bad') ? exec.error('RC-NO not so (:error; line 1)') : exec.ok()));
  connect();
  await router.run(ros`:put good`, write);
  await assertKind(router.run(ros`:put bad`, write), 'refused');
  assert.deepEqual(
    events.map(({ outcome }) => outcome),
    ['ok', 'refused'],
  );
  assert.equal(events[0]?.bytes, 'OK\r\n'.length + 16);
  assert.ok((events[0]?.ms ?? -1) >= 0);
});

test('a call of a script that is too long to be sent is a bug, not trouble with the RDS', async () => {
  await assert.rejects(connect().run(ros`:put ${'x'.repeat(5000)}`, write), RangeError);
  assert.equal(peer.connections, 0);
});

test('a call says what is known about the device by the kind of its error', async () => {
  connect();
  peer.answerAll((exec) => {
    const answers: Record<string, () => void> = {
      refused: () => exec.error('RC-NO not so (:error; line 1)'),
      failed: () => exec.error('failure: already have such entry'),
      rejected: () => exec.answer('bad command name x (line 1 column 2)\r\n'),
      garbage: () => exec.answer(Buffer.from([0xff, 0xfe, 0x00, 0x7b])),
      silence: () => exec.answer('', 1),
      flood: () => exec.answer('x'.repeat(3_000_000)),
    };
    const [, word = ''] = /:put (\w+);/.exec(exec.command) ?? [];
    answers[word]?.();
  });
  const refused = await assertKind(router.run(ros`:put refused`, write), 'refused');
  assert.deepEqual([refused.code, refused.detail, refused.mayStillRun], ['RC-NO', 'not so', false]);
  assert.equal((await assertKind(router.run(ros`:put failed`, write), 'failed')).mayStillRun, false);
  await assertKind(router.run(ros`:put rejected`, write), 'rejected');
  for (const script of [ros`:put garbage`, ros`:put silence`, ros`:put flood`]) {
    assert.ok((await assertKind(router.run(script, write), 'unknown')).mayStillRun);
  }
});

test('a call is refused its connection by an RDS with another host key', async () => {
  connect({ hostKeys: [`SHA256:${'A'.repeat(43)}`] });
  const error = await assertKind(router.run(ros`:put 1`, write), 'unauthenticated');
  assert.ok(error.detail.includes(peer.hostKeyFingerprint));
  assert.equal(peer.logins, 0);
  assert.throws(() => connect({ hostKeys: [] }), TypeError);
});

test('a call believes the host keys that are pinned at the next connect', async () => {
  let pinned = [`SHA256:${'A'.repeat(43)}`];
  connect({ hostKeys: async () => parseHostKeys(pinned, { host: '127.0.0.1', port: 22 }) });
  peer.answerAll((exec) => exec.ok());
  await assertKind(router.run(ros`:put 1`, write), 'unauthenticated');
  assert.equal(peer.logins, 0);
  pinned = [peer.hostKeyFingerprint];
  await router.run(ros`:put 2`, write);
  assert.ok(peer.logins > 0);
});

test('a call uses the key that is there at the next connect', async () => {
  const second = newKey();
  let privateKey = (await peer.credentials()).privateKey;
  connect({ credentials: async () => ({ username: 'csi', privateKey }), retryPolicy: retrying });
  peer.answerAll((exec) => exec.ok());
  await router.run(ros`:put 1`, write);
  peer.allow(second);
  privateKey = second.private;
  await router.run(ros`:put 2`, write);
  assert.equal(peer.connections, 1);
  peer.cutAll();
  await peer.when(() => peer.open === 0);
  await router.run(ros`:put 3`, write);
  assert.equal(peer.connections, 2);
});

test('the queue keeps one exec in flight, in the order of the calls', async () => {
  connect();
  peer.answerAll((exec) => exec.ok());
  await Promise.all([1, 2, 3, 4, 5].map((n) => router.run(ros`:put ${n}`, write)));
  assert.equal(peer.mostRunning, 1);
  assert.deepEqual(
    peer.execs.map(({ command }) => /:put (\d)/.exec(command)?.[1]),
    ['1', '2', '3', '4', '5'],
  );
});

test('the queue keeps as many as allowed', async () => {
  connect({ maxInFlight: 2 });
  const calls = [1, 2, 3].map((n) => router.run(ros`:put ${n}`, write));
  await peer.exec(2);
  assert.equal(peer.running, 2);
  peer.answerAll((exec) => exec.ok());
  await Promise.all(calls);
  assert.equal(peer.mostRunning, 2);
});

test('the queue refuses more than it may hold', async () => {
  connect({ maxQueued: 1 });
  const first = router.run(ros`:put 1`, write);
  await peer.exec(1);
  const second = router.run(ros`:put 2`, write);
  assert.match((await assertKind(router.run(ros`:put 3`, write), 'unsent')).detail, /queue is full/);
  assert.deepEqual(router.state(), { breaker: 'closed', queued: 1, inFlight: 1, window: 1 });
  peer.answerAll((exec) => exec.ok());
  await Promise.all([first, second]);
  assert.deepEqual(router.state(), { breaker: 'closed', queued: 0, inFlight: 0, window: 1 });
});

test('the queue drops a call whose caller gives up before its turn', async () => {
  connect();
  const first = router.run(ros`:put 1`, write);
  await peer.exec(1);
  const giveUp = new AbortController();
  const second = router.run(ros`:put 2`, { kind: 'write', signal: giveUp.signal });
  const third = router.run(ros`:put 3`, write);
  giveUp.abort();
  assert.equal((await assertKind(second, 'cancelled')).mayStillRun, false);
  peer.answerAll((exec) => exec.ok());
  await Promise.all([first, third]);
  assert.equal(peer.execs.length, 2);
  assert.ok(peer.execs.every(({ command }) => !command.includes(':put 2')));
});

test('the queue drops a call whose deadline passes before its turn', async ({ mock }) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_800_000_000_000 });
  connect();
  const first = router.run(ros`:put 1`, write);
  await peer.exec(1);
  const waiting = assertKind(router.run(ros`:put 2`, { kind: 'write', deadline: Date.now() + 5 }), 'unsent');
  mock.timers.tick(5);
  await waiting;
  await assertKind(router.run(ros`:put 3`, { kind: 'write', deadline: Date.now() - 5 }), 'unsent');
  peer.answerAll((exec) => exec.ok());
  await first;
  assert.equal(peer.execs.length, 1);
});

test('the queue drops a call that was given up before it was made', async () => {
  await assertKind(connect().run(ros`:put 1`, { kind: 'write', signal: AbortSignal.abort() }), 'cancelled');
  assert.equal(peer.connections, 0);
});

test('the queue drops a call whose caller gives up while the connection is being made', async () => {
  peer.mode = 'mute';
  connect();
  const giveUp = new AbortController();
  const call = router.run(ros`:put 1`, { kind: 'write', signal: giveUp.signal });
  await peer.when(() => peer.connections === 1);
  giveUp.abort();
  await assertKind(call, 'cancelled');
});

test('a caller who leaves a running command is answered at once, and its place is kept until the command is answered', async () => {
  connect();
  const giveUp = new AbortController();
  const first = router.run(ros`:put 1`, { kind: 'write', signal: giveUp.signal });
  const running = await peer.exec(1);
  const second = router.run(ros`:put 2`, write);
  giveUp.abort();
  assert.ok((await assertKind(first, 'unknown')).mayStillRun);
  assert.equal(peer.execs.length, 1);
  running.ok();
  (await peer.exec(2)).ok();
  await second;
  assert.equal(peer.mostRunning, 1);
  assert.equal(peer.connections, 1);
});

test('the queue tells a caller whose deadline passes over a running command', async ({ mock }) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_800_000_000_000 });
  connect();
  const call = assertKind(router.run(ros`:put 1`, { kind: 'write', deadline: Date.now() + 20 }), 'unknown');
  await peer.exec(1);
  mock.timers.tick(20);
  assert.match((await call).detail, /time for this call was over after the command was sent/);
});

test('the queue frees the place of a command that is never answered, on a new connection', async ({ mock }) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_800_000_000_000 });
  connect({ execTimeoutMs: 500 });
  const first = failure(router.run(ros`:put 1`, write));
  const second = router.run(ros`:put 2`, write);
  await peer.exec(1);
  mock.timers.tick(500);
  (await peer.exec(2)).ok();
  await second;
  assert.match((await first).detail, /no end of the answer within 500 ms/);
  assert.equal(peer.connections, 2);
});

test('close fails what waits and what runs, each by what is known of it, and all that comes after', async () => {
  connect({ retryPolicy: retrying });
  const running = failure(router.run(ros`:put 1`, write));
  const waiting = failure(router.run(ros`:put 2`, write));
  await peer.exec(1);
  await router.close();
  assert.equal((await running).kind, 'unknown');
  assert.equal((await waiting).kind, 'unsent');
  await assertKind(router.run(ros`:put 3`, write), 'unsent');
  await peer.when(() => peer.open === 0);
  assert.equal(peer.connections, 1);
});

test('close ends an attempt to connect', async () => {
  peer.mode = 'mute';
  connect();
  const call = failure(router.run(ros`:put 1`, write));
  await peer.when(() => peer.connections === 1);
  await router.close();
  assert.equal((await call).kind, 'unsent');
  await peer.when(() => peer.open === 0);
});

test('close may come twice, and before any use', async () => {
  await connect().close();
  await router.close();
  assert.equal(peer.connections, 0);
});
