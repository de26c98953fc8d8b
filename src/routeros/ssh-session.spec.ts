import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import ssh2 from 'ssh2';
import type { RouterOsError, RouterOsErrorKind } from './errors.ts';
import { fingerprint, parseHostKeys } from './host-key.ts';
import { presentedHostKeys } from './host-key-probe.ts';
import { type KeyPair, newKey, SshPeer, watchStrays } from './ssh-peer.fixture.ts';
import { type SshOptions, SshSession } from './ssh-session.ts';

const LONG = 30_000;
const AT = { host: '127.0.0.1', port: 22 };
const never = new AbortController().signal;

let strays: ReturnType<typeof watchStrays>;
let peer: SshPeer;
let session: SshSession | undefined;

function optionsFor(target: SshPeer, changes: Partial<SshOptions> = {}): SshOptions {
  return {
    host: '127.0.0.1',
    port: target.port,
    hostKeys: async () => parseHostKeys([target.hostKeyFingerprint], AT),
    credentials: target.credentials,
    connectTimeoutMs: LONG,
    maxOutputBytes: 1024 * 1024,
    ...changes,
  };
}

async function open(changes: Partial<SshOptions> = {}, target = peer): Promise<SshSession> {
  session = await SshSession.open(optionsFor(target, changes), never);
  return session;
}

async function assertUnreachable(opening: Promise<unknown>, detail: RegExp): Promise<void> {
  await assertFails(opening, 'unreachable', detail);
}

async function assertFails(opening: Promise<unknown>, kind: RouterOsErrorKind, detail: RegExp): Promise<void> {
  await assert.rejects(opening, (error: RouterOsError) => {
    assert.equal(error.kind, kind, error.detail);
    assert.match(error.detail, detail);
    return true;
  });
}

before(() => {
  strays = watchStrays();
});

after(() => strays.assertNone());

beforeEach(async () => {
  peer = await SshPeer.start();
});

afterEach(async () => {
  session?.close();
  await peer.stop();
});

test('SshSession.open refuses an unknown host key before it shows who it is, and names the key that was shown', async () => {
  const hostKeys = async () => parseHostKeys([`SHA256:${'A'.repeat(43)}`], AT);
  const { hostKeyFingerprint } = peer;
  await assert.rejects(open({ hostKeys }), (error: RouterOsError) => {
    assert.equal(error.kind, 'unauthenticated');
    assert.ok(error.detail.includes(`${hostKeyFingerprint} (ssh-ed25519), but pinned is SHA256:AAA`), error.detail);
    assert.match(error.detail, /add it to the pinned host keys/);
    return true;
  });
  assert.equal(peer.logins, 0);
});

test('SshSession.open accepts either of two pinned keys', async () => {
  await open({ hostKeys: async () => parseHostKeys([`SHA256:${'A'.repeat(43)}`, peer.hostKeyFingerprint], AT) });
});

test('SshSession.open was refused by an RDS with two keys, of which another one than the pinned was negotiated', async () => {
  const [rsa, ed25519] = [newKey('rsa'), newKey()];
  const two = await SshPeer.start({ hostKey: ed25519, secondHostKey: rsa });
  const wireForm = (key: KeyPair) => Buffer.from(key.public.split(' ')[1] ?? '', 'base64');
  try {
    for (const key of [rsa, ed25519]) {
      for (const pin of [key.public, fingerprint(wireForm(key))]) {
        await open({ hostKeys: async () => parseHostKeys([pin], AT) }, two);
        session?.close();
      }
    }
    const others = [newKey('rsa').public, newKey().public];
    const hostKeys = async () => parseHostKeys(others, AT);
    await assertFails(open({ hostKeys }, two), 'unauthenticated', /^the host key of .* \(ssh-rsa\), but pinned is /);
    const shown = await presentedHostKeys('127.0.0.1', two.port, LONG);
    assert.deepEqual(
      shown.map(fingerprint),
      [ed25519, rsa].map((key) => fingerprint(wireForm(key))),
    );
  } finally {
    session?.close();
    await two.stop();
  }
});

test('SshSession.open does not connect when the pinned keys cannot be read', async () => {
  const hostKeys = async () => parseHostKeys([], AT);
  await assertFails(open({ hostKeys }), 'unauthenticated', /^no host key is pinned/);
  assert.equal(peer.logins, 0);
});

test('SshSession.open accepts the RSA host key that RouterOS has by default', async () => {
  const rsa = await SshPeer.start({ hostKey: newKey('rsa') });
  try {
    await open({}, rsa);
  } finally {
    session?.close();
    await rsa.stop();
  }
});

test('SshSession.open does not fall back to SHA-1', async () => {
  const old = await SshPeer.start({ hostKey: newKey('rsa'), algorithms: { serverHostKey: ['ssh-rsa'] } });
  try {
    await assertFails(open({}, old), 'unauthenticated', /no matching host key format/);
  } finally {
    await old.stop();
  }
});

test('SshSession.open says that the key was refused', async () => {
  peer.allow(newKey());
  const { privateKey } = await peer.credentials();
  const key = ssh2.utils.parseKey(privateKey);
  const shown = key instanceof Error ? assert.fail(key) : fingerprint(key.getPublicSSH());
  await assert.rejects(open(), (error: RouterOsError) => {
    assert.equal(error.kind, 'unauthenticated');
    assert.match(error.detail, /^127\.0\.0\.1 port \d+ refused the login of user csi with the key SHA256:/);
    assert.ok(error.detail.includes(`${shown} (ssh-ed25519)`), error.detail);
    return true;
  });
  assert.ok(peer.logins > 0);
});

