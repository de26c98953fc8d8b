import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  listedSnapshots,
  MiB,
  makeSnapshot,
  makeVolume,
  outcome,
  publish,
  refused,
  snapshotName,
  volumeName,
} from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { smallPool } from '../support/pools.ts';
import { fromSnapshot, fromVolume, volumeRequest } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

const atMost = (maxSnapshotsPerVolume: number) => ({
  parameters: { maxSnapshotsPerVolume: String(maxSnapshotsPerVolume) },
});

test('a volume has no more snapshots than its class allows; the message names their number and the oldest', async (t) => {
  const { controller, api, simulator } = await startStack(t);
  const sourceVolumeId = await makeVolume(controller, MiB);
  const first = await controller.createSnapshot({ name: snapshotName(), sourceVolumeId, ...atMost(2) });
  const name = snapshotName();
  const execs = await api.execs();
  const second = await controller.createSnapshot({ name, sourceVolumeId, ...atMost(2) });
  assert.equal((await api.execs()) - execs, 1);
  const before = await inventory(simulator);
  const third = controller.createSnapshot({ name: snapshotName(), sourceVolumeId, ...atMost(2) });
  const { snapshotId = '', creationTime } = first.snapshot ?? {};
  const time = new Date(Number(creationTime?.seconds) * 1000).toISOString();
  await refused(third, 'RESOURCE_EXHAUSTED', new RegExp(`has 2 snapshots.* allows 2 .*oldest is (.*) of ${time}`));
  assert.deepEqual(await inventory(simulator), before);

  const again = await controller.createSnapshot({ name, sourceVolumeId, ...atMost(2) });
  assert.deepEqual(again.snapshot, second.snapshot, 'a repeat finds its snapshot, limit or not');
  await controller.deleteSnapshot({ snapshotId });
  await controller.createSnapshot({ name: snapshotName(), sourceVolumeId, ...atMost(2) });
});

test('the snapshots of other volumes and of other clusters do not count', async (t) => {
  const stack = await startStack(t);
  const [one, two] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  await makeSnapshot(stack.controller, two);
  await makeSnapshot(stack.controller, two);
  await stack.controller.createSnapshot({ name: snapshotName(), sourceVolumeId: one, ...atMost(1) });
});

test('snapshots come no faster than the rate: what has no turn before its deadline is to be tried again', async (t) => {
  const config = { snapshots: { ratePerMinute: 1, burst: 2 } };
  const { controller } = await startStack(t, { config });
  const sourceVolumeId = await makeVolume(controller, MiB);
  const cut = (name = snapshotName()) => controller.createSnapshot({ name, sourceVolumeId }, { timeoutMs: 10_000 });
  const name = snapshotName();
  await cut(name);
  await cut(name);
  await cut();
  await refused(cut(), 'ABORTED', /too many snapshots at once: the next turn is in \d+ s; it is tried again/);
  assert.equal((await listedSnapshots(controller)).length, 2);
});

test('a call waits for its turn within its deadline', async (t) => {
  const config = { snapshots: { ratePerMinute: 600, burst: 1 } };
  const { controller } = await startStack(t, { config });
  const sourceVolumeId = await makeVolume(controller, MiB);
  const cuts = Array.from({ length: 4 }, () =>
    outcome(controller.createSnapshot({ name: snapshotName(), sourceVolumeId }, { timeoutMs: 30_000 })),
  );
  assert.deepEqual(await Promise.all(cuts), ['OK', 'OK', 'OK', 'OK']);
});

const pool = smallPool(64n * MiB, '1MiB');
const committed = { ...pool, backend: { ...pool.backend, overCommitRatio: 1.5 } };

test('a pool promises no more than its ratio: new, restored, cloned and grown volumes are refused with figures', async (t) => {
  const { controller, api, simulator } = await startStack(t, committed);
  const execs = await api.execs();
  const source = await makeVolume(controller, 32n * MiB);
  assert.equal((await api.execs()) - execs, 1);
  const other = await makeVolume(controller, 32n * MiB);
  const snapshotId = await makeSnapshot(controller, source);
  const before = await inventory(simulator);
  const figures = new RegExp(`overCommitRatio.*${97n * MiB} of ${((64n * MiB) / 100n) * 150n}`);
  await refused(makeVolume(controller, 33n * MiB), 'RESOURCE_EXHAUSTED', figures);
  await refused(makeVolume(controller, 33n * MiB, fromSnapshot(snapshotId)), 'RESOURCE_EXHAUSTED', figures);
  await refused(makeVolume(controller, 33n * MiB, fromVolume(source)), 'RESOURCE_EXHAUSTED', figures);
  const grow = (bytes: bigint) =>
    controller.controllerExpandVolume({ volumeId: other, capacityRange: { requiredBytes: bytes } });
  await refused(grow(65n * MiB), 'RESOURCE_EXHAUSTED', figures);
  assert.deepEqual(await inventory(simulator), before);
  assert.equal((await grow(63n * MiB)).capacityBytes, 63n * MiB);
});

test('a volume that is there is found although the pool has promised all it may', async (t) => {
  const { controller } = await startStack(t, committed);
  const request = volumeRequest(volumeName(), 48n * MiB);
  const { volume } = await controller.createVolume(request);
  await makeVolume(controller, 47n * MiB);
  assert.deepEqual((await controller.createVolume(request)).volume, volume);
  await publish(controller, volume?.volumeId ?? '');
  await refused(makeVolume(controller, 2n * MiB), 'RESOURCE_EXHAUSTED', /overCommitRatio/);
});

test('the capacity is what may still be promised, when that is less than what is free', async (t) => {
  const { controller } = await startStack(t, committed);
  const capacity = async () => (await controller.getCapacity({})).availableCapacity;
  assert.equal(await capacity(), 63n * MiB);
  await makeVolume(controller, 62n * MiB);
  assert.equal(await capacity(), ((64n * MiB) / 100n) * 150n - 62n * MiB);
});
