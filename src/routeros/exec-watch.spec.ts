import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import type { ExecEnd, ExecStart, WatchExec } from './exec-watch.ts';
import { assertKind, connect, LONG, peer, read, retrying, router, usePeers, write } from './router.fixture.ts';
import { ros } from './script.ts';

usePeers();

interface Watched extends ExecStart {
  /** Who asked for it, and who joined later. */
  readonly callers: (string | undefined)[];
  readonly ends: ExecEnd[];
}

const caller = new AsyncLocalStorage<string>();

function watcher(): { readonly execs: Watched[]; readonly watchExec: WatchExec } {
  const execs: Watched[] = [];
  const watchExec: WatchExec = (start) => {
    const exec: Watched = { ...start, callers: [caller.getStore()], ends: [] };
    execs.push(exec);
    return {
      joined: () => exec.callers.push(caller.getStore()),
      ended: (end) => exec.ends.push(end),
    };
  };
  return { execs, watchExec };
}

const outcomes = (execs: readonly Watched[]) => execs.map(({ ends }) => ends.map(({ outcome }) => outcome));

test('who watches execs learns of each whose it is, that it ran, and what came back', async () => {
  const { execs, watchExec } = watcher();
  connect({ watchExec });
  peer.answerAll((exec) => exec.ok());
  const names = Array.from({ length: 30 }, (_, index) => `call ${index}`);
  await Promise.all(names.map((name) => caller.run(name, () => router.run(ros`:put ${name}`, write))));
  assert.deepEqual(
    execs.map(({ callers }) => callers),
    names.map((name) => [name]),
  );
  assert.deepEqual(
    outcomes(execs),
    names.map(() => ['ok']),
  );
  for (const { ends, kind, attempt } of execs) {
    const [end] = ends;
    assert.ok(end && end.runMs > 0 && end.waitMs >= 0);
    assert.deepEqual([kind, attempt, end.bytes], ['write', 1, 'OK\r\n'.length + 16]);
  }
});

test('who watches execs learns how long one waited for its turn', async () => {
  const { execs, watchExec } = watcher();
  connect({ watchExec });
  const first = router.run(ros`:put 1`, write);
  const exec = await peer.exec(1);
  const second = router.run(ros`:put 2`, write);
  const begin = performance.now();
  await new Promise(setImmediate);
  const least = performance.now() - begin;
  exec.ok();
  (await peer.exec(2)).ok();
  await Promise.all([first, second]);
  assert.ok((execs[1]?.ends[0]?.waitMs ?? 0) >= least);
});

test('who watches execs learns of each caller that joins a read', async () => {
  const { execs, watchExec } = watcher();
  connect({ watchExec });
  const calls = ['a', 'b', 'c'].map((name) => caller.run(name, () => router.run(ros`:put 1`, read)));
  (await peer.exec(1)).ok();
  await Promise.all(calls);
  assert.deepEqual(execs[0]?.callers, ['a', 'b', 'c']);
  assert.deepEqual(outcomes(execs), [['ok']]);
});

test('who watches execs learns of each attempt of a call', async () => {
  const { execs, watchExec } = watcher();
  connect({ watchExec, retryPolicy: retrying });
  const call = caller.run('me', () => router.run(ros`:put 1`, write));
  (await peer.exec(1)).drop();
  (await peer.exec(2)).ok();
  await call;
  assert.deepEqual(
    execs.map(({ attempt, callers }) => [attempt, ...callers]),
    [
      [1, 'me'],
      [2, 'me'],
    ],
  );
  assert.deepEqual(outcomes(execs), [['unknown'], ['ok']]);
});

test('who watches execs learns once that no one wants one any more, though it was never sent', async () => {
  const { execs, watchExec } = watcher();
  connect({ watchExec });
  const busy = router.run(ros`:put busy`, write);
  const exec = await peer.exec(1);
  const giveUp = new AbortController();
  const leaving = router.run(ros`:put 1`, { kind: 'write', signal: giveUp.signal });
  giveUp.abort();
  await assertKind(leaving, 'cancelled');
  exec.ok();
  await busy;
  assert.deepEqual(outcomes(execs), [['ok'], ['cancelled']]);
  assert.equal(execs[1]?.ends[0]?.runMs, 0);
});

test('who watches execs learns the end of one whose caller left while it ran', async () => {
  const { execs, watchExec } = watcher();
  connect({ watchExec });
  const giveUp = new AbortController();
  const leaving = router.run(ros`:put 1`, { kind: 'write', signal: giveUp.signal });
  const exec = await peer.exec(1);
  giveUp.abort();
  await assertKind(leaving, 'unknown');
  assert.deepEqual(outcomes(execs), [[]]);
  exec.ok();
  await peer.when(() => execs[0]?.ends.length === 1 || peer.running === 0);
  await router.close();
  assert.deepEqual(outcomes(execs), [['ok']]);
});

test('who watches execs learns why one came back without being sent, and hears nothing of a script that cannot be', async () => {
  const { execs, watchExec } = watcher();
  peer.mode = 'gone';
  connect({ watchExec, breaker: { failures: 1, firstBreakMs: LONG, maxBreakMs: LONG } });
  const calls = [1, 2].map((n) => assertKind(router.run(ros`:put ${n}`, write), 'unreachable'));
  await Promise.all(calls);
  assert.deepEqual(outcomes(execs), [['unreachable'], ['unreachable']]);
  await assertKind(router.run(ros`:put 3`, write), 'unreachable');
  connect({ watchExec });
  await assert.rejects(router.run(ros`:put ${'x'.repeat(5000)}`, write), RangeError);
  assert.equal(execs.length, 2);
});
