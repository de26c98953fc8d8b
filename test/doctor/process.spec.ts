import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import { change, inventory, subvolumes } from '../support/console.ts';
import { until } from '../support/until.ts';
import { type ExaminedRds, findingOf, startExaminedRds } from './rds.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

interface Program {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Its exit code. */
  ended(): Promise<number | null>;
}

/** `rose-csi doctor` in a process of its own. */
function doctor(t: TestContext, ...args: readonly string[]): Program {
  const env = { ...process.env };
  delete env['NODE_TEST_CONTEXT'];
  delete env['FORCE_COLOR'];
  const child = spawn(process.execPath, [MAIN, 'doctor', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => {
      text[name] += part;
    });
  }
  const closed = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const ended = async () => {
    await closed;
    return child.exitCode;
  };
  return { child, stdout: () => text.stdout, stderr: () => text.stderr, ended };
}

/** Runs it with a configuration to its end. */
async function examine(
  t: TestContext,
  { configFile }: ExaminedRds,
  ...args: readonly string[]
): Promise<Program & { readonly code: number | null }> {
  const program = doctor(t, '--config', configFile, ...args);
  return { ...program, code: await program.ended() };
}

test('by default it changes nothing, and prints a table that fits 80 columns without colours, and no progress into a pipe', async (t) => {
  const rds = await startExaminedRds(t);
  await change(rds.simulator, '/disk/btrfs/subvolume/add fs=pool name=of-someone');
  const { code, stdout, stderr } = await examine(t, rds);
  assert.equal(code, 0, stdout());
  assert.equal(stderr(), '');
  assert.deepEqual(subvolumes(rds.simulator), ['of-someone']);
  const lines = stdout().split('\n');
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  );
  assert.ok(!stdout().includes('\x1b'));
  assert.match(stdout(), /^✓ {2}RouterOS version +RDS2216 \(simulated\), /m);
  assert.match(
    stdout(),
    /^pools:\n {2}- label: pool\n {4}uuid: 5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f\n {4}mountPoint: pool$/m,
  );
  assert.match(stdout(), /claims a host NQN can read\s+and write/);
  for (const unknown of ['U13', 'U14', 'U17', 'U23']) assert.match(stdout(), new RegExp(`^- ${unknown} `, 'm'));
  assert.match(stdout(), /--write tests more/);
});

test('with --write it proves snapshots and leaves nothing', async (t) => {
  const rds = await startExaminedRds(t);
  const { code, stdout } = await examine(t, rds, '--write', '--check', 'proof-text', '--check', 'proof-image');
  assert.equal(code, 0, stdout());
  assert.match(stdout(), /^✓ {2}snapshot and clone keep /m);
  assert.match(stdout(), /^✓ {2}removing the scratch +all 6 are gone/m);
  assert.deepEqual(await inventory(rds.simulator), []);
});

