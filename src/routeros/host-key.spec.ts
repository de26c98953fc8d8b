import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprint, parseHostKeys } from './host-key.ts';

/** A public key and its fingerprint, both as `ssh-keygen` prints them. */
const BASE64 = 'AAAAC3NzaC1lZDI1NTE5AAAAIA3GnJ2GKhXt6w3zqFrWvdZwOUE+r6c+vGKi8qerU3Lb';
const FINGERPRINT = 'SHA256:MC/8094n1BTGK9PQBkItVyDyiO4z0ZtCrOtzbKEe67s';
const KEY = Buffer.from(BASE64, 'base64');
const OTHER = Buffer.from(KEY.toReversed());

describe('fingerprint', () => {
  it('is what ssh-keygen prints', () => {
    assert.equal(fingerprint(KEY), FINGERPRINT);
  });
});

describe('parseHostKeys', () => {
  it('takes a fingerprint, a public key line and a known_hosts line', () => {
    const pins = [
      FINGERPRINT,
      ` ${FINGERPRINT}=\n`,
      `ssh-ed25519 ${BASE64}`,
      `ssh-ed25519 ${BASE64} box with a comment\n`,
      `[192.0.2.1]:22 ssh-ed25519 ${BASE64}`,
    ];
    for (const pin of pins) {
      const keys = parseHostKeys([pin]);
      assert.ok(keys.matches(KEY), pin);
      assert.ok(!keys.matches(OTHER), pin);
    }
  });

  it('accepts each of several keys, so that a key can be changed', () => {
    const keys = parseHostKeys([fingerprint(OTHER), FINGERPRINT]);
    assert.ok(keys.matches(KEY));
    assert.ok(keys.matches(OTHER));
    assert.ok(!keys.matches(Buffer.alloc(0)));
  });

  it('refuses to be without any', () => {
    assert.throws(() => parseHostKeys([]), TypeError);
  });

  it('refuses what is neither', () => {
    const pins = [
      '',
      '*',
      'SHA256:',
      `${FINGERPRINT}x`,
      FINGERPRINT.slice(0, -1),
      'MD5:aa:bb',
      BASE64,
      `ssh-rsa ${BASE64}`,
      'ssh-ed25519 AAAA',
      '-----BEGIN OPENSSH PRIVATE KEY-----',
    ];
    for (const pin of pins) {
      assert.throws(() => parseHostKeys([FINGERPRINT, pin]), TypeError, JSON.stringify(pin));
    }
  });
});
