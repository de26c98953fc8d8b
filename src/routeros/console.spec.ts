import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { openConsole, type RouterOsConsole } from './console.ts';
import { ros } from './script.ts';
import { SshPeer } from './ssh-peer.fixture.ts';

let peer: SshPeer;
let console: RouterOsConsole;

beforeEach(async () => {
  peer = await SshPeer.start();
  const { port, credentials, hostKeyFingerprint } = peer;
  console = openConsole({ host: '127.0.0.1', port, credentials, hostKeys: [hostKeyFingerprint] });
});

afterEach(async () => {
  console.close();
  await peer.stop();
});

test('a line goes out as it is, longer than the driver would send, and comes back with status and time', async () => {
  const script = ros`:put ${'x'.repeat(8000)}`;
  const answer = console.send(script);
  const exec = await peer.exec(1);
  assert.equal(exec.command, script.text);
  exec.answer('x\n', 1);
  const { output, status, note, ms } = await answer;
  assert.deepEqual([output.toString(), status, note], ['x\n', 1, '']);
  assert.ok(ms > 0);
});

test('a status that was not sent is not zero', async () => {
  const answer = console.send(ros`:put 1`);
  const exec = await peer.exec(1);
  exec.channel.end('1');
  assert.equal((await answer).status, undefined);
});

test('a framed script gives its rows, and fails as the driver would see it, without a second attempt', async () => {
  const rows = console.run(ros`:put 1`);
  (await peer.exec(1)).ok({ a: 1 });
  assert.deepEqual(await rows, [{ a: 1 }]);
  const failed = console.run(ros`:put 2`);
  (await peer.exec(2)).error('no such item');
  await assert.rejects(failed, { kind: 'failed', detail: 'no such item' });
  const unknown = console.run(ros`:put 3`);
  (await peer.exec(3)).drop();
  await assert.rejects(unknown, { kind: 'unknown' });
  assert.equal(peer.execs.length, 3);
});

test('lines at the same time share one connection, and a lost one is recreated', async () => {
  const first = console.send(ros`:put 1`);
  const second = console.send(ros`:put 2`);
  await peer.exec(2);
  for (const exec of peer.execs) exec.answer('done');
  await Promise.all([first, second]);
  assert.equal(peer.connections, 1);
  const lost = console.send(ros`:put 3`);
  (await peer.exec(3)).drop();
  await lost;
  const fourth = console.send(ros`:put 4`);
  (await peer.exec(4)).answer('again');
  assert.equal((await fourth).output.toString(), 'again');
  assert.equal(peer.connections, 2);
});

test('when the time is over the connection is torn down under the running line, with what came until then', async () => {
  const cut = console.send(ros`:delay 1h`, 50);
  (await peer.exec(1)).channel.write('begun');
  const { output, note } = await cut;
  assert.equal(output.toString(), 'begun');
  assert.match(note, /no end of the answer within 50 ms/);
  await peer.when(() => peer.open === 0);
});
