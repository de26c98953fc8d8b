import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from './host-key.ts';
import { presentedHostKeys } from './host-key-probe.ts';
import { newKey, SshPeer } from './ssh-peer.fixture.ts';

test('the key that an RDS shows is reported, and no one logs in', async () => {
  for (const type of ['ed25519', 'rsa'] as const) {
    const peer = await SshPeer.start({ hostKey: newKey(type) });
    try {
      const keys = await presentedHostKeys('127.0.0.1', peer.port, 10_000);
      assert.deepEqual(keys.map(fingerprint), [peer.hostKeyFingerprint]);
      await peer.when(() => peer.open === 0);
      assert.equal(peer.logins, 0);
    } finally {
      await peer.stop();
    }
  }
});

test('who shows none is distinguished: silent, hanging up, not there', async () => {
  const peer = await SshPeer.start();
  const { port } = peer;
  peer.mode = 'mute';
  await assert.rejects(presentedHostKeys('127.0.0.1', port, 20), { kind: 'unreachable' });
  peer.mode = 'gone';
  await assert.rejects(presentedHostKeys('127.0.0.1', port, 10_000), { kind: 'unreachable' });
  await peer.stop();
  await assert.rejects(presentedHostKeys('127.0.0.1', port, 10_000), /ECONNREFUSED/);
});