test('SshSession.open says that there is no usable key', async () => {
  const missing = async (): Promise<never> => {
    throw new Error('the key file /etc/rds/key does not exist');
  };
  await assertFails(open({ credentials: missing }), 'unauthenticated', /^the key file \/etc\/rds\/key does not exist$/);
  const nonsense = async () => ({ username: 'csi', privateKey: 'nonsense' });
  await assertFails(open({ credentials: nonsense }), 'unauthenticated', /^the private key cannot be used$/);
});

test('SshSession.open gives up on a peer that accepts and says nothing', async () => {
  peer.mode = 'mute';
  await assertUnreachable(open({ connectTimeoutMs: 20 }), /Timed out while waiting for handshake/);
  await peer.when(() => peer.open === 0);
});

test('SshSession.open gives up on a peer that hangs up', async () => {
  peer.mode = 'gone';
  await assertUnreachable(open(), /no connection to 127\.0\.0\.1 port \d+: /);
});

test('SshSession.open gives up when no one listens', async () => {
  const gone = await SshPeer.start();
  const options = optionsFor(gone);
  await gone.stop();
  await assertUnreachable(SshSession.open(options, never), /ECONNREFUSED/);
});

test('SshSession.open gives up when told to, and leaves no connection behind', async () => {
  peer.mode = 'mute';
  const giveUp = new AbortController();
  const opening = SshSession.open(optionsFor(peer), giveUp.signal);
  await peer.when(() => peer.connections === 1);
  giveUp.abort();
  await assertUnreachable(opening, /the connection was closed/);
  await peer.when(() => peer.open === 0);
  await assertUnreachable(SshSession.open(optionsFor(peer), giveUp.signal), /given up/);
});

test('SshSession.exec returns the bytes as they came', async () => {
  const running = (await open()).exec(':put 1', LONG);
  const exec = await peer.exec(1);
  assert.equal(exec.command, ':put 1');
  exec.channel.write(Buffer.from([0xe2, 0x9c]));
  exec.answer(Buffer.from([0x85, 0x0d, 0x0a, 0x00]));
  const { output, note } = await running;
  assert.deepEqual([...output], [0xe2, 0x9c, 0x85, 0x0d, 0x0a, 0x00]);
  assert.equal(note, '');
});

test('SshSession.exec ignores the exit status, and keeps stderr for display', async () => {
  const running = (await open()).exec(':put 1', LONG);
  const exec = await peer.exec(1);
  exec.channel.stderr.write('a complaint\n');
  exec.answer('done', 1);
  const { output, note } = await running;
  assert.equal(output.toString(), 'done');
  assert.equal(note, 'a complaint');
});

test('SshSession.exec closes the channel when the peer has ended its output and waits', async () => {
  const running = (await open()).exec(':put 1', LONG);
  const exec = await peer.exec(1);
  exec.channel.write('done');
  exec.channel.eof();
  assert.equal((await running).output.toString(), 'done');
});

test('SshSession.exec returns what had come when the connection was lost', async () => {
  const running = (await open()).exec(':put 1', LONG);
  const exec = await peer.exec(1);
  exec.channel.write('half of it', () => exec.hangUp());
  const { output, note } = await running;
  assert.equal(output.toString(), 'half of it');
  assert.notEqual(note, '');
  assert.equal(session?.alive, false);
});

test('SshSession.exec returns what had come when the time is over, and tears the connection down', async () => {
  const running = (await open()).exec(':put 1', 20);
  const { output, note } = await running;
  assert.equal(output.toString(), '');
  assert.match(note, /within 20 ms/);
  assert.equal(session?.alive, false);
  await peer.when(() => peer.open === 0);
});

test('SshSession.exec stops reading when there is too much, and tears the connection down', async () => {
  const running = (await open({ maxOutputBytes: 1000 })).exec(':put 1', LONG);
  (await peer.exec(1)).channel.write('x'.repeat(4_000_000));
  await assert.rejects(running, { kind: 'unknown', detail: 'the answer is longer than 1000 bytes' });
  assert.equal(session?.alive, false);
  await peer.when(() => peer.open === 0);
});

test('SshSession.exec knows that nothing was sent when the peer refuses a channel', async () => {
  peer.maxChannels = 0;
  const { kind, mayStillRun } = (await (
    await open()
  )
    .exec(':put 1', LONG)
    .catch((error: RouterOsError) => error)) as RouterOsError;
  assert.deepEqual({ kind, mayStillRun }, { kind: 'unreachable', mayStillRun: false });
  assert.equal(session?.alive, true);
});

test('SshSession.exec knows that nothing was sent when the connection had been closed', async () => {
  (await open()).close();
  assert.equal(session?.alive, false);
  await assert.rejects(async () => session?.exec(':put 1', LONG), { kind: 'unreachable' });
});

test('SshSession.exec survives a peer that breaks the protocol', async () => {
  const running = (await open()).exec(':put 1', LONG);
  (await peer.exec(1)).breakProtocol();
  assert.notEqual((await running).note, '');
  assert.equal(session?.alive, false);
});

test('SshSession.exec notices while idle that the connection is gone', async () => {
  const idle = await open();
  peer.cutAll();
  await peer.when(() => peer.open === 0);
  const { kind } = await idle.exec(':put 1', LONG).then(
    ({ note }) => ({ kind: note === '' ? 'answered' : 'lost' }),
    (error: RouterOsError) => error,
  );
  assert.ok(kind === 'unreachable' || kind === 'lost', kind);
  assert.equal(idle.alive, false);
});
