/** What the console shows of copies on a second RDS, on two simulated ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../../src/web-console/scene.ts';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { startReplicaPair } from '../support/replica-pair.ts';
import { fromSnapshot } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { sceneOf, start } from './shipped.ts';

const copyIdOf = (id: string) => id.replace('rds1:', 'rds2:');

test('copies are shown with their originals, and without them, and cost one more exec for each pair', async (t) => {
  const stack = await startReplicaPair(t);
  const { controller } = stack;
  const volume = await makeVolume(controller, MiB, { parameters: { backend: 'rds1', pool: 'pool' } });
  const [deleted, kept] = [await makeSnapshot(controller, volume), await makeSnapshot(controller, volume)];
  const replicator = await stack.replicator({});
  const pass = () => replicator.pass({ signal: AbortSignal.timeout(20_000) });
  await until(async () => {
    const { missing, sending } = await pass();
    return missing.length === 0 && sending === undefined;
  });
  await controller.deleteSnapshot({ snapshotId: deleted });
  const restored = await makeVolume(controller, MiB, {
    ...fromSnapshot(copyIdOf(kept)),
    parameters: { backend: 'rds2', pool: 'copies' },
  });
  const latest = await makeSnapshot(controller, volume);
  // It begins to send, and no one looks after what comes of it.
  assert.notEqual((await pass()).sending, undefined);

  const before = [await stack.api.execs(), await stack.farApi.execs()];
  const console = await start(t, stack.configFile, '--device-only');
  const { pairs = [], rows } = await sceneOf(console);
  const execs = [(await stack.api.execs()) - (before[0] ?? 0), (await stack.farApi.execs()) - (before[1] ?? 0)];
  // As docs/console.md says: four for each RDS, two for each of its pools, and one for the pair.
  assert.deepEqual(execs, [4 + 2 + 1, 4 + 2 * 2]);
  const [pair, ...others] = pairs;
  assert.deepEqual(others, []);
  assert.deepEqual(
    [pair?.from, pair?.to].map((one) => [one?.backend, one?.pool, one?.answers]),
    [
      ['rds1', 'pool', true],
      ['rds2', 'copies', true],
    ],
  );
  assert.equal(pair?.alone, 1);
  assert.equal(pair?.sending?.id, latest);
  assert.ok((pair?.sending?.bytes ?? -1) >= 0);
  const row = (id: string): Row => rows.find((one) => one.id === id) ?? assert.fail(id);
  const [copy] = row(kept).copies ?? [];
  assert.deepEqual([copy?.id, copy?.backend, copy?.pool], [copyIdOf(kept), 'rds2', 'copies']);
  assert.match(copy?.received ?? '', /^\d{4}-\d\d-\d\d /);
  const alone = row(copyIdOf(deleted));
  assert.deepEqual([alone.kind, alone.level, alone.original], ['copy', 1, { is: 'gone' }]);
  assert.equal(
    rows.some(({ id }) => id === deleted),
    false,
  );
  // What was restored from a copy hangs on it, and that leads to its original.
  assert.deepEqual([row(copyIdOf(kept)).kind, row(copyIdOf(kept)).original], ['copy', { is: 'there', id: kept }]);
  assert.equal(row(restored).level, 1);
});

test('while the RDS of the copies is away, what it had is shown as old, and no snapshot is said to lack one', async (t) => {
  const stack = await startReplicaPair(t);
  const { controller } = stack;
  const volume = await makeVolume(controller, MiB, { parameters: { backend: 'rds1', pool: 'pool' } });
  const snapshot = await makeSnapshot(controller, volume);
  await stack.far.close();
  const { pairs = [], rows, matters } = await sceneOf(await start(t, stack.configFile, '--device-only'));
  assert.deepEqual([pairs[0]?.to.answers, pairs[0]?.missing, pairs[0]?.oldestMissing], [false, undefined, undefined]);
  assert.equal(rows.find(({ id }) => id === snapshot)?.uncopied, 'unknown');
  assert.ok(matters.every(({ code }) => code !== 'DRV-LAG'));
});

test('an RDS that hangs is said to be lost, and what the other one has is shown all the same', async (t) => {
  const stack = await startReplicaPair(t, { stack: { ssh: { execTimeoutSeconds: 1 } } });
  const volume = await makeVolume(stack.controller, MiB, { parameters: { backend: 'rds1', pool: 'pool' } });
  stack.far.faults.arm({ kind: 'stall', at: {}, ms: 'untilReleased', disconnect: false }, Number.POSITIVE_INFINITY);
  const { backends, rows, pairs } = await sceneOf(await start(t, stack.configFile, '--device-only'));
  assert.deepEqual(
    backends.map(({ name, answers, conditions }) => [name, answers, conditions[0]?.code]),
    [
      ['rds1', true, undefined],
      ['rds2', false, 'RDS-UNKNOWN'],
    ],
  );
  assert.deepEqual([rows.map(({ id }) => id), pairs?.[0]?.to.answers], [[volume], false]);
});
