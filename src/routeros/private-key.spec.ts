import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import ssh2 from 'ssh2';
import { hasProgram } from '../../test/support/capability.ts';
import { parseHostKeys } from './host-key.ts';
import { readPrivateKey } from './private-key.ts';
import { newKey, SshPeer } from './ssh-peer.fixture.ts';
import { SshSession } from './ssh-session.ts';

const PASSPHRASE = 'correct horse';
const ENCRYPTION = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE };
const never = new AbortController().signal;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** ssh2 drops a zero at the beginning of the point of a key that it makes; these are made by OpenSSL. */
const ed25519 = generateKeyPairSync('ed25519');
const openSsh = newKey();

const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1') => key.export({ type, format: 'pem' }).toString();

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rose-keys-'));
});

after(() => rm(directory, { recursive: true, force: true }));

let files = 0;
async function fileOf(content: string | Buffer): Promise<string> {
  files += 1;
  const file = join(directory, `key-${files}`);
  await writeFile(file, content, { mode: 0o600 });
  return file;
}

/** Why a file is refused, after it was made sure that the message names it and has nothing of the key in it. */
async function refusal(content: string | Buffer): Promise<string> {
  const file = await fileOf(content);
  const { message } = await readPrivateKey(file).then(
    () => assert.fail('it was accepted'),
    (error: Error) => error,
  );
  assert.ok(message.startsWith(`the key file ${file} `), message);
  const text = content.toString('utf8');
  for (const line of text.split(/\s+/).filter((word) => /^[A-Za-z0-9+/=]{8,}$/.test(word))) {
    assert.ok(!message.includes(line), `${line} in ${message}`);
  }
  return message.slice(`the key file ${file} `.length).replaceAll(file, 'FILE');
}

/** Logs in over real SSH with what a file was read as, at an RDS that knows the public key. */
async function logIn(file: string): Promise<void> {
  const privateKey = await readPrivateKey(file);
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  const line = `${key.type} ${key.getPublicSSH().toString('base64')}`;
  const peer = await SshPeer.start({ clientKey: { private: privateKey, public: line } });
  try {
    const options = {
      host: '127.0.0.1',
      port: peer.port,
      connectTimeoutMs: 30_000,
      maxOutputBytes: 1024,
      hostKeys: async () => parseHostKeys([peer.hostKeyFingerprint], { host: '127.0.0.1', port: peer.port }),
      credentials: async () => ({ username: 'csi', privateKey }),
    };
    (await SshSession.open(options, never)).close();
  } finally {
    await peer.stop();
  }
}

const unix = openSsh.private;
const GOOD: Readonly<Record<string, string | Buffer>> = {
  'a key of OpenSSH': unix,
  'an RSA key of OpenSSH': newKey('rsa').private,
  'an RSA key in PKCS#8': pem(rsa.privateKey, 'pkcs8'),
  'an Ed25519 key in PKCS#8': pem(ed25519.privateKey, 'pkcs8'),
  'an RSA key of OpenSSL': pem(rsa.privateKey, 'pkcs1'),
  'line ends of Windows': unix.replaceAll('\n', '\r\n'),
  'line ends of Windows in PKCS#8': pem(ed25519.privateKey, 'pkcs8').replaceAll('\n', '\r\n'),
  'a byte order mark': `\uFEFF${unix}`,
  'the indentation of a YAML file, and no end of line': unix.trim().replaceAll('\n', '\n    '),
  'what openssl pkcs12 writes before a key': `Bag Attributes\n    friendlyName: csi\n${pem(rsa.privateKey, 'pkcs8')}`,
};

for (const [what, content] of Object.entries(GOOD)) {
  test(`a file with ${what} is a key to log in with`, async () => logIn(await fileOf(content)));
}

