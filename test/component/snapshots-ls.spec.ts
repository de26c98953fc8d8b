import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { MiB, makeSnapshot, makeVolume, publish } from '../support/calls.ts';
import { change, showRows } from '../support/console.ts';
import { twoPools } from '../support/pools.ts';
import { inPool, nest, receive } from '../support/received.ts';
import { fromSnapshot, fromVolume } from '../support/requests.ts';
import { CLUSTER_ID, POOL_UUID, type Stack, startStack } from '../support/stack.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** What `rose-csi snapshots ls` prints; it rejects with the code and the texts when it fails. */
async function ls({ configFile }: Pick<Stack, 'configFile'>, ...flags: readonly string[]): Promise<string> {
  const env = { ...process.env };
  delete env['NODE_TEST_CONTEXT'];
  const args = [MAIN, 'snapshots', 'ls', '--config', configFile, ...flags];
  return (await promisify(execFile)(process.execPath, args, { env })).stdout;
}

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}

/** How deep a line stands in the tree, and the id in it. */
function placeOf(line = ''): string {
  const at = line.indexOf('rds1:');
  return `${at / 3} ${line.slice(at).split(' ')[0]}`;
}

/** A volume with two snapshots, a restore of the first, and a clone of that. */
async function family(t: TestContext) {
  const stack = await startStack(t);
  const { controller } = stack;
  const source = await makeVolume(controller, MiB);
  const first = await makeSnapshot(controller, source);
  const second = await makeSnapshot(controller, source);
  const restored = await makeVolume(controller, 2n * MiB, fromSnapshot(first));
  const clone = await makeVolume(controller, 2n * MiB, fromVolume(restored));
  return { ...stack, source, first, second, restored, clone };
}

test('it shows from the RDS alone what came from what, with size and age', async (t) => {
  const { source, first, second, restored, clone, ...stack } = await family(t);
  await publish(stack.controller, restored);
  const lines = linesOf(await ls(stack));
  // The two snapshots may bear the same second, and then either comes first.
  assert.deepEqual(
    lines.map(placeOf).toSorted(),
    [`0 ${source}`, `1 ${first}`, `1 ${second}`, `2 ${restored}`, `3 ${clone}`].toSorted(),
  );
  assert.equal(placeOf(lines[0]), `0 ${source}`);
  for (const [above, below] of [
    [first, restored],
    [restored, clone],
  ] as const) {
    assert.equal(
      lines.findIndex((line) => line.includes(below)),
      lines.findIndex((line) => line.includes(above)) + 1,
    );
  }
  assert.match(lines.find((line) => line.includes(restored)) ?? '', / 2 MiB +in use$/);
  assert.match(lines.find((line) => line.includes(second)) ?? '', / 1 MiB +[0-9]+s$/);
});

test('a source that was deleted is shown as gone, and what came from it is still there', async (t) => {
  const { source, first, second, restored, clone, ...stack } = await family(t);
  await stack.controller.deleteVolume({ volumeId: source });
  await stack.controller.deleteSnapshot({ snapshotId: first });
  const lines = linesOf(await ls(stack));
  const [left, restores] = [
    [`0 ${source}`, `1 ${second}`],
    [`0 ${first}`, `1 ${restored}`, `2 ${clone}`],
  ];
  assert.deepEqual(lines.map(placeOf), [...left, ...restores]);
  assert.deepEqual(lines.filter((line) => line.endsWith(' gone')).map(placeOf), [`0 ${source}`, `0 ${first}`]);
  assert.deepEqual(linesOf(await ls(stack, '--volume', restored)).map(placeOf), restores);
  assert.deepEqual(linesOf(await ls(stack, '--volume', source)).map(placeOf), left);
});

test('for programs it prints the same as JSON, with the owner of what was adopted', async (t) => {
  const stack = await startStack(t, { config: { clusterId: 'new-cluster', adoptedClusterIds: [CLUSTER_ID] } });
  const before = await stack.anotherController({ clusterId: CLUSTER_ID, adoptedClusterIds: [] });
  const source = await makeVolume(before, MiB);
  const snapshotId = await makeSnapshot(before, source);
  const restored = await makeVolume(stack.controller, MiB, fromSnapshot(snapshotId));
  const { objects } = JSON.parse(await ls(stack, '--json'));
  const [volume] = objects;
  const [taken] = volume.children;
  const [copy] = taken.children;
  assert.equal(objects.length, 1);
  assert.deepEqual([volume.kind, volume.id, volume.sizeBytes, volume.adopted], ['volume', source, Number(MiB), true]);
  assert.deepEqual([taken.kind, taken.id, taken.sizeBytes, taken.adopted], ['snapshot', snapshotId, Number(MiB), true]);
  assert.deepEqual([copy.id, copy.adopted, copy.state, copy.children], [restored, false, 'whole', []]);
  assert.ok(Math.abs(Date.parse(taken.createdAt) - Date.now()) < 3_600_000);
  assert.match(await ls(stack), new RegExp(` adopted from\n│ +${volume.owner}\n`));
});

test('an empty RDS is said to be empty, and an unknown volume to be unknown', async (t) => {
  const stack = await startStack(t);
  assert.equal(await ls(stack), 'There are no volumes and no snapshots of this cluster.\n');
  assert.deepEqual(JSON.parse(await ls(stack, '--json')), { objects: [], copies: [] });
  await assert.rejects(ls(stack, '--volume', 'rds1:pvc-x'), {
    code: 2,
    stderr: /^rose-csi snapshots ls: neither rds1:pvc-x nor/,
  });
});

