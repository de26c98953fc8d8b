import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { type TestContext, test } from 'node:test';
import ssh2 from 'ssh2';
import { HOST_CLOCK } from '../clock.ts';
import { Counters } from '../counters.ts';
import { temporaryDirectory } from '../device/device.testing.ts';
import { parseAuthorizedKeys } from './authorized-keys.ts';
import { generateEd25519 } from './ed25519.ts';
import { loadHostKey } from './host-key.ts';
import { connect, exec, openExec } from './ssh-client.testing.ts';
import { type Shell, SshServer } from './ssh-server.ts';

const KEY = generateEd25519('test');
const RSA = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 });

/** Says what it was asked to run. */
const ECHO: Shell = {
  async run(line, write) {
    write(`ran ${line}\r\n`);
  },
};

async function startServer(t: TestContext, shell: Shell, latencyMs = 0) {
  const hostKey = await loadHostKey(await temporaryDirectory(t));
  const counters = new Counters();
  const server = await SshServer.start({
    listen: { host: '127.0.0.1', port: 0 },
    user: 'csi',
    hostKey,
    shell,
    counters,
    latencyMs,
    clock: HOST_CLOCK,
    authorizedKeys: parseAuthorizedKeys(`${KEY.publicKey}\n${RSA.public}`),
  });
  t.after(() => server.close());
  return { server, counters, hostKey, login: { port: server.port, privateKey: KEY.privateKey } };
}

test('a command answers in CRLF lines on stdout, with exit status 0', async (t) => {
  const { login, counters } = await startServer(t, ECHO);
  const client = await connect(t, login);
  assert.deepEqual(await exec(client, ':put 1'), { stdout: 'ran :put 1\r\n', stderr: '', code: 0 });
  assert.deepEqual(await exec(client, ''), { stdout: 'ran \r\n', stderr: '', code: 0 });
  const { busyMs, outputBytes, ...counted } = counters.values;
  assert.deepEqual(counted, { connections: 1, execs: 2, statements: 0 });
  assert.ok(busyMs > 0 && outputBytes > 0);
});

test('a shell that breaks is an error text, not a broken connection', async (t) => {
  const broken: Shell = {
    async run() {
      throw new Error('inside');
    },
  };
  const { login } = await startServer(t, broken);
  const client = await connect(t, login);
  assert.deepEqual(await exec(client, 'x'), { stdout: 'action failed (6): inside\r\n', stderr: '', code: 0 });
});

test('several commands at once on one connection', async (t) => {
  const { login } = await startServer(t, ECHO);
  const client = await connect(t, login);
  const results = await Promise.all(['a', 'b', 'c'].map((command) => exec(client, command)));
  assert.deepEqual(
    results.map((result) => result.stdout),
    ['ran a\r\n', 'ran b\r\n', 'ran c\r\n'],
  );
});

test('an RSA key logs in by SHA-2', async (t) => {
  const { server } = await startServer(t, ECHO);
  const client = await connect(t, { port: server.port, privateKey: RSA.private });
  assert.equal((await exec(client, 'x')).code, 0);
});

test('the wrong key, the wrong user and a password are refused', async (t) => {
  const { login } = await startServer(t, ECHO);
  const stranger = generateEd25519('stranger').privateKey;
  for (const wrong of [{ privateKey: stranger }, { username: 'root' }, { privateKey: '', password: 'x' }]) {
    await assert.rejects(connect(t, { ...login, ...wrong }), { level: 'client-authentication' });
  }
});

test('pty, shell, subsystem, sftp and forwarding are refused', async (t) => {
  const { login } = await startServer(t, ECHO);
  const client = await connect(t, login);
  const refused = (ask: (done: (error: Error | undefined) => void) => unknown) =>
    assert.rejects(new Promise((resolve, reject) => ask((error) => (error ? reject(error) : resolve(undefined)))));
  await refused((done) => client.exec('x', { pty: true }, done));
  await refused((done) => client.shell(false, done));
  await refused((done) => client.subsys('netconf', done));
  await refused((done) => client.sftp(done));
  await refused((done) => client.forwardOut('127.0.0.1', 1, '127.0.0.1', 2, done));
  assert.equal((await exec(client, 'still here')).code, 0);
});

test('a command runs on when its connection dies, and what it writes then is dropped', async (t) => {
  const running = Promise.withResolvers<void>();
  const resume = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  const { login } = await startServer(t, {
    async run(_line, write) {
      running.resolve();
      await resume.promise;
      write('into the void\r\n');
      finished.resolve();
    },
  });
  const client = await connect(t, login);
  await openExec(client, 'long');
  await running.promise;
  const gone = once(client, 'close');
  client.destroy();
  await gone;
  resume.resolve();
  await finished.promise;
});

test('a command runs on when its channel dies', async (t) => {
  const running = Promise.withResolvers<void>();
  const resume = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  const { login } = await startServer(t, {
    async run(line, write) {
      if (line !== 'long') return;
      running.resolve();
      await resume.promise;
      write('into the void\r\n');
      finished.resolve();
    },
  });
  const client = await connect(t, login);
  const channel = await openExec(client, 'long');
  await running.promise;
  channel.close();
  await exec(client, 'the connection works on');
  resume.resolve();
  await finished.promise;
  assert.equal((await exec(client, 'and on')).code, 0);
});

test('keepalive requests stay unanswered', async (t) => {
  const { login } = await startServer(t, ECHO);
  const client = new ssh2.Client();
  t.after(() => client.destroy());
  const failed = once(client, 'error');
  client.connect({ host: '127.0.0.1', username: 'csi', ...login, keepaliveInterval: 20, keepaliveCountMax: 2 });
  // ssh2 gives up a connection whose keepalives no one answers; an error rejects what waits for "close".
  await assert.rejects(once(client, 'close'), { message: 'Keepalive timeout', level: 'client-timeout' });
  await failed;
});

test('latency comes before the command', async (t) => {
  const started: number[] = [];
  const { login } = await startServer(
    t,
    {
      async run() {
        started.push(performance.now());
      },
    },
    30,
  );
  const client = await connect(t, login);
  const before = performance.now();
  await exec(client, 'x');
  assert.ok((started[0] ?? 0) - before >= 29);
});

test('closing waits for commands that are running', async (t) => {
  const running = Promise.withResolvers<void>();
  const resume = Promise.withResolvers<void>();
  const { login, server } = await startServer(t, {
    async run(_line, write) {
      running.resolve();
      await resume.promise;
      write('done\r\n');
    },
  });
  const client = await connect(t, login);
  const result = exec(client, 'x');
  await running.promise;
  const closed = server.close();
  resume.resolve();
  assert.equal((await result).stdout, 'done\r\n');
  await closed;
});

test('closing drops clients that do not go by themselves', async (t) => {
  const { server } = await startServer(t, ECHO);
  const client = createConnection({ host: '127.0.0.1', port: server.port, allowHalfOpen: true });
  t.after(() => client.destroy());
  // The server has spoken, so it knows this client.
  await once(client, 'data');
  await server.close();
});

test('only loopback addresses are listened on', async (t) => {
  const { hostKey } = await startServer(t, ECHO);
  for (const host of ['0.0.0.0', '::', '192.168.1.1', '127.0.0.1.example.com', '']) {
    const options = { listen: { host, port: 0 }, user: 'csi', hostKey, authorizedKeys: [], latencyMs: 0 };
    await assert.rejects(
      SshServer.start({ ...options, shell: ECHO, counters: new Counters(), clock: HOST_CLOCK }),
      /loopback only/,
    );
  }
});