const encryptedOpenSsh = ssh2.utils.generateKeyPairSync('ed25519', {
  ...ENCRYPTION,
  cipher: 'aes256-ctr',
  rounds: 1,
});
const base64 = openSsh.public.split(' ')[1];
const CASES: Readonly<Record<string, readonly [content: string | Buffer, says: RegExp]>> = {
  'a key of OpenSSH with a passphrase': [encryptedOpenSsh.private, /^has a passphrase.*ssh-keygen -p -N '' -f NEW$/],
  'a key of OpenSSL with a passphrase': [
    rsa.privateKey.export({ type: 'pkcs1', format: 'pem', ...ENCRYPTION }),
    /^has a passphrase.*: openssl pkey -in FILE -out NEW$/,
  ],
  'a key in PKCS#8 with a passphrase': [
    ed25519.privateKey.export({ type: 'pkcs8', format: 'pem', ...ENCRYPTION }),
    /^has a passphrase.*: openssl pkey -in FILE -out NEW$/,
  ],
  'an ECDSA key in PKCS#8': [pem(ec.privateKey, 'pkcs8'), /^is a key of type ecdsa-sha2-nistp256, and RouterOS takes/],
  'an ECDSA key with its parameters': [
    `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem(ec.privateKey, 'sec1')}`,
    /^is a key of type ecdsa-sha2-nistp256/,
  ],
  'a key for another purpose': [pem(generateKeyPairSync('x25519').privateKey, 'pkcs8'), /^is damaged, or of a kind/],
  'a public key of OpenSSH': [openSsh.public, /^is a public key/],
  'a public key of OpenSSL': [
    rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    /^is a public key, which belongs on the RDS/,
  ],
  'a certificate of OpenSSH': [`ssh-ed25519-cert-v01@openssh.com ${base64} csi`, /^is a certificate/],
  'a certificate of TLS': ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', /^is a certificate/],
  'a key of PuTTY': [
    'PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n',
    /puttygen FILE -O private-openssh -o NEW$/,
  ],
  'a key in UTF-16': [
    Buffer.from(`\uFEFF${unix}`, 'utf16le'),
    /^is not plain text.* iconv -f UTF-16 -t UTF-8 FILE > NEW$/,
  ],
  nothing: ['', /^is empty$/],
  'blank lines': ['\n \r\n', /^is empty$/],
  'some text': ['password123\n', /^holds no whole private key/],
  'a key that was cut off': [unix.slice(0, 200), /^holds no whole private key/],
  'a key in which lines are missing': [unix.split('\n').toSpliced(2, 1).join('\n'), /^is damaged/],
  'an RSA key in which lines are missing': [
    pem(rsa.privateKey, 'pkcs8').split('\n').toSpliced(4, 1).join('\n'),
    /^is damaged/,
  ],
};
for (const [what, [content, says]] of Object.entries(CASES)) {
  test(`what is no usable private key is refused by its name: a file with ${what}`, async () =>
    assert.match(await refusal(content), says));
}

test('what is no usable private key is refused by its name: a file that is not there, is a directory, or may not be read', async () => {
  await assert.rejects(readPrivateKey('/nowhere/key'), { message: 'the key file /nowhere/key does not exist' });
  const inside = join(directory, 'inside');
  await mkdir(inside);
  await assert.rejects(readPrivateKey(inside), { message: `the key file ${inside} is a directory, not a file` });
  const file = await fileOf(unix);
  await chmod(file, 0);
  // Root reads what it likes.
  if (process.getuid?.() !== 0)
    await assert.rejects(readPrivateKey(file), /may not be accessed by the user of this process$/);
});

/** Runs it without a terminal, so that OpenSSL asks for the passphrase on standard input and OpenSSH a program. */
async function obey(content: string | Buffer, program: string): Promise<void> {
  const file = await fileOf(content);
  const { message } = await readPrivateKey(file).then(
    () => assert.fail('it was accepted'),
    (error: Error) => error,
  );
  const made = join(directory, `made-${files}`);
  const command = message.slice(message.lastIndexOf(': ') + 2).replaceAll('NEW', made);
  assert.ok(command.includes(program), command);
  const ask = await fileOf(`#!/bin/sh\necho '${PASSPHRASE}'\n`);
  await chmod(ask, 0o700);
  const env = { ...process.env, SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: 'force' };
  const { status, stderr } = spawnSync('setsid', ['sh', '-c', command], {
    env,
    input: `${PASSPHRASE}\n`,
    encoding: 'utf8',
    cwd: directory,
  });
  assert.equal(status, 0, `${command}: ${stderr}`);
  await logIn(made);
}

const commands: readonly (readonly [program: string, content: () => string | Buffer | Promise<Buffer>])[] = [
  ['openssl pkey', () => rsa.privateKey.export({ type: 'pkcs1', format: 'pem', ...ENCRYPTION })],
  ['openssl pkey', () => ed25519.privateKey.export({ type: 'pkcs8', format: 'pem', ...ENCRYPTION })],
  ['ssh-keygen -p', () => encryptedByOpenSsh()],
  ['ssh-keygen -t', () => pem(ec.privateKey, 'pkcs8')],
  ['iconv', () => Buffer.from(`\uFEFF${unix}`, 'utf16le')],
];
for (const [program, content] of commands) {
  test(`the command that a message names makes a key to log in with: ${program}`, async (t) => {
    const [name = ''] = program.split(' ');
    if (hasProgram(t, 'which', [name])) await obey(await content(), program);
  });
}

async function encryptedByOpenSsh(): Promise<Buffer> {
  const file = join(directory, 'encrypted');
  const args = ['-q', '-t', 'ed25519', '-N', PASSPHRASE, '-f', file];
  assert.equal(spawnSync('ssh-keygen', args).status, 0);
  return await readFile(file);
}
