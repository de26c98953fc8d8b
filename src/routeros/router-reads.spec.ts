import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertKind, connect, failure, peer, read, router, usePeers, write } from './router.fixture.ts';
import { ros } from './script.ts';

usePeers();

test('identical reads share one exec', async () => {
  connect();
  const calls = Array.from({ length: 10 }, () => router.run(ros`:put 1`, read));
  (await peer.exec(1)).ok({ a: 1 });
  for (const rows of await Promise.all(calls)) {
    assert.deepEqual(rows, [{ a: 1 }]);
  }
  assert.equal(peer.execs.length, 1);
});

test('identical reads share it while it runs too, and not after it ended', async () => {
  connect();
  const first = router.run(ros`:put 1`, read);
  const exec = await peer.exec(1);
  const second = router.run(ros`:put 1`, read);
  exec.ok();
  await Promise.all([first, second]);
  const third = router.run(ros`:put 1`, read);
  (await peer.exec(2)).ok();
  await third;
});

test('identical reads fail together', async () => {
  connect();
  const calls = [1, 2, 3].map(() => failure(router.run(ros`:put 1`, read)));
  (await peer.exec(1)).error('RC-NO (:error; line 1)');
  assert.deepEqual(
    (await Promise.all(calls)).map(({ kind }) => kind),
    ['refused', 'refused', 'refused'],
  );
  assert.equal(peer.execs.length, 1);
});

test('identical reads leave one by one', async () => {
  connect();
  const busy = router.run(ros`:put busy`, write);
  await peer.exec(1);
  const giveUp = new AbortController();
  const leaving = router.run(ros`:put 1`, { kind: 'read', signal: giveUp.signal });
  const staying = router.run(ros`:put 1`, read);
  giveUp.abort();
  await assertKind(leaving, 'cancelled');
  peer.answerAll((exec) => exec.ok());
  await Promise.all([busy, staying]);
  assert.equal(peer.execs.length, 2);
});

test('identical reads are not sent when all have left, and start again for who comes after', async () => {
  connect();
  const busy = router.run(ros`:put busy`, write);
  await peer.exec(1);
  const giveUp = new AbortController();
  const leaving = [1, 2].map(() =>
    assertKind(router.run(ros`:put 1`, { kind: 'read', signal: giveUp.signal }), 'cancelled'),
  );
  giveUp.abort();
  const late = router.run(ros`:put 1`, read);
  await Promise.all(leaving);
  peer.answerAll((exec) => exec.ok());
  await Promise.all([busy, late]);
  assert.equal(peer.execs.length, 2);
});

test('identical reads are not joined once a write has ended since they were sent', async () => {
  connect({ maxInFlight: 3 });
  const before = router.run(ros`:put state`, read);
  const old = await peer.exec(1);
  const change = router.run(ros`:put change`, write);
  (await peer.exec(2)).ok();
  await change;
  const afterwards = router.run(ros`:put state`, read);
  (await peer.exec(3)).ok({ changed: true });
  assert.deepEqual(await afterwards, [{ changed: true }]);
  old.ok({ changed: false });
  assert.deepEqual(await before, [{ changed: false }]);
});

test('identical reads do not include writes', async () => {
  connect();
  peer.answerAll((exec) => exec.ok());
  await Promise.all([router.run(ros`:put 1`, write), router.run(ros`:put 1`, write), router.run(ros`:put 1`, read)]);
  assert.equal(peer.execs.length, 3);
});
