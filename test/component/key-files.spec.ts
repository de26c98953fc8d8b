import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Patience } from '../../src/app/backends.ts';
import { defaultRetryPolicy } from '../../src/routeros/index.ts';
import { makeVolume, refused } from '../support/calls.ts';
import { generateKey } from '../support/keys.ts';
import { POOL_UUID, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { Wire } from '../support/wire.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const PIN = `SHA256:${'A'.repeat(43)}`;

/** A configuration whose key files a test fills. */
async function configured(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const [configFile, privateKeyFile, hostKeysFile] = [
    join(directory, 'rose-csi.json'),
    join(directory, 'key'),
    join(directory, 'hostkeys'),
  ];
  const backend = {
    name: 'rds1',
    // Port 1 is no one's: what these tests are about is known before anything is connected.
    ssh: { host: '127.0.0.1', port: 1, user: 'csi', privateKeyFile, hostKeysFile },
    nvme: { address: '192.0.2.1' },
    pools: [{ label: 'pool', uuid: POOL_UUID }],
  };
  await writeFile(configFile, JSON.stringify({ clusterId: 'c1', backends: [backend] }));
  const run = (...args: readonly string[]) => {
    const env = { ...process.env, KUBECONFIG: '/nowhere' };
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args, '--config', configFile], {
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status, stderr };
  };
  return { configFile, privateKeyFile, hostKeysFile, run };
}

const COMMANDS = [
  ['controller', '--endpoint', 'unix:///nowhere/csi.sock'],
  ['snapshots', 'ls'],
  ['orphans', 'report', '--device-only'],
  ['why', 'data'],
];

for (const command of COMMANDS) {
  test(`rose-csi ${command[0]} found out about a key file that it could not use when it connected, and said "unreachable"`, async (t) => {
    const { privateKeyFile, hostKeysFile, run } = await configured(t);
    const { publicKey } = generateKey();
    await writeFile(privateKeyFile, `${publicKey}\n`);
    const { status, stderr } = run(...command);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /rose-csi\.json has 2 problems:$/m);
    assert.match(
      stderr,
      /^ {2}backends\[rds1\]\.ssh\.privateKeyFile: the key file \S+\/key is a public key, which belongs on/m,
    );
    assert.ok(
      stderr.includes(`  backends[rds1].ssh.hostKeysFile: the file of host keys ${hostKeysFile} does not exist`),
    );
    assert.doesNotMatch(stderr, /^\s+at |unreachable|cannot be reached/m);
    assert.ok(!stderr.includes(publicKey.split(' ')[1] ?? ''));
  });
}

test('a key that everyone may read, and a line of host keys that is not used, are reported and work', async (t) => {
  const { privateKeyFile, hostKeysFile, run } = await configured(t);
  await writeFile(privateKeyFile, generateKey().privateKey);
  await chmod(privateKeyFile, 0o644);
  await writeFile(hostKeysFile, `nonsense\n${PIN}\n`);
  const { status, stderr } = run('snapshots', 'ls');
  assert.equal(status, 2);
  assert.match(stderr, /^rose-csi: warning: the key file \S+ can be read by every user of this machine \(mode 644\)/m);
  assert.match(stderr, /^rose-csi: warning: \S+hostkeys line 1 is neither/m);
  assert.doesNotMatch(stderr, /\d problems?:/);
});

const patience: Patience = {
  retryPolicy: {
    ...defaultRetryPolicy,
    rules: [{ kinds: ['unreachable', 'unknown'], retries: 2, firstPauseMs: 1, maxPauseMs: 5 }],
  },
  breaker: { failures: 2, firstBreakMs: 20, maxBreakMs: 100 },
};

test('a key that was taken away or replaced was an unreachable RDS to every call, and is picked up when it is back', async (t) => {
  const wire = await Wire.open();
  t.after(() => wire.close());
  const { controller, directory, simulator } = await startStack(t, { wire, patience });
  const volumeId = await makeVolume(controller);
  const file = join(directory, 'id_ed25519');
  const key = await readFile(file, 'utf8');
  const get = () => controller.controllerGetVolume({ volumeId });
  const replace = async (change: () => Promise<unknown>, says: RegExp) => {
    await change();
    wire.cut();
    wire.join(simulator.port);
    await until(
      async () =>
        await get().then(
          () => false,
          ({ message }: Error) => says.test(message),
        ),
    );
    // Breaks of the breaker begin and end meanwhile.
    for (let calls = 0; calls < 4; calls += 1) await refused(get(), 'UNAVAILABLE', says);
  };
  await replace(
    () => rm(file),
    /: the driver cannot log in to the RDS: (?:not sent, and no new attempt for up to 1 s; the last attempt failed: )?the key file \S+\/id_ed25519 does not exist\. .*\[RDS-LOGIN\]$/,
  );
  await replace(
    () => writeFile(file, generateKey().privateKey),
    /: 127\.0\.0\.1 port \d+ refused the login of user csi with the key SHA256:/,
  );
  await replace(() => writeFile(file, ''), /the key file \S+\/id_ed25519 is empty/);
  await writeFile(file, key.replaceAll('\n', '\r\n'));
  await until(
    async () =>
      await get().then(
        () => true,
        () => false,
      ),
  );
});