test('--json prints one object with stable keys, and --report a page without keys, users and addresses', async (t) => {
  const rds = await startExaminedRds(t);
  const file = join(rds.directory, 'doctor.md');
  const { code, stdout } = await examine(t, rds, '--json', '--report', file, '--check', 'latency');
  assert.equal(code, 0);
  const report = JSON.parse(stdout()) as DoctorReport;
  assert.deepEqual(Object.keys(report), [
    'format',
    'startedAt',
    'write',
    'interrupted',
    'exitCode',
    'backends',
    'notTestable',
  ]);
  const ids = report.backends[0]?.findings.map(({ id }) => id);
  assert.deepEqual(ids, ['key-file', 'tcp', 'host-key', 'login', 'latency']);
  assert.equal(findingOf(report, 'latency')?.details?.['n'], 30);
  const page = await readFile(file, 'utf8');
  assert.match(page, /^\| ✓ \| time of one command \| p50 /m);
  for (const secret of ['keeper', '127.0.0.1', 'id_ed25519', 'SHA256']) assert.ok(!page.includes(secret), secret);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} in the middle ends it with status 2 and leaves nothing`, async (t) => {
    const rds = await startExaminedRds(t, { latencyMs: 5 });
    const program = doctor(t, '--config', rds.configFile, '--write');
    await until(async () => subvolumes(rds.simulator).length > 2);
    program.child.kill(signal);
    assert.equal(await program.ended(), 2, program.stderr());
    assert.match(program.stderr(), /removing what was made/);
    assert.match(program.stdout(), /Interrupted: not everything was tested\./);
    assert.deepEqual(await inventory(rds.simulator), []);
  });
}

test('a connection that is lost in the middle is recreated, and nothing is left', async (t) => {
  const rds = await startExaminedRds(t);
  rds.simulator.faults.arm({ kind: 'drop', at: { path: '/disk', command: 'add' }, when: 'after', scriptRunsOn: true });
  const { stdout } = await examine(t, rds, '--write', '--check', 'proof-image', '--check', 'names');
  assert.match(stdout(), /^\? {2}snapshot and clone of an/m);
  assert.match(stdout(), /^✓ {2}U8 name/m);
  assert.deepEqual(await inventory(rds.simulator), []);
});

test('what cannot be removed is named, with the command to do it by hand, and the status is 1', async (t) => {
  const rds = await startExaminedRds(t);
  const fault = {
    kind: 'fail',
    at: { path: '/disk/btrfs/subvolume', command: 'remove' },
    error: 'failure: busy',
  } as const;
  rds.simulator.faults.arm(fault, Number.POSITIVE_INFINITY);
  const { code, stdout } = await examine(t, rds, '--write', '--check', 'creation-time');
  assert.equal(code, 1, stdout());
  const commands = stdout().match(/^ {2}\/disk\/btrfs\/subvolume remove .*$/gm) ?? [];
  assert.equal(commands.length, 2);
  rds.simulator.faults.clear();
  for (const command of commands) await change(rds.simulator, command.trim());
  assert.deepEqual(await inventory(rds.simulator), []);
});

test('remains of an earlier doctor are found, and removed when asked, unless they are young', async (t) => {
  const rds = await startExaminedRds(t);
  const old = 'rose-doctor-65000000abcd-0';
  const young = `rose-doctor-${Math.floor(Date.now() / 1000).toString(16)}abcd-0`;
  for (const name of [old, young, 'rose-doctored', 'pvc-1']) {
    await change(rds.simulator, `/disk/btrfs/subvolume/add fs=pool name=${name}`);
  }
  await change(
    rds.simulator,
    `:local x [/disk/add type=file slot=${old} file-path="pool/${old}/volume.img" file-size=1048576 mount-filesystem=no nvme-tcp-export=yes]`,
  );
  const told = await examine(t, rds, '--check', 'leftovers');
  assert.equal(told.code, 0);
  assert.match(told.stdout(), /^! {2}remains of an earlier/m);
  assert.ok(told.stdout().includes(`  /disk remove [find where slot="${old}"]`), told.stdout());
  const removed = await examine(t, rds, '--write', '--remove-leftovers', '--check', 'creation-time');
  assert.match(removed.stdout(), /2 removed/);
  assert.deepEqual(subvolumes(rds.simulator), [young, 'rose-doctored', 'pvc-1']);
});

test('a wrong host key ends it with status 2, and it says what was shown and how to verify it', async (t) => {
  const rds = await startExaminedRds(t);
  const text = await readFile(rds.configFile, 'utf8');
  await writeFile(rds.configFile, text.replace(rds.simulator.hostKeyFingerprint, `SHA256:${'A'.repeat(43)}`));
  const { code, stdout } = await examine(t, rds, '--write');
  assert.equal(code, 2);
  assert.match(stdout(), /^✗ {2}host key is pinned/m);
  assert.ok(stdout().includes(`The key that answered: ${rds.simulator.hostKeyFingerprint}`));
  assert.match(stdout(), /ssh-keyscan/);
  assert.match(stdout(), /Could not be examined to the end: rds1\./);
});

test('a key file that is missing kept the whole table away; now it is a line of it, and the rest is looked at', async (t) => {
  const rds = await startExaminedRds(t);
  await rm(join(rds.directory, 'id_ed25519'));
  const { code, stdout, stderr } = await examine(t, rds, '--write');
  assert.equal(code, 2);
  assert.equal(stderr(), '');
  assert.match(stdout(), /^✗ {2}private key can be used +the key file /m);
  assert.match(stdout(), /^✓ {2}host key is pinned/m);
  assert.doesNotMatch(stdout(), /SSH log in|Not testable/);
  assert.match(stdout(), /\nCould not be examined to the end: rds1\.\n$/);
});

test('a key file that everyone may read, and lines of host keys that are not used, are lines of the table', async (t) => {
  const rds = await startExaminedRds(t);
  const file = join(rds.directory, 'hostkeys');
  await writeFile(file, `nonsense\n${rds.simulator.hostKeyFingerprint}\n`);
  await chmod(join(rds.directory, 'id_ed25519'), 0o644);
  const document = JSON.parse(await readFile(rds.configFile, 'utf8'));
  document.backends[0].ssh = { ...document.backends[0].ssh, hostKeys: undefined, hostKeysFile: file };
  await writeFile(rds.configFile, JSON.stringify(document));
  const { code, stdout } = await examine(t, rds, '--check', 'latency');
  assert.equal(code, 0, stdout());
  assert.match(stdout(), /^! {2}private key can be used +every user of this/m);
  assert.match(stdout(), /^! {2}host key is pinned /m);
  assert.match(stdout(), /^Lines of host keys that are not used:\n {2}\S+hostkeys line 1 is neither/m);
});

test('a refused log in, an RDS that is away and mistakes of the user end with status 2', async (t) => {
  const rds = await startExaminedRds(t);
  const text = await readFile(rds.configFile, 'utf8');
  await writeFile(rds.configFile, text.replace('"keeper"', '"stranger"'));
  const stranger = await examine(t, rds);
  assert.equal(stranger.code, 2);
  assert.match(stranger.stdout(), /^✗ {2}SSH log in/m);
  for (const [args, words] of [
    [['--write', '--pool', 'other'], /no pool "other" is configured, only pool/],
    [['--check', 'nonsense'], /there is no test "nonsense", only key-file, tcp, /],
    [['--check', 'growth'], /the test "growth" needs --write/],
    [['--pool', 'pool'], /go with --write/],
    [['--frobnicate'], /unknown option/],
  ] as const) {
    const program = await examine(t, rds, ...args);
    assert.equal(program.code, 2);
    assert.match(program.stderr(), words);
  }
  await rds.simulator.close();
  const away = await examine(t, rds);
  assert.equal(away.code, 2);
  assert.match(away.stdout(), /^✗ {2}SSH port answers/m);
});