test('the name of a PersistentVolume was no volume: the name of the backend was missing before it', async (t) => {
  const stack = await startStack(t);
  const volume = await makeVolume(stack.controller, MiB);
  const whole = await ls(stack, '--volume', volume);
  assert.equal(await ls(stack, '--volume', volume.replace('rds1:', '')), whole);
  assert.ok(whole.includes(volume));
});

test('a pool that cannot be read fails it: half a tree would look like the whole', async (t) => {
  const stack = await startStack(t, twoPools);
  await makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } });
  showRows(stack.simulator, '/disk', (rows) => rows.filter((row) => row.props.get('fs-label') !== 'cold'));
  await assert.rejects(ls(stack), { code: 2, stdout: '', stderr: /^rose-csi snapshots ls: backend rds1: .*cold/ });
});

test('a pool with another uuid than the configured one was "not there"; now both are named', async (t) => {
  const stack = await startStack(t);
  const other = '11111111-2222-3333-4444-555555555555';
  const text = await readFile(stack.configFile, 'utf8');
  await writeFile(stack.configFile, text.replaceAll(POOL_UUID, other));
  await assert.rejects(ls(stack), {
    code: 2,
    stdout: '',
    stderr: new RegExp(
      `^rose-csi snapshots ls: backend rds1: pool pool: its uuid is ${POOL_UUID}, configured is ${other}\\. (?!.*Retrying).*\\[RC-POOL\\]\n$`,
    ),
  });
});

/** Two volumes with a snapshot each, of which the second pool has copies: whole, half and, in the same pool, nested. */
async function familyWithCopies(t: TestContext) {
  const stack = await startStack(t, twoPools);
  const { controller, simulator } = stack;
  const make = () => makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
  const [source, other] = [await make(), await make()];
  const [whole, half] = [await makeSnapshot(controller, source), await makeSnapshot(controller, other)];
  await receive(stack, whole);
  await receive(stack, half, false);
  await change(simulator, '/disk/btrfs/subvolume add fs=pool name=keep');
  await nest(stack, other, 'keep', 'read-only=yes');
  return { ...stack, source, other, whole, half };
}

test('copies of snapshots were shown as if they were snapshots; they stand apart, as what they are', async (t) => {
  const { source, other, whole, half, ...stack } = await familyWithCopies(t);
  const [tree = '', section = '', ...hints] = (await ls(stack)).split('\n\n');
  assert.deepEqual(
    linesOf(tree).map(placeOf).toSorted(),
    [`0 ${other}`, `0 ${source}`, `1 ${half}`, `1 ${whole}`].toSorted(),
  );
  const [heading, ...rows] = linesOf(section);
  assert.equal(heading, 'Named like volumes and snapshots, and none of them:');
  const patterns = [
    new RegExp(`^  half-received +${half} +rds1/cold +[0-9]+s$`),
    new RegExp(`^  nested +${other} +rds1/pool$`),
    new RegExp(`^  received copy +${whole} +rds1/cold +[0-9]+s$`),
  ];
  for (const [index, row] of rows.toSorted().entries()) assert.match(row, patterns[index] ?? assert.fail(row));
  assert.equal(rows.length, 3);
  assert.match(hints.join(), /docs\/guides\/backup\.md/);
});

test('the command that is printed removes the half-received one, and nothing beside it', async (t) => {
  const { half, ...stack } = await familyWithCopies(t);
  const before = ['pool', 'cold'].map((pool) => inPool(stack.simulator, pool).length);
  const commands = linesOf(await ls(stack)).filter((line) => line.includes('/remove '));
  assert.equal(commands.length, 1);
  await change(stack.simulator, commands[0] ?? '');
  assert.deepEqual(
    ['pool', 'cold'].map((pool) => inPool(stack.simulator, pool).length),
    [before[0], (before[1] ?? 0) - 1],
  );
  assert.doesNotMatch(await ls(stack), /half-received/);
  assert.equal((await stack.controller.getSnapshot({ snapshotId: half })).snapshot?.snapshotId, half);
});

test('for programs copies stand in a list of their own, and of one volume only its own are shown', async (t) => {
  const { source, other, whole, half, controller, ...stack } = await familyWithCopies(t);
  interface Copy {
    readonly kind: string;
    readonly of: string;
    readonly source?: string;
    readonly createdAt?: string;
  }
  const copiesOf = async (...flags: string[]) =>
    (JSON.parse(await ls(stack, '--json', ...flags)) as { copies: readonly Copy[] }).copies;
  const named = (copies: readonly Copy[]) => copies.map(({ kind, of }) => [kind, of]).toSorted();
  const [ofSource, ofOther] = [
    [['copy', whole]],
    [
      ['half-received', half],
      ['nested', other],
    ],
  ];
  assert.deepEqual(named(await copiesOf()), [...ofSource, ...ofOther]);
  for (const id of [source, whole]) assert.deepEqual(named(await copiesOf('--volume', id)), ofSource);
  assert.deepEqual(named(await copiesOf('--volume', other)), ofOther);
  const [copy] = await copiesOf('--volume', whole);
  assert.equal(copy?.source, source);
  assert.ok(Math.abs(Date.parse(copy?.createdAt ?? '') - Date.now()) < 3_600_000);

  await controller.deleteSnapshot({ snapshotId: whole });
  await controller.deleteVolume({ volumeId: source });
  for (const id of [source, whole]) {
    assert.deepEqual(named(await copiesOf('--volume', id)), ofSource, 'a backup is found when all else is gone');
    assert.match(
      await ls(stack, '--volume', id),
      new RegExp(`^Neither ${id} nor .*\n\n.*\n  received copy +${whole} `),
    );
  }
});
