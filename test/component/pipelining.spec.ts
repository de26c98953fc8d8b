/** Several commands at once on one RDS: as long as it bears them, and what becomes of the calls when it does not. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Simulator } from '../../src/simulator/simulate.ts';
import { METRICS_ON, scrape } from '../metrics/scrape.ts';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { type StackOptions, startStack } from '../support/stack.ts';

const RDS1 = { backend: 'rds1' };

/** An RDS that needs a moment for each command, and whoever makes, takes and deletes snapshots on it with so many callers at once. */
async function startBusy(t: TestContext, options: StackOptions = {}) {
  let most = 0;
  let rds: Simulator | undefined;
  const hooks = {
    beforeStatement(): void {
      most = Math.max(most, rds?.running ?? 0);
    },
  };
  const stack = await startStack(t, {
    config: METRICS_ON,
    ...options,
    simulator: { latencyMs: 1, hooks, ...options.simulator },
  });
  const { controller, simulator } = stack;
  rds = simulator;
  const callers = Array.from({ length: 16 });
  /** Each caller has its own answers; nothing is left on the RDS. */
  const work = async (): Promise<void> => {
    const ids = await Promise.all(callers.map(() => makeVolume(controller, MiB)));
    assert.equal(new Set(ids).size, ids.length);
    const snapshots = await Promise.all(ids.map((id) => makeSnapshot(controller, id)));
    const { entries } = await controller.listSnapshots({});
    assert.deepEqual(
      entries.map(({ snapshot }) => `${snapshot?.snapshotId} of ${snapshot?.sourceVolumeId}`).toSorted(),
      snapshots.map((snapshotId, index) => `${snapshotId} of ${ids[index]}`).toSorted(),
    );
    await Promise.all(ids.map((volumeId) => controller.deleteVolume({ volumeId })));
    await Promise.all(snapshots.map((snapshotId) => controller.deleteSnapshot({ snapshotId })));
    assert.deepEqual(await inventory(simulator), []);
  };
  const window = async () => (await scrape(stack.metricsPort)).value('execsWindow', RDS1);
  return { ...stack, work, window, most: () => most };
}

test('an RDS that bears it has four commands at once after a while, and never more', async (t) => {
  const { work, window, most } = await startBusy(t);
  assert.equal(await window(), 1);
  await work();
  await work();
  assert.deepEqual([await window(), most()], [4, 4]);
});

test('a number in the configuration is how many there are', async (t) => {
  const { work, window, most } = await startBusy(t, { ssh: { maxInFlight: 2 } });
  assert.equal(await window(), 2);
  await work();
  assert.deepEqual([await window(), most()], [2, 2]);
});

for (const quirk of ['third-channel-hangs', 'three-channels-hang']) {
  test(`an RDS with ${quirk} stalls once; no call is lost, and it is not led there again`, async (t) => {
    const rds = await startBusy(t, {
      ssh: { execTimeoutSeconds: 1, writeWithinSeconds: 3 },
      simulator: { quirks: [quirk] },
    });
    await rds.work();
    assert.equal(rds.simulator.counters.values.connections, 2, 'the one that stalled, and the next one');
    assert.equal(await rds.window(), 2);
    await rds.work();
    await rds.work();
    assert.equal(rds.simulator.counters.values.connections, 2);
    assert.equal(await rds.window(), 2);
  });
}

test('an RDS that refuses a second channel gets its commands one by one, on the same connection', async (t) => {
  const rds = await startBusy(t, { simulator: { quirks: ['one-channel'] } });
  await rds.work();
  await rds.work();
  assert.equal(rds.simulator.counters.values.connections, 1);
  const found = await scrape(rds.metricsPort);
  assert.equal(found.value('execs', { ...RDS1, outcome: 'unreachable' }), 1, 'one was refused, and waited');
  assert.equal(found.value('execsWindow', RDS1), 1);
});
