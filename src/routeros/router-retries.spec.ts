import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultRetryPolicy } from './retry-policy.ts';
import { assertKind, box, connect, events, failure, LONG, peer, retrying, usePeers, write } from './router.fixture.ts';
import type { RouterOs } from './routeros.ts';
import { ros } from './script.ts';
import { newKey } from './ssh-peer.fixture.ts';

usePeers();

test('repeating: repeats a command whose connection was lost, on a new one', async () => {
  connect({ retryPolicy: retrying });
  const call = box.run(ros`:put 1`, write);
  (await peer.exec(1)).drop();
  (await peer.exec(2)).ok({ a: 1 });
  assert.deepEqual(await call, [{ a: 1 }]);
  assert.equal(peer.connections, 2);
});

test('repeating: repeats a command whose answer was cut short', async () => {
  connect({ retryPolicy: retrying });
  const call = box.run(ros`:put 1`, write);
  (await peer.exec(1)).answer('{"a":1}\r\n');
  (await peer.exec(2)).ok({ a: 1 });
  assert.deepEqual(await call, [{ a: 1 }]);
});

test('repeating: takes an answer that was whole before the connection was lost', async () => {
  connect();
  const call = box.run(ros`:put 1`, write);
  const exec = await peer.exec(1);
  exec.channel.write(`{"a":1}\r\nOK${exec.nonce}\r\n`, () => exec.hangUp());
  assert.deepEqual(await call, [{ a: 1 }]);
});

test('repeating: waits for a box that is away and comes back', async () => {
  peer.mode = 'gone';
  connect({
    retryPolicy: {
      ...retrying,
      rules: [{ kinds: ['unreachable'], retries: 10_000, firstPauseMs: 1, maxPauseMs: 5 }],
    },
  });
  const call = box.run(ros`:put 1`, write);
  await peer.when(() => peer.connections >= 3);
  peer.mode = 'up';
  (await peer.exec(1)).ok();
  await call;
});

test('repeating: repeats a failed command once, and never a refused or rejected one', async () => {
  connect({ retryPolicy: retrying });
  peer.answerAll((exec) => {
    const [, word] = /:put (\w+);/.exec(exec.command) ?? [];
    if (word === 'rejected') {
      exec.answer('syntax error (line 1 column 2)');
    } else {
      exec.error(word === 'refused' ? 'RC-NO (:error; line 1)' : 'failure: no');
    }
  });
  await assertKind(box.run(ros`:put failed`, write), 'failed');
  assert.equal(peer.execs.length, 2);
  await assertKind(box.run(ros`:put refused`, write), 'refused');
  assert.equal(peer.execs.length, 3);
  await assertKind(box.run(ros`:put rejected`, write), 'rejected');
  assert.equal(peer.execs.length, 4);
});

test('repeating: tried a wrong host key, a refused login and a missing key file again and again within one call', async () => {
  const credentials = async () => {
    throw new Error('the key file /key does not exist');
  };
  const stranger = async () => ({ username: 'csi', privateKey: newKey().private });
  const wrong = { hostKeys: [newKey().public] };
  for (const [changes, connections] of [
    [{ credentials }, 0],
    [{ credentials: stranger }, 1],
    [wrong, 1],
  ] as const) {
    const before = peer.connections;
    connect({
      retryPolicy: defaultRetryPolicy,
      breaker: { failures: 1, firstBreakMs: LONG, maxBreakMs: LONG },
      ...changes,
    });
    const first = await assertKind(box.run(ros`:put 1`, write), 'unauthenticated');
    const second = await assertKind(box.run(ros`:put 2`, write), 'unauthenticated');
    assert.equal(peer.connections - before, connections);
    assert.ok(second.detail.startsWith(first.detail), second.detail);
    assert.deepEqual(
      events.map(({ outcome, detail }) => [outcome, detail]),
      [['unauthenticated', first.detail]],
    );
    assert.equal(box.state().lastFailure?.detail, first.detail);
    await box.close();
  }
});

test('repeating: gives up after the last attempt', async () => {
  connect({ retryPolicy: retrying });
  peer.answerAll((exec) => exec.drop());
  await assertKind(box.run(ros`:put 1`, write), 'unknown');
  assert.equal(peer.execs.length, 4);
});

test('repeating: does not outlast its budget', async () => {
  peer.mode = 'gone';
  const rules = [{ kinds: ['unreachable' as const], retries: 1_000_000, firstPauseMs: 1, maxPauseMs: 5 }];
  connect({ retryPolicy: { rules, budgetMs: 500 } });
  await assertKind(box.run(ros`:put 1`, write), 'unreachable');
  assert.ok(peer.connections >= 1);
});

