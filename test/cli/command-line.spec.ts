import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { minimal } from '../../src/config/config.fixture.ts';
import { hasTerminals, onTerminal, roseCsi } from '../support/terminal.ts';

async function place(t: TestContext): Promise<{ readonly directory: string; readonly config: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-line-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const config = join(directory, 'good.yaml');
  await writeFile(config, JSON.stringify(minimal));
  return { directory, config };
}

/** What a line says on standard error, which must end with 2. */
async function refusal(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, stderr } = await roseCsi(args, { env });
  assert.equal(code, 2, `${args.join(' ')}\n${stderr}`);
  assert.doesNotMatch(stderr, /E[A-Z]{4,}|undefined|expected (?:string|object|number)/, 'no words of libraries');
  return stderr;
}

test('a good file was blamed for what a flag or a variable said', async (t) => {
  const { config } = await place(t);
  const ls = ['snapshots', 'ls', '--config', config];
  for (const [args, env, words] of [
    [['--cluster-id', '<id>'], {}, /option '--cluster-id <id>' argument '<id>' is invalid. still to be replaced/],
    [['--cluster-id', ''], {}, /option '--cluster-id <id>' argument '' is invalid. required/],
    [[], { ROSE_CSI_CLUSTER_ID: '' }, /value '' from env 'ROSE_CSI_CLUSTER_ID' is invalid. required/],
    [['--driver-name', ''], {}, /option '--driver-name <name>' argument '' is invalid/],
    [[], { ROSE_CSI_DRIVER_NAME: 'A B' }, /value 'A B' from env 'ROSE_CSI_DRIVER_NAME' is invalid/],
    [['--volume', ''], {}, /option '--volume <id>' argument '' is invalid. It is empty/],
  ] as const) {
    const said = await refusal([...ls, ...args], env);
    assert.match(said, words);
    assert.doesNotMatch(said, /good\.yaml/);
  }
  const node = ['node', '--endpoint', 'unix:///x', '--node-name', 'n', '--cluster-id', 'c1'];
  assert.match(await refusal([...node, '--driver-name', '']), /option '--driver-name <name>' argument ''/);
});

test('a flag that was misspelt was called missing', async () => {
  for (const [args, words] of [
    [['doctor', '--cofnig', 'x'], /unknown option '--cofnig'\n {2}\(Did you mean --config\?\)/],
    [['doctor', '--conf', 'x'], /\(Did you mean --config\?\)/],
    [['doctor', 'good.yaml'], /\(Did you mean --config good\.yaml\?\)/],
    [['node', '--node-nam', 'x'], /\(Did you mean --node-name\?\)/],
    [['doctor'], /required option '--config <file>' not specified/],
    [['node', '--endpoint', 'x'], /required option '--node-name <name>' not specified/],
  ] as const) {
    assert.match(await refusal(args), words);
  }
});

test('an unknown command was answered by the general help, or by a guess that does something else', async () => {
  assert.match(await refusal(['help', 'nonsense']), /^rose-csi: unknown command 'nonsense'\nSee/);
  assert.match(await refusal(['help', 'orphans', 'nonsense']), /^rose-csi orphans: unknown command 'nonsense'\nSee/);
  for (const word of ['remove', 'rm']) {
    assert.match(await refusal(['orphans', word]), /\(Did you mean delete\?\)/);
  }
  assert.match(await refusal(['version']), /\(Did you mean --version\?\)/);
  assert.match(await refusal(['snapshots', 'list']), /\(Did you mean ls\?\)/);
  assert.match((await roseCsi(['help', 'orphans', 'delete'])).stdout, /^Usage: rose-csi orphans delete /);
});

test('a number out of range was called no number', async () => {
  const node = ['node', '--endpoint', 'unix:///x', '--node-name', 'n', '--cluster-id', 'c1'];
  for (const [args, words] of [
    [[...node, '--max-volumes', '9'.repeat(20)], /a whole number from 0 to 999999/],
    [[...node, '--metrics-port', '70000'], /a whole number from 0 to 65535/],
    [['simulate', '--listen', '127.0.0.1:99999'], /a port up to 65535/],
    [['simulate', '--latency-ms', '9999999'], /a whole number of milliseconds from 0 to 999999/],
    [['why', 'data', '--request-timeout', '99999999999'], /above 0 and up to 3600/],
  ] as const) {
    assert.match(await refusal(args), words);
  }
});

