import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeDependencies } from '../../src/host/node-dependencies.fixture.ts';
import { Staging } from '../../src/host/staging.ts';
import { nqnOf } from '../../src/storage/ids.ts';
import { startFixture } from './fixture.ts';

test('a clock that is set forward gives up no data that waits to be flushed', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const claim = await fixture.claim('ext4');
  await fixture.node.mount(claim);
  // The device is in use and its RDS is gone, as the kernel shows it while it flushes without success.
  const path = fixture.node.mounts()[0]?.source ?? '';
  const device = { path, number: '0:0', bytes: 1n, readOnly: false, sequence: '1' };
  const tools = {
    ...nodeDependencies({ find: async () => device, isLive: async () => false }),
    patienceMs: 60_000,
    onUnflushed: () => assert.fail('given up'),
  };
  const volume = { id: claim.volumeId, uuid: 'any', nqn: nqnOf('1') };
  let hours = 0;
  t.mock.method(Date, 'now', () => hours++ * 3_600_000);
  const unstage = new Staging(tools).unstage(volume, '/nowhere/staging', { signal: AbortSignal.abort() });
  await assert.rejects(unstage, { kind: 'unavailable', message: /\[NODE-FLUSH\]$/ });
  t.mock.restoreAll();
  await fixture.node.unmount(claim);
});
