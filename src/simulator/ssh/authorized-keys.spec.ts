import assert from 'node:assert/strict';
import { test } from 'node:test';
import ssh2 from 'ssh2';
import { parseAuthorizedKeys } from './authorized-keys.ts';
import { generateEd25519 } from './ed25519.ts';

const { publicKey } = generateEd25519('alice@example');

test('keys of a file with comments and empty lines', () => {
  const [key, ...rest] = parseAuthorizedKeys(`# keys\n\n  ${publicKey}\r\n`);
  assert.equal(key?.type, 'ssh-ed25519');
  assert.deepEqual(rest, []);
});

test('no key at all is refused, with what to do', () => {
  assert.throws(() => parseAuthorizedKeys('# none\n'), /ssh-keygen/);
});

test('what the device would not take either', () => {
  const small = ssh2.utils.generateKeyPairSync('rsa', { bits: 1024 }).public;
  const ecdsa = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).public;
  assert.throws(() => parseAuthorizedKeys(`${publicKey}\n${small}`), /line 2: an RSA key needs 2048 bits/);
  assert.throws(() => parseAuthorizedKeys(ecdsa), /line 1: only plain ssh-ed25519 and ssh-rsa/);
  assert.throws(() => parseAuthorizedKeys(`command="x" ${publicKey}`), /line 1: only plain/);
  assert.throws(() => parseAuthorizedKeys('ssh-ed25519 AAAA'), /line 1: unreadable/);
});
