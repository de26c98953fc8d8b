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
import { change, inventory, showRows } from '../support/console.ts';
import { Faults } from '../support/faults.ts';
import { smallPool, twoPools } from '../support/pools.ts';
import { fromSnapshot, fromVolume, GiB, volumeRequest } from '../support/requests.ts';
import { CLUSTER_ID, type Stack, type StackOptions, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

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
  const heir = await stack.anotherController({ clusterId: 'heir', adoptedClusterIds: [CLUSTER_ID] });
  await makeSnapshot(heir, one);
  const take = () => stack.controller.createSnapshot({ name: snapshotName(), sourceVolumeId: one, ...atMost(1) });
  await take();
  await refused(take(), 'RESOURCE_EXHAUSTED', /has 1 snapshot, its VolumeSnapshotClass allows 1 /);
});

test('two controllers at once exceed a limit by one, and the next call sees it', async (t) => {
  const faults = new Faults();
  const { controller, anotherController } = await startStack(t, { simulator: { hooks: faults.hooks } });
  const two = await anotherController();
  const sourceVolumeId = await makeVolume(controller, MiB);
  const take = (by: typeof controller) =>
    outcome(by.createSnapshot({ name: snapshotName(), sourceVolumeId, ...atMost(1) }));
  const make = { path: '/disk/btrfs/subvolume', command: 'add' };
  faults.meet(make, make);
  assert.deepEqual(await Promise.all([take(controller), take(two)]), ['OK', 'OK']);
  faults.heal();
  assert.deepEqual(await Promise.all([take(controller), take(two)]), ['RESOURCE_EXHAUSTED', 'RESOURCE_EXHAUSTED']);
});

test('snapshots come no faster than the rate: what has no turn before its deadline is to be retried', async (t) => {
  const config = { snapshots: { ratePerMinute: 1, burst: 2 } };
  const { controller } = await startStack(t, { config });
  const sourceVolumeId = await makeVolume(controller, MiB);
  const take = (name = snapshotName()) => controller.createSnapshot({ name, sourceVolumeId }, { timeoutMs: 10_000 });
  const name = snapshotName();
  await take(name);
  await take(name);
  await take();
  await refused(take(), 'ABORTED', /too many snapshots at once: the next turn is in \d+ s\. .*\[DRV-RATE\]$/);
  assert.equal((await listedSnapshots(controller)).length, 2);
});

test('a call waits for its turn within its deadline', async (t) => {
  const config = { snapshots: { ratePerMinute: 600, burst: 1 } };
  const { controller } = await startStack(t, { config });
  const sourceVolumeId = await makeVolume(controller, MiB);
  const taken = Array.from({ length: 4 }, () =>
    outcome(controller.createSnapshot({ name: snapshotName(), sourceVolumeId }, { timeoutMs: 30_000 })),
  );
  assert.deepEqual(await Promise.all(taken), ['OK', 'OK', 'OK', 'OK']);
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
  const figures = /would promise 97 MiB, overCommitRatio allows 96 MiB\. .*\[RC-PROMISE\]$/;
  await refused(makeVolume(controller, 33n * MiB), 'RESOURCE_EXHAUSTED', figures);
  await refused(makeVolume(controller, 33n * MiB, fromSnapshot(snapshotId)), 'RESOURCE_EXHAUSTED', figures);
  await refused(makeVolume(controller, 33n * MiB, fromVolume(source)), 'RESOURCE_EXHAUSTED', figures);
  const grow = (bytes: bigint) =>
    controller.controllerExpandVolume({ volumeId: other, capacityRange: { requiredBytes: bytes } });
  await refused(grow(65n * MiB), 'OUT_OF_RANGE', figures);
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
  await refused(makeVolume(controller, 2n * MiB), 'RESOURCE_EXHAUSTED', /overCommitRatio.*\[RC-PROMISE\]$/);
});

