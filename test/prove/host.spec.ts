/** `npm run prove -- --host` against a simulated RDS in a process of its own, as a user runs it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SOURCES } from '../support/installation.ts';
import { startRds } from '../support/programs.ts';
import { SimulatorApi } from '../support/simulator-api.ts';
import { until } from '../support/until.ts';
import type { ProveReport } from './report.ts';
import { runNode } from './suites/process.ts';

async function rdsAndFlags(t: TestContext, rdsFlags: readonly string[] = []) {
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-host-'));
  t.after(() => rm(directory, { recursive: true }));
  const rds = await startRds(SOURCES, directory, ['--user', 'keeper', ...rdsFlags]);
  t.after(() => rds.stop());
  const api = new SimulatorApi(rds.apiSocket);
  t.after(() => api.close());
  const hostKeys = join(directory, 'hostkeys');
  await writeFile(hostKeys, `${rds.hostKeyFingerprint}\n`);
  const out = join(directory, 'report');
  const flags = ['--host', 'localhost', '--port', String(rds.port), '--user', 'keeper', '--key', rds.keyFile];
  const args = [join(import.meta.dirname, 'main.ts'), ...flags, '--host-keys', hostKeys, '--out', out];
  const prove = (...more: string[]) => runNode([...args, ...more]);
  const subvolumes = async () => (await api.pools()).flatMap((pool) => pool.subvolumes);
  return { rds, args, out, prove, subvolumes };
}

test('a device that exists is left as it was, and the report does not say where it is', {
  timeout: 120_000,
}, async (t) => {
  const { rds, out, prove, subvolumes } = await rdsAndFlags(t);
  const { code, output } = await prove(
    '--pool',
    'pool',
    '--yes',
    '--only',
    'benchmark',
    '--only',
    'stories',
    '--only',
    'raw answers',
  );
  assert.equal(code, 0, output);
  assert.deepEqual(await subvolumes(), []);
  const text = await readFile(join(out, 'report.json'), 'utf8');
  const report = JSON.parse(text) as ProveReport;
  assert.deepEqual(report.left, []);
  assert.deepEqual(
    report.suites.map(({ name, state }) => [name, state]),
    [
      ['raw answers', 'passed'],
      ['stories', 'passed'],
      ['benchmark', 'passed'],
    ],
  );
  assert.match(await readFile(join(out, 'report.md'), 'utf8'), /^\| CreateSnapshot \| 3 \| /m);
  const raw = await readFile(join(out, 'transcripts/raw-answers.txt'), 'utf8');
  assert.match(
    raw,
    /^\/disk print detail where slot="rose-prove-\w+-raw"\n {2}"Flags: .*\\r\\n.*"\n {2}exit status 0$/m,
  );
  assert.match(raw, /^:error "rose-csi"\n {2}"rose-csi.*\\r\\n"\n/m);
  const transcript = await readFile(join(out, 'transcripts/benchmark.txt'), 'utf8');
  assert.match(transcript, /RDS is fit/);
  for (const secret of [rds.keyFile, 'keeper', 'localhost', '127.0.0.1']) {
    assert.ok(!text.includes(secret) && !transcript.includes(secret), secret);
  }
});

test('a terminal that is closed left everything on the device', { timeout: 120_000 }, async (t) => {
  const { args, out, subvolumes } = await rdsAndFlags(t);
  const flags = ['--pool', 'pool', '--yes', '--only', 'stories', '--only', 'benchmark'];
  const child = spawn(process.execPath, [...args, ...flags], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const ended = once(child, 'exit');
  await until(async () => (await subvolumes()).length > 1, 60_000);
  child.stderr.destroy();
  process.kill(-(child.pid ?? 0), 'SIGHUP');
  assert.deepEqual(await ended, [1, null]);
  assert.deepEqual(await subvolumes(), []);
  assert.deepEqual((JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as ProveReport).left, []);
});

test('without a yes nothing is done, and what is wrong ends it before anything is made', async (t) => {
  const { prove, subvolumes } = await rdsAndFlags(t);
  for (const [args, message] of [
    [['--pool', 'pool'], /no one can be asked here whether it is meant: give --yes/],
    [['--pool', 'none', '--yes'], /no Btrfs pool none is mounted on the device; it has: pool/],
    [
      ['--pool', 'pool', '--yes', '--only', 'nonsense'],
      /--only nonsense: the suites are doctor, raw answers, initiator/,
    ],
  ] as const) {
    const { code, output } = await prove(...args);
    assert.equal(code, 2, output);
    assert.match(output, message);
  }
  assert.deepEqual(await subvolumes(), []);
});

test('Ctrl-C in the middle lets nothing more begin, and leaves nothing', { timeout: 120_000 }, async (t) => {
  const { args, out, subvolumes } = await rdsAndFlags(t);
  const chosen = ['--pool', 'pool', '--yes', '--only', 'stories', '--only', 'benchmark'];
  // A group of its own, all of which gets the signal, as from a terminal.
  const child = spawn(process.execPath, [...args, ...chosen], { stdio: 'ignore', detached: true });
  const ended = once(child, 'exit');
  await until(async () => (await subvolumes()).length > 1, 60_000);
  process.kill(-(child.pid ?? 0), 'SIGINT');
  assert.deepEqual(await ended, [1, null]);
  assert.deepEqual(await subvolumes(), []);
  const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as ProveReport;
  assert.deepEqual(report.left, []);
  assert.equal(report.suites.find(({ name }) => name === 'benchmark')?.said, 'interrupted');
});

for (const quirk of ['name-is-path', 'slot-upper-case']) {
  test(`a device that shows names otherwise than they were sent kept all that was made: ${quirk}`, {
    timeout: 120_000,
  }, async (t) => {
    const { out, prove, subvolumes } = await rdsAndFlags(t, ['--quirk', quirk]);
    const { code, output } = await prove('--pool', 'pool', '--yes', '--only', 'raw answers', '--only', 'stories');
    assert.equal(code, 1, output);
    assert.match(output, /remove what is left/);
    assert.deepEqual(await subvolumes(), []);
    assert.deepEqual((JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as ProveReport).left, []);
  });
}

test('a key that is no good was named by a copy of it that is gone', async (t) => {
  const { rds, prove, subvolumes } = await rdsAndFlags(t);
  const { code, output } = await prove('--pool', 'pool', '--yes', '--key', `${rds.keyFile}.pub`);
  assert.equal(code, 2, output);
  assert.ok(output.includes(`the key file ${rds.keyFile}.pub is a public key`), output);
  assert.deepEqual(await subvolumes(), []);
});

test('a device that was lost on the way took the report with it, and what to look for', {
  timeout: 120_000,
}, async (t) => {
  const { rds, args, out, subvolumes } = await rdsAndFlags(t);
  const running = runNode([...args, '--pool', 'pool', '--yes', '--only', 'stories']);
  await until(async () => (await subvolumes()).length > 1, 60_000);
  await rds.stop();
  const { code, output } = await running;
  assert.equal(code, 1, output);
  assert.match(output, /what is made on the device has -[0-9a-f]{8}-, rose-prove-\w+-, rose-doctor- in its name/);
  assert.match(output, /left on the device: not known, as the device cannot be listed/);
  const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as ProveReport;
  assert.match(report.left.join(), /not known/);
  assert.equal(report.suites.find(({ name }) => name === 'stories')?.state, 'failed');
});
