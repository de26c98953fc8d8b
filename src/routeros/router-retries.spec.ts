import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NotSent } from './errors.ts';
import { defaultRetryPolicy } from './retry-policy.ts';
import {
  assertKind,
  connect,
  events,
  failure,
  LONG,
  peer,
  retrying,
  router,
  usePeers,
  write,
} from './router.fixture.ts';
import type { RouterOs } from './routeros.ts';
import { ros } from './script.ts';
import { newKey } from './ssh-peer.fixture.ts';

usePeers();

test('repeating: repeats a command whose connection was lost, on a new one', async () => {
  connect({ retryPolicy: retrying });
  const call = router.run(ros`:put 1`, write);
  (await peer.exec(1)).drop();
  (await peer.exec(2)).ok({ a: 1 });
  assert.deepEqual(await call, [{ a: 1 }]);
  assert.equal(peer.connections, 2);
});

test('repeating: repeats a command whose answer was cut short', async () => {
  connect({ retryPolicy: retrying });
  const call = router.run(ros`:put 1`, write);
  (await peer.exec(1)).answer('{"a":1}\r\n');
  (await peer.exec(2)).ok({ a: 1 });
  assert.deepEqual(await call, [{ a: 1 }]);
});

test('repeating: takes an answer that was whole before the connection was lost', async () => {
  connect();
  const call = router.run(ros`:put 1`, write);
  const exec = await peer.exec(1);
  exec.channel.write(`{"a":1}\r\nOK${exec.nonce}\r\n`, () => exec.hangUp());
  assert.deepEqual(await call, [{ a: 1 }]);
});

test('repeating: waits for an RDS that is away and comes back', async () => {
  peer.mode = 'gone';
  connect({
    retryPolicy: {
      ...retrying,
      rules: [{ kinds: ['unreachable'], retries: 10_000, firstPauseMs: 1, maxPauseMs: 5 }],
    },
  });
  const call = router.run(ros`:put 1`, write);
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
  await assertKind(router.run(ros`:put failed`, write), 'failed');
  assert.equal(peer.execs.length, 2);
  await assertKind(router.run(ros`:put refused`, write), 'refused');
  assert.equal(peer.execs.length, 3);
  await assertKind(router.run(ros`:put rejected`, write), 'rejected');
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
    const first = await assertKind(router.run(ros`:put 1`, write), 'unauthenticated');
    const second = await assertKind(router.run(ros`:put 2`, write), 'unauthenticated');
    assert.equal(peer.connections - before, connections);
    assert.match(second.detail, /^not sent, and no new attempt for up to 30 s; the last attempt failed: /);
    assert.ok(second.detail.endsWith(first.detail), second.detail);
    assert.deepEqual(
      events.map(({ outcome, detail }) => [outcome, detail]),
      [['unauthenticated', first.detail]],
    );
    assert.equal(router.state().lastFailure?.detail, first.detail);
    await router.close();
  }
});

test('repeating: gives up after the last attempt', async () => {
  connect({ retryPolicy: retrying });
  peer.answerAll((exec) => exec.drop());
  await assertKind(router.run(ros`:put 1`, write), 'unknown');
  assert.equal(peer.execs.length, 4);
});

test('repeating: does not outlast its budget', async ({ mock }) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_800_000_000_000 });
  peer.mode = 'gone';
  const rules = [{ kinds: ['unreachable' as const], retries: 1_000_000, firstPauseMs: LONG, maxPauseMs: LONG }];
  connect({ retryPolicy: { rules, budgetMs: 50 } });
  const call = assertKind(router.run(ros`:put 1`, write), 'unreachable');
  await afterAttempt();
  mock.timers.tick(50);
  await call;
  assert.equal(peer.connections, 1);
});

test('repeating: says after a lost answer that the script may still run, whatever came of the repeat', async () => {
  connect({ retryPolicy: retrying });
  const call = failure(router.run(ros`:put 1`, write));
  (await peer.exec(1)).drop();
  (await peer.exec(2)).error('RC-NO not so (:error; line 1)');
  const { kind, code, mayStillRun } = await call;
  assert.deepEqual({ kind, code, mayStillRun }, { kind: 'refused', code: 'RC-NO', mayStillRun: true });
});

test('repeating: never claims after a lost answer that nothing ran', async () => {
  connect({ retryPolicy: retrying });
  const call = failure(router.run(ros`:put 1`, write));
  const exec = await peer.exec(1);
  peer.mode = 'gone';
  exec.drop();
  const { kind, detail, mayStillRun } = await call;
  assert.deepEqual({ kind, mayStillRun }, { kind: 'unknown', mayStillRun: true });
  assert.match(detail, /^the answer to an earlier attempt was lost; then no connection to 127\.0\.0\.1 port \d+: /);
});

