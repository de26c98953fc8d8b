import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { fingerprint, HOST_KEY_TYPES, hostKeyAlgorithms, parseHostKeys } from './host-key.ts';

/** A public key and its fingerprint, both as `ssh-keygen` prints them. */
const BASE64 = 'AAAAC3NzaC1lZDI1NTE5AAAAIA3GnJ2GKhXt6w3zqFrWvdZwOUE+r6c+vGKi8qerU3Lb';
const FINGERPRINT = 'SHA256:MC/8094n1BTGK9PQBkItVyDyiO4z0ZtCrOtzbKEe67s';
const AT = { host: '192.0.2.1', port: 22 };
const KEY = Buffer.from(BASE64, 'base64');
const OTHER = Buffer.from(KEY.toReversed());

test('fingerprint is what ssh-keygen prints', () => {
  assert.equal(fingerprint(KEY), FINGERPRINT);
});

test('parseHostKeys takes a fingerprint, a public key line and a known_hosts line', () => {
  const pins = [
    FINGERPRINT,
    ` ${FINGERPRINT}=\n`,
    `ssh-ed25519 ${BASE64}`,
    `ssh-ed25519 ${BASE64} RDS with a comment\n`,
    `[192.0.2.1]:22 ssh-ed25519 ${BASE64}`,
  ];
  for (const pin of pins) {
    const keys = parseHostKeys([pin], AT);
    assert.ok(keys.matches(KEY), pin);
    assert.ok(!keys.matches(OTHER), pin);
  }
});

test('parseHostKeys accepts each of several keys, so that a key can be changed', () => {
  const keys = parseHostKeys([fingerprint(OTHER), FINGERPRINT], AT);
  assert.ok(keys.matches(KEY));
  assert.ok(keys.matches(OTHER));
  assert.ok(!keys.matches(Buffer.alloc(0)));
});

test('parseHostKeys refuses to be without any', () => {
  assert.throws(() => parseHostKeys([], AT), TypeError);
});

test('parseHostKeys refuses what is neither', () => {
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
    `ssh-ed25519 ${BASE64.slice(0, -8)}`,
    `no-port-forwarding from=x ssh-ed25519 ${BASE64}`,
    `@cert-authority * ssh-ed25519 ${BASE64}`,
  ];
  for (const pin of pins) {
    assert.throws(() => parseHostKeys([FINGERPRINT, pin], AT), TypeError, JSON.stringify(pin));
  }
});

const line = (hosts: string) => `${hosts} ssh-ed25519 ${BASE64}`;
const hashed = (name: string) => {
  const salt = Buffer.alloc(20, 7);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
};

test('a line that names hosts counts for the RDS when one of them is it, as in known_hosts', () => {
  for (const [hosts, at] of [
    ['192.0.2.1', AT],
    ['192.0.2.1', { ...AT, port: 2222 }],
    ['[192.0.2.1]:2222', { ...AT, port: 2222 }],
    ['rds2,192.0.2.*', AT],
    ['RDS1.lan', { host: 'rds1.LAN', port: 22 }],
    ['rds?.lan,!rds2.lan', { host: 'rds1.lan', port: 22 }],
    [hashed('192.0.2.1'), AT],
    [hashed('[192.0.2.1]:2222'), { ...AT, port: 2222 }],
    ['[2001:db8::1]:2222', { host: '2001:db8::1', port: 2222 }],
  ] as const) {
    assert.ok(parseHostKeys([line(hosts)], at).matches(KEY), hosts);
  }
});

test('a line that names hosts was taken for the RDS whatever host it was for, so that any host of a known_hosts file could answer in its place', () => {
  for (const [hosts, at] of [
    ['192.0.2.2', AT],
    ['[192.0.2.1]:2222', AT],
    ['192x0x2x1', AT],
    ['192.0.2.*,!192.0.2.1', AT],
    [hashed('192.0.2.2'), AT],
  ] as const) {
    assert.throws(() => parseHostKeys([line(hosts)], at), /is for .* and not for 192\.0\.2\.1 port 22/, hosts);
  }
});

test('a key that is marked @revoked was pinned by its very line, and by any other', () => {
  for (const revoked of [
    `@revoked * ssh-ed25519 ${BASE64}`,
    `@revoked other ssh-ed25519 ${BASE64}`,
    `@revoked ${FINGERPRINT}`,
  ]) {
    assert.throws(() => parseHostKeys([FINGERPRINT, revoked], AT), /no host key is pinned/, revoked);
    const keys = parseHostKeys([FINGERPRINT, revoked, fingerprint(OTHER)], AT);
    assert.ok(!keys.matches(KEY) && keys.matches(OTHER), revoked);
  }
});

test('the types that are asked for are those of the pinned keys, and all where a fingerprint does not report', () => {
  assert.deepEqual(parseHostKeys([`ssh-ed25519 ${BASE64}`], AT).types, ['ssh-ed25519']);
  assert.deepEqual(parseHostKeys([FINGERPRINT], AT).types, HOST_KEY_TYPES);
  assert.deepEqual(hostKeyAlgorithms(['ssh-rsa', 'ssh-ed25519']), ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
});