test('repeating: says after a lost answer that the script may still run, whatever came of the repeat', async () => {
  connect({ retryPolicy: retrying });
  const call = failure(box.run(ros`:put 1`, write));
  (await peer.exec(1)).drop();
  (await peer.exec(2)).error('RC-NO not so (:error; line 1)');
  const { kind, code, mayStillRun } = await call;
  assert.deepEqual({ kind, code, mayStillRun }, { kind: 'refused', code: 'RC-NO', mayStillRun: true });
});

test('repeating: never claims after a lost answer that nothing ran', async () => {
  connect({ retryPolicy: retrying });
  const call = failure(box.run(ros`:put 1`, write));
  const exec = await peer.exec(1);
  peer.mode = 'gone';
  exec.drop();
  const { kind, detail, mayStillRun } = await call;
  assert.deepEqual({ kind, mayStillRun }, { kind: 'unknown', mayStillRun: true });
  assert.match(detail, /after an attempt whose answer was lost/);
});

test('repeating: ends at once when the caller leaves during a pause', async () => {
  const rules = [{ kinds: ['unreachable' as const], retries: 1, firstPauseMs: 1e6, maxPauseMs: 1e6 }];
  peer.mode = 'gone';
  connect({ retryPolicy: { rules, budgetMs: LONG } });
  const giveUp = new AbortController();
  const call = failure(box.run(ros`:put 1`, { kind: 'write', signal: giveUp.signal }));
  await peer.when(() => peer.connections === 1);
  do {
    await new Promise((resolve) => setImmediate(resolve));
  } while (events.length === 0);
  giveUp.abort();
  assert.equal((await call).kind, 'unreachable');
});

test('the breaker leaves a dead box alone, then lets one attempt through', async ({ mock }) => {
  mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
  peer.mode = 'gone';
  connect({ breaker: { failures: 2, firstBreakMs: 100, maxBreakMs: 100 } });
  assert.ok(isReachable(box));
  await assertKind(box.run(ros`:put 1`, write), 'unreachable');
  assert.ok(isReachable(box));
  await assertKind(box.run(ros`:put 2`, write), 'unreachable');
  assert.ok(!isReachable(box));
  assert.match((await assertKind(box.run(ros`:put 3`, write), 'unreachable')).detail, /left alone/);
  assert.equal(peer.connections, 2);

  mock.timers.tick(100);
  assert.ok(isReachable(box));
  await assertKind(box.run(ros`:put 4`, write), 'unreachable');
  assert.equal(peer.connections, 3);
  assert.ok(!isReachable(box));

  mock.timers.tick(100);
  assert.ok(isReachable(box));
  peer.mode = 'up';
  peer.answerAll((exec) => exec.ok());
  await box.run(ros`:put 5`, write);
  peer.mode = 'gone';
  peer.cutAll();
  await peer.when(() => peer.open === 0);
  await failure(box.run(ros`:put 6`, write));
  assert.ok(isReachable(box), 'one failure after a success does not break');
});

test('the breaker fails the calls that wait when it opens', async () => {
  peer.mode = 'gone';
  connect({ breaker: { failures: 1, firstBreakMs: LONG, maxBreakMs: LONG } });
  const calls = [1, 2, 3].map((n) => assertKind(box.run(ros`:put ${n}`, write), 'unreachable'));
  await Promise.all(calls);
  assert.equal(peer.connections, 1);
});

test('the breaker let a call whose time was over hear of nothing but its time', async () => {
  peer.mode = 'gone';
  connect({ breaker: { failures: 1, firstBreakMs: 1, maxBreakMs: 1 } });
  await assertKind(box.run(ros`:put 1`, write), 'unreachable');
  peer.mode = 'mute';
  do {
    await new Promise((resolve) => setImmediate(resolve));
  } while (!isReachable(box));
  const late = await assertKind(box.run(ros`:put 2`, { ...write, deadline: Date.now() + 20 }), 'unsent');
  assert.match(late.detail, /^the time for this call was over; the last attempt: no connection to 127\.0\.0\.1 port/);
});

test('the breaker does not count what the box itself answered', async () => {
  connect({ breaker: { failures: 2, firstBreakMs: LONG, maxBreakMs: LONG } });
  peer.answerAll((exec) => exec.error(exec.command.includes('refused') ? 'RC-NO (:error; line 1)' : 'failure: no'));
  for (const script of [ros`:put refused`, ros`:put failed`, ros`:put refused`, ros`:put failed`]) {
    await failure(box.run(script, write));
  }
  assert.ok(isReachable(box));
});

function isReachable(box: Pick<RouterOs, 'state'>): boolean {
  return box.state().breaker !== 'open';
}