test('names that Kubernetes cannot have went into a manifest as they were', async (t) => {
  const { config } = await place(t);
  const adopt = ['orphans', 'adopt', '--device-only', '--config', config, 'rds1:pvc-x'];
  assert.match(await refusal([...adopt, '--namespace', 'Bad NS']), /No namespace has such a name/);
  assert.match(await refusal([...adopt, '--storage-class', 'a\nb: c']), /No class has such a name/);
  assert.match(await refusal(['why', 'data', '-n', '']), /No namespace has such a name/);
});

test('flags that have no effect, or a directory that is not there, were taken without a word', async (t) => {
  const { config, directory } = await place(t);
  assert.match(
    await refusal(['doctor', '--config', config, '--with-addresses']),
    /--with-addresses goes with --report/,
  );
  const socket = `unix://${join(directory, 'csi.sock')}`;
  const node = ['node', '--endpoint', socket, '--node-name', 'n', '--cluster-id', 'c1', '--state-dir', directory];
  const { code, stdout, stderr } = await roseCsi([...node, '--host-tools', 'chroot=/nonexistent']);
  assert.equal(code, 2);
  assert.match(stdout + stderr, /there is no directory \/nonexistent/);
});

test('a simulator that could not begin left its new directory behind, and said EADDRINUSE', async (t) => {
  const { directory } = await place(t);
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const key = join(directory, 'keys');
  await writeFile(
    key,
    `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, 1)]).toString('base64')} x\n`,
  );
  const state = join(directory, 'made', 'state');
  const said = await refusal(['simulate', '--state', state, '--authorized-keys', key, '--listen', `127.0.0.1:${port}`]);
  assert.equal(said, `rose-csi simulate: 127.0.0.1:${port} is already in use by another process\n`);
  assert.ok(!(await readdir(directory)).includes('made'));
});

test('a file that cannot be used was reported in the words of the operating system', async (t) => {
  const { config, directory } = await place(t);
  assert.match(
    await refusal(['doctor', '--config', '/nonexistent']),
    /\/nonexistent cannot be read: it does not exist\n/,
  );
  assert.match(await refusal(['doctor', '--config', directory]), /cannot be read: it is a directory/);
  const report = ['doctor', '--config', config, '--report', '/nonexistent/x.md'];
  assert.match(await refusal(report), /the report \/nonexistent\/x\.md cannot be written: it does not exist/);
  const fault = [
    'simulate',
    '--state',
    join(directory, 's'),
    '--authorized-keys',
    config,
    '--fault',
    '{"kind":"cutt"}',
  ];
  assert.match(await refusal(fault), /one of fail, kill, .*, not "cutt"; did you mean "cut"\?/);
  await assert.rejects(stat(join(directory, 's')));
});

test('with --json a failure left standard output empty', async (t) => {
  const { config } = await place(t);
  for (const [args, code] of [
    [['doctor', '--json'], 'usage'],
    [['snapshots', 'ls', '--json', '--config', '/nonexistent'], 'configuration'],
    [['orphans', 'report', '--json', '--config', config], 'configuration'],
    [['doctor', '--json', '--config', config, '--check', 'nonsense'], 'usage'],
    [['why', 'data', '--json', '--kubeconfig', '/nonexistent'], 'kubernetes'],
    [['simulate', '--json'], 'usage'],
  ] as const) {
    const ended = await roseCsi(args);
    assert.equal(ended.code, 2);
    const { error } = JSON.parse(ended.stdout) as { error: { code: string; message: string } };
    assert.equal(error.code, code, ended.stderr);
    assert.ok(ended.stderr.includes(error.message), `${error.message} in ${ended.stderr}`);
  }
});

test('a message of 500 characters stood on one line of a terminal; a script still gets it on one', async (t) => {
  const args = ['doctor', '--check', 'nonsense', '--config', (await place(t)).config];
  const { stderr } = await roseCsi(args);
  assert.ok(Math.max(...stderr.split('\n').map((line) => line.length)) > 200);
  if (!hasTerminals(t)) return;
  const { text } = await onTerminal(`$ROSE_CSI ${args.join(' ')}`, 80);
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
});

test('what is like a test or a quirk was not asked about', async (t) => {
  const { config } = await place(t);
  assert.match(await refusal(['doctor', '--config', config, '--check', 'latnecy']), /did you mean latency\?/);
});
