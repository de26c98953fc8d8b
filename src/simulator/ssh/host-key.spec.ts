import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../device/device.testing.ts';
import { loadHostKey } from './host-key.ts';

test('the host key is made once and kept, for its owner only', async (t) => {
  const directory = await temporaryDirectory(t);
  const first = await loadHostKey(directory);
  assert.deepEqual(await loadHostKey(directory), first);
  assert.equal((await stat(join(directory, 'ssh_host_ed25519_key'))).mode & 0o777, 0o600);
});

test('ssh-keygen reads the key and agrees on the fingerprint', async (t) => {
  const directory = await temporaryDirectory(t);
  const { fingerprint, publicKey } = await loadHostKey(directory);
  const path = join(directory, 'ssh_host_ed25519_key');
  const listed = spawnSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' });
  assert.equal(listed.stdout.split(' ')[1], fingerprint);
  const derived = spawnSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' });
  assert.equal(derived.stdout.split(' ').slice(0, 2).join(' ').trim(), publicKey);
});

test('a file that is not a key is named', async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'ssh_host_ed25519_key'), 'nonsense');
  await assert.rejects(loadHostKey(directory), /ssh_host_ed25519_key is not a private key/);
});
