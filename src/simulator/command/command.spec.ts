import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { hasProgram } from '../../../test/support/capability.ts';
import { temporaryDirectory } from '../device/device.testing.ts';
import { generateEd25519 } from '../ssh/ed25519.ts';

const NODE_ARGUMENTS = [join(import.meta.dirname, '../../main.ts'), 'simulate'];

interface Ready {
  readonly backend: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostPublicKey: string;
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ready: Ready;
  /** Runs the OpenSSH client with a pinned host key. */
  ssh(command: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string };
}

async function start(t: TestContext, directory: string): Promise<Running> {
  const key = generateEd25519('test');
  const [identity, authorized, known] = ['id', 'id.pub', 'known_hosts'].map((name) => join(directory, name));
  assert.ok(identity !== undefined && authorized !== undefined && known !== undefined);
  await writeFile(identity, key.privateKey, { mode: 0o600 });
  await chmod(identity, 0o600);
  await writeFile(authorized, key.publicKey);
  const flags = ['--state', join(directory, 'state'), '--authorized-keys', authorized, '--listen', '127.0.0.1:0'];
  const child = spawn(process.execPath, [...NODE_ARGUMENTS, ...flags, '--json']);
  t.after(() => child.kill('SIGKILL'));
  child.stderr.pipe(process.stderr);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const ready = JSON.parse(line) as Ready;
  await writeFile(known, `[${ready.address}]:${ready.port} ${ready.hostPublicKey}\n`);
  const options = ['StrictHostKeyChecking=yes', `UserKnownHostsFile=${known}`, 'BatchMode=yes', 'LogLevel=ERROR'];
  const login = ['-F', 'none', '-i', identity, '-p', `${ready.port}`, ...options.flatMap((option) => ['-o', option])];
  return {
    child,
    ready,
    ssh: (command) =>
      spawnSync('ssh', [...login, `${ready.user}@${ready.address}`, command], { encoding: 'utf8', timeout: 20_000 }),
  };
}

test('the snapshot guide of the vendor, typed with OpenSSH', async (t) => {
  if (!hasProgram(t, 'ssh', ['-V'])) return;
  const { ssh, child, ready } = await start(t, await temporaryDirectory(t));
  assert.equal(ready.backend, 'files');
  const lines = [
    '/disk/btrfs/subvolume/add fs=pool name=Documents',
    '/disk/btrfs/subvolume/add fs=pool name=Snapshots',
    '/file/add name=pool/Documents/letter.txt type=file contents="Dear Sir"',
    '/disk/btrfs/subvolume/add fs=pool parent=Documents name=Snapshots/Documents-22012025 read-only=yes',
    '/file/remove [find name="pool/Documents/letter.txt"]',
    '/disk/btrfs/subvolume/add fs=pool parent=Documents-22012025 name=Restored',
    '/disk/btrfs/subvolume/remove [find where name=Documents]',
  ];
  for (const line of lines) assert.deepEqual([line, ssh(line).stdout], [line, '']);
  assert.equal(ssh(':put [/file/get [find name="pool/Restored/letter.txt"] contents]').stdout, 'Dear Sir\r\n');
  const parent = ':put [:len [/disk/btrfs/subvolume/get [find where name="Documents-22012025"] parent]]';
  assert.equal(ssh(parent).stdout, '0\r\n');
  const wrong = ssh('/disk/btrfs/subvolume/add fs=other name=x');
  assert.equal(wrong.stdout, 'input does not match any value of fs\r\n');
  assert.equal(wrong.status, 0);

  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});

test('without authorised keys it says what to do', async (t) => {
  const flags = ['--state', join(await temporaryDirectory(t), 'state')];
  const { status, stderr } = spawnSync(process.execPath, [...NODE_ARGUMENTS, ...flags], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /^rose-csi simulate: --authorized-keys is missing: make a key with `ssh-keygen/);
});

test('Btrfs without a directory for the pool is refused with what to write', async (t) => {
  const directory = await temporaryDirectory(t);
  const authorized = join(directory, 'id.pub');
  await writeFile(authorized, generateEd25519('test').publicKey);
  const flags = ['--state', join(directory, 'state'), '--authorized-keys', authorized, '--backend', 'btrfs'];
  const { status, stderr } = spawnSync(process.execPath, [...NODE_ARGUMENTS, ...flags], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /^rose-csi simulate: pool pool: the btrfs backend needs path=/);
});

test('the help has an example to copy', () => {
  const { status, stdout } = spawnSync(process.execPath, [...NODE_ARGUMENTS, '--help'], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.match(stdout, /rose-csi simulate --state \.\/rds --authorized-keys/);
});

test('the quirks are listed without starting anything, and an unknown one or a wrong fault is refused', async (t) => {
  const listed = spawnSync(process.execPath, [...NODE_ARGUMENTS, '--list-quirks'], { encoding: 'utf8' });
  assert.equal(listed.status, 0);
  assert.match(listed.stdout, /^exit-status-1-on-failure +U1 +a command that fails/);
  const directory = await temporaryDirectory(t);
  const authorized = join(directory, 'id.pub');
  await writeFile(authorized, generateEd25519('test').publicKey);
  const flags = ['--state', join(directory, 'state'), '--authorized-keys', authorized];
  for (const [wrong, message] of [
    [['--quirk', 'one-session', 'nonsense'], /^rose-csi simulate: there is no quirk "nonsense"/],
    [['--fault', '{"kind":"cut"}'], /^rose-csi simulate: fault.bytes/],
    [['--fault', 'cut'], /write JSON/],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, [...NODE_ARGUMENTS, ...flags, ...wrong], {
      encoding: 'utf8',
    });
    assert.equal(status, 2);
    assert.match(stderr, message);
  }
});
