import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { MiB, makeSnapshot, makeVolume, outcome } from '../support/calls.ts';
import { type ReplicaPairOptions, type ReplicaStack, startReplicaPair } from '../support/replica-pair.ts';
import { fromSnapshot } from '../support/requests.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `rose-csi replicas`. */
async function replicas(stack: ReplicaStack, name: string, ...more: readonly string[]): Promise<Ended> {
  return await rose(stack, 'replicas', name, ...more);
}

async function rose(
  { configFile }: ReplicaStack,
  command: string,
  name: string,
  ...more: readonly string[]
): Promise<Ended> {
  const env: NodeJS.ProcessEnv = { ...process.env, COLUMNS: '120' };
  delete env['NODE_TEST_CONTEXT'];
  const args = [MAIN, command, name, '--config', configFile, ...more];
  return await promisify(execFile)(process.execPath, args, { env }).then(
    (streams) => ({ code: 0, ...streams }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  );
}

/** Two snapshots of a volume, of which the first one has a copy. */
async function oneOfTwo(t: TestContext, options: ReplicaPairOptions = {}) {
  const stack = await startReplicaPair(t, options);
  const { controller } = stack;
  const volumeId = await makeVolume(controller, MiB, { parameters: { backend: 'rds1', pool: 'pool' } });
  const first = await makeSnapshot(controller, volumeId);
  const replicator = await stack.replicator({});
  while ((await replicator.pass({ signal: AbortSignal.timeout(20_000) })).missing.length > 0);
  return { stack, volumeId, first, second: await makeSnapshot(controller, volumeId) };
}

test('ls and status tell which snapshots have a copy, as text and as JSON', async (t) => {
  const { stack, volumeId, first, second } = await oneOfTwo(t);
  const ls = await replicas(stack, 'ls');
  assert.equal(ls.code, 0, ls.stderr);
  const lines = ls.stdout.split('\n');
  assert.deepEqual([lines[0], lines[1]], ['rds1/pool to rds2/copies', `  ${volumeId}`]);
  const line = (id: string) => lines.find((one) => one.includes(id)) ?? '';
  assert.match(line(first), /^ {4}rds1:snap-\S+ +\d+s {2}copied +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.match(line(second), /^ {4}rds1:snap-\S+ +\d+s {2}missing$/);

  const status = await replicas(stack, 'status');
  assert.equal(status.code, 1);
  assert.match(
    status.stdout,
    /copies +1\n {2}newest +\d+s old\n {2}without a copy +1, the oldest \d+s old\n {2}being sent +nothing/,
  );

  const { pairs } = JSON.parse((await replicas(stack, 'ls', '--json', '--volume', volumeId)).stdout);
  assert.deepEqual(
    pairs[0].snapshots.map(({ id, copyId, state, hasCopy }: Record<string, unknown>) => [id, copyId, state, hasCopy]),
    [
      [first, first.replace('rds1', 'rds2'), 'copied', true],
      [second, second.replace('rds1', 'rds2'), 'missing', false],
    ].toSorted((a, b) => (a[0] === first ? -1 : Number(b[0] === first))),
  );
});

test('when the first RDS is gone its copies are shown, adopted and restored from', async (t) => {
  const { stack, first } = await oneOfTwo(t);
  const copyId = first.replace('rds1', 'rds2');
  await stack.simulator.close();
  const ls = await replicas(stack, 'ls');
  assert.equal(ls.code, 2);
  assert.match(ls.stdout, /! rds1: .*\[RDS-UNREACHABLE\]/s);
  assert.match(ls.stdout, new RegExp(`${copyId} +\\d+s  unknown original`));

  const adopted = await replicas(stack, 'adopt', copyId, '--namespace', 'shop');
  assert.equal(adopted.code, 0, adopted.stderr);
  const [content, snapshot] = parseAllDocuments(adopted.stdout).map((document) => document.toJS());
  assert.deepEqual(
    [content.kind, content.spec.source, content.spec.deletionPolicy, snapshot.kind, snapshot.metadata.namespace],
    ['VolumeSnapshotContent', { snapshotHandle: copyId }, 'Retain', 'VolumeSnapshot', 'shop'],
  );
  const where = { parameters: { backend: 'rds2', pool: 'copies' } };
  const restore = makeVolume(stack.controller, MiB, { ...fromSnapshot(copyId), ...where });
  assert.equal(await outcome(restore), 'OK');

  const none = await replicas(stack, 'adopt', `rds2:snap-${crypto.randomUUID()}`);
  assert.deepEqual([none.code, none.stdout], [2, '']);
  assert.match(none.stderr, /is no whole copy on a replica of the configuration/);
});

test('a configuration without a replica is told so', async (t) => {
  const stack = await startReplicaPair(t, { replica: false });
  const { code, stderr } = await replicas(stack, 'status');
  assert.deepEqual([code, /no pool of the configuration has a replica/.test(stderr)], [2, true]);
});

test('copies that lie in a subvolume are shown and adopted as copies by every command', async (t) => {
  const { stack, first } = await oneOfTwo(t, { subvolume: 'rose' });
  const copyId = first.replace('rds1', 'rds2');
  const { pairs } = JSON.parse((await replicas(stack, 'ls', '--json')).stdout);
  const states = pairs[0].snapshots.map(({ id, state }: Record<string, unknown>) => [id, state]);
  assert.ok(states.some(([id, state]: string[]) => id === first && state === 'copied'));
  const adopted = await replicas(stack, 'adopt', copyId);
  assert.equal(adopted.code, 0, adopted.stderr);
  for (const [command, name, ...more] of [
    ['snapshots', 'ls'],
    ['orphans', 'report', '--device-only'],
  ] as const) {
    const { stdout, stderr } = await rose(stack, command, name, '--json', ...more);
    const [copy, ...others] = JSON.parse(stdout).copies;
    assert.deepEqual([copy.kind, copy.of, copy.backend, others], ['copy', first, 'rds2', []], stderr);
  }
});