test('repeating: ends at once when the caller leaves during a pause', async () => {
  const rules = [{ kinds: ['unreachable' as const], retries: 1, firstPauseMs: 1e6, maxPauseMs: 1e6 }];
  peer.mode = 'gone';
  connect({ retryPolicy: { rules, budgetMs: LONG } });
  const giveUp = new AbortController();
  const call = failure(router.run(ros`:put 1`, { kind: 'write', signal: giveUp.signal }));
  await afterAttempt();
  giveUp.abort();
  assert.equal((await call).kind, 'unreachable');
});

test('the breaker leaves a dead RDS alone, then lets one attempt through', async ({ mock }) => {
  mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
  peer.mode = 'gone';
  connect({ breaker: { failures: 2, firstBreakMs: 100, maxBreakMs: 100 } });
  assert.ok(isReachable(router));
  await assertKind(router.run(ros`:put 1`, write), 'unreachable');
  assert.ok(isReachable(router));
  await assertKind(router.run(ros`:put 2`, write), 'unreachable');
  assert.ok(!isReachable(router));
  assert.match(
    (await assertKind(router.run(ros`:put 3`, write), 'unreachable')).detail,
    /no new attempt for up to 1 s/,
  );
  assert.equal(peer.connections, 2);

  mock.timers.tick(100);
  assert.ok(isReachable(router));
  await assertKind(router.run(ros`:put 4`, write), 'unreachable');
  assert.equal(peer.connections, 3);
  assert.ok(!isReachable(router));

  mock.timers.tick(100);
  assert.ok(isReachable(router));
  peer.mode = 'up';
  peer.answerAll((exec) => exec.ok());
  await router.run(ros`:put 5`, write);
  peer.mode = 'gone';
  peer.cutAll();
  await peer.when(() => peer.open === 0);
  await failure(router.run(ros`:put 6`, write));
  assert.ok(isReachable(router), 'one failure after a success does not break');
});

test('the breaker fails the calls that wait when it opens', async () => {
  peer.mode = 'gone';
  connect({ breaker: { failures: 1, firstBreakMs: LONG, maxBreakMs: LONG } });
  const calls = [1, 2, 3].map((n) => assertKind(router.run(ros`:put ${n}`, write), 'unreachable'));
  await Promise.all(calls);
  assert.equal(peer.connections, 1);
});

test('the breaker let a call whose time was over hear of nothing but its time', async ({ mock }) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_800_000_000_000 });
  peer.mode = 'gone';
  connect({ breaker: { failures: 1, firstBreakMs: 100, maxBreakMs: 100 } });
  await assertKind(router.run(ros`:put 1`, write), 'unreachable');
  peer.mode = 'mute';
  mock.timers.tick(100);
  assert.ok(isReachable(router));
  const call = assertKind(router.run(ros`:put 2`, { ...write, deadline: Date.now() + 20 }), 'unsent');
  await peer.when(() => peer.connections === 2);
  mock.timers.tick(20);
  assert.match(
    (await call).detail,
    /^the time for this call was over; the last attempt failed: no connection to 127\.0\.0\.1 port/,
  );
});

test('the breaker made an RDS that answers nonsense one that cannot be reached', async () => {
  connect({ breaker: { failures: 1, firstBreakMs: LONG, maxBreakMs: LONG } });
  peer.answerAll((exec) => exec.answer('hello'));
  await assertKind(router.run(ros`:put 1`, write), 'unknown');
  const second = await assertKind(router.run(ros`:put 2`, write), 'unreachable');
  assert.ok(second instanceof NotSent);
  assert.deepEqual(
    [second.because.kind, second.because.detail, second.mayStillRun],
    ['unknown', 'it printed only "hello"', false],
  );
  assert.equal(peer.execs.length, 1);
});

test('the breaker does not count what the RDS itself answered', async () => {
  connect({ breaker: { failures: 2, firstBreakMs: LONG, maxBreakMs: LONG } });
  peer.answerAll((exec) => exec.error(exec.command.includes('refused') ? 'RC-NO (:error; line 1)' : 'failure: no'));
  for (const script of [ros`:put refused`, ros`:put failed`, ros`:put refused`, ros`:put failed`]) {
    await failure(router.run(script, write));
  }
  assert.ok(isReachable(router));
});

/** Resolves once the first attempt has failed, and its call pauses or is over. */
async function afterAttempt(): Promise<void> {
  do {
    await new Promise((resolve) => setImmediate(resolve));
  } while (events.length === 0);
}

function isReachable(router: Pick<RouterOs, 'state'>): boolean {
  return router.state().breaker !== 'open';
}
