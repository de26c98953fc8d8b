/** Several commands at once on one box: as long as it bears them, and what becomes of the calls when it does not. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Simulator } from '../../src/simulator/simulate.ts';
import { METRICS_ON, scrape } from '../metrics/scrape.ts';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { type StackOptions, startStack } from '../support/stack.ts';

const RDS1 = { backend: 'rds1' };

/** A box that needs a moment for each command, and whoever makes, cuts and deletes on it with so many callers at once. */
async function startBusy(t: TestContext, options: StackOptions = {}) {
  let most = 0;
  let box: Simulator | undefined;
  const hooks = {
    beforeStatement(): void {
      most = Math.max(most, box?.running ?? 0);
    },
  };
  const stack = await startStack(t, {
    config: METRICS_ON,
    ...options,
    simulator: { latencyMs: 1, hooks, ...options.simulator },
  });
  const { controller, simulator } = stack;
  box = simulator;
  const callers = Array.from({ length: 16 });
  /** Each caller has its own answers; nothing is left on the box. */
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

test('a box that bears it has four commands at once after a while, and never more', async (t) => {
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
  test(`a box with ${quirk} stalls once; no call is lost, and it is not led there again`, async (t) => {
    const box = await startBusy(t, {
      ssh: { execTimeoutSeconds: 1, writeWithinSeconds: 3 },
      simulator: { quirks: [quirk] },
    });
    await box.work();
    assert.equal(box.simulator.counters.values.connections, 2, 'the one that stalled, and the next one');
    assert.equal(await box.window(), 2);
    await box.work();
    await box.work();
    assert.equal(box.simulator.counters.values.connections, 2);
    assert.equal(await box.window(), 2);
  });
}

test('a box that refuses a second channel gets its commands one by one, on the same connection', async (t) => {
  const box = await startBusy(t, { simulator: { quirks: ['one-channel'] } });
  await box.work();
  await box.work();
  assert.equal(box.simulator.counters.values.connections, 1);
  const found = await scrape(box.metricsPort);
  assert.equal(found.value('execs', { ...RDS1, outcome: 'unreachable' }), 1, 'one was refused, and waited');
  assert.equal(found.value('execsWindow', RDS1), 1);
});