test('what others made in the pool is promised too, and what is in another pool or tells no size is not', async (t) => {
  const { simulator, backend } = twoPools;
  const stack = await startStack(t, { simulator, backend: { ...backend, overCommitRatio: 1 } });
  const capacity = async (pool: string) => {
    const { availableCapacity } = await stack.controller.getCapacity({ parameters: { backend: 'rds1', pool } });
    return availableCapacity;
  };
  const [before, cold] = [await capacity('pool'), await capacity('cold')];
  const execs = await stack.api.execs();
  await makeVolume(stack.controller, 64n * GiB, { parameters: { pool: 'pool' } });
  const add = (slot: string, path: string, GiBs: bigint) =>
    change(
      stack.simulator,
      `/disk/add type=file slot=${slot} file-path="${path}" file-size=${GiBs * GiB} mount-filesystem=no`,
    );
  await add('by-hand', '/nvme-pool/by-hand.img', 100n);
  await add('mute', 'nvme-pool/mute.img', 100n);
  await add('elsewhere', 'sata-pool/nvme-pool.img', 50n);
  showRows(stack.simulator, '/disk', (rows) =>
    rows.map((row) =>
      row.props.get('slot') === 'mute'
        ? { ...row, props: new Map([...row.props].filter(([key]) => key !== 'size')) }
        : row,
    ),
  );
  // What is free is less than what may be promised until as much is promised as stays in reserve.
  // One percent is rounded down to a byte, and the capacity to a MiB.
  assert.equal(before - (await capacity('pool')), 163n * GiB + MiB);
  assert.equal(cold - (await capacity('cold')), 49n * GiB + MiB);
  assert.equal((await stack.api.execs()) - execs, 3);
});

test('the capacity is what may still be promised, when that is less than what is free', async (t) => {
  const { controller } = await startStack(t, committed);
  const capacity = async () => (await controller.getCapacity({})).availableCapacity;
  assert.equal(await capacity(), 63n * MiB);
  await makeVolume(controller, 62n * MiB);
  // 34 MiB but for the rounding of a percent, in whole MiB.
  assert.equal(await capacity(), 33n * MiB);
});

const MAKE = { path: '/disk/btrfs/subvolume', command: 'add' };
const several = (options: StackOptions, faults: Faults): StackOptions => ({
  ...options,
  simulator: { ...options.simulator, hooks: faults.hooks },
  ssh: { maxInFlight: 4 },
});

/** How two calls end the second of which comes while the first one is about to take what only one of them can have. */
async function atOnce({ api, simulator }: Stack, faults: Faults, first: () => Promise<unknown>, second: typeof first) {
  const gate = faults.hold(MAKE);
  const earlier = outcome(first());
  await gate.reached;
  const execs = await api.execs();
  const later = outcome(second());
  // It was asked for beside the first one, and refused.
  await until(async () => (await api.execs()) > execs && simulator.running === 1);
  gate.release();
  return [await earlier, await later];
}

test('two creations of one process saw the same free promises, and both had them', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, several(committed, faults));
  const create = () => makeVolume(stack.controller, 60n * MiB);
  assert.deepEqual(await atOnce(stack, faults, create, create), ['OK', 'RESOURCE_EXHAUSTED']);
});

test('two creations of one process saw the same free space, and both had it', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, several(pool, faults));
  stack.simulator.quirks.set(['images-preallocated']);
  const create = () => makeVolume(stack.controller, 40n * MiB);
  assert.deepEqual(await atOnce(stack, faults, create, create), ['OK', 'RESOURCE_EXHAUSTED']);
});

test('a volume grew into the space of one that was being made', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, several(committed, faults));
  const volumeId = await makeVolume(stack.controller, MiB);
  const create = () => makeVolume(stack.controller, 60n * MiB);
  const grow = () => stack.controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 50n * MiB } });
  assert.deepEqual(await atOnce(stack, faults, create, grow), ['OK', 'OUT_OF_RANGE']);
});

test('two calls of one process saw the same number of snapshots, and there was one too many', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, several({}, faults));
  const sourceVolumeId = await makeVolume(stack.controller, MiB);
  const take = () => stack.controller.createSnapshot({ name: snapshotName(), sourceVolumeId, ...atMost(1) });
  assert.deepEqual(await atOnce(stack, faults, take, take), ['OK', 'RESOURCE_EXHAUSTED']);
});

test('creations that a pool has room for are under way at once', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, several(committed, faults));
  faults.meet(MAKE, MAKE, MAKE);
  const create = () => outcome(makeVolume(stack.controller, 20n * MiB));
  assert.deepEqual(await Promise.all([create(), create(), create()]), ['OK', 'OK', 'OK']);
});
