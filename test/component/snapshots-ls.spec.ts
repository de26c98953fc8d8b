import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { MiB, makeSnapshot, makeVolume, publish } from '../support/calls.ts';
import { showRows } from '../support/console.ts';
import { twoPools } from '../support/pools.ts';
import { fromSnapshot, fromVolume } from '../support/requests.ts';
import { CLUSTER_ID, type Stack, startStack } from '../support/stack.ts';

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

test('it shows from the box alone what came from what, with size and age', async (t) => {
  const { source, first, second, restored, clone, ...stack } = await family(t);
  await publish(stack.controller, restored);
  const lines = linesOf(await ls(stack));
  // The two cuts may bear the same second, and then either comes first.
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
  const [cut] = volume.children;
  const [copy] = cut.children;
  assert.equal(objects.length, 1);
  assert.deepEqual([volume.kind, volume.id, volume.sizeBytes, volume.adopted], ['volume', source, Number(MiB), true]);
  assert.deepEqual([cut.kind, cut.id, cut.sizeBytes, cut.adopted], ['snapshot', snapshotId, Number(MiB), true]);
  assert.deepEqual([copy.id, copy.adopted, copy.state, copy.children], [restored, false, 'whole', []]);
  assert.ok(Math.abs(Date.parse(cut.createdAt) - Date.now()) < 3_600_000);
  assert.match(await ls(stack), new RegExp(`adopted from ${volume.owner}`));
});

test('an empty box is said to be empty, and an unknown volume to be unknown', async (t) => {
  const stack = await startStack(t);
  assert.equal(await ls(stack), 'There are no volumes and no snapshots of this cluster.\n');
  assert.deepEqual(JSON.parse(await ls(stack, '--json')), { objects: [] });
  await assert.rejects(ls(stack, '--volume', 'rds1:pvc-x'), { code: 1, stderr: /rose-csi: neither rds1:pvc-x nor/ });
});

test('a pool that cannot be read fails it: half a tree would look like the whole', async (t) => {
  const stack = await startStack(t, twoPools);
  await makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } });
  showRows(stack.simulator, '/disk', (rows) => rows.filter((row) => row.props.get('fs-label') !== 'cold'));
  await assert.rejects(ls(stack), { code: 1, stdout: '', stderr: /rose-csi: survey of rds1: .*cold/ });
});
