import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, outcome, refused, snapshotName, volumeName } from '../support/calls.ts';
import { change, inventory, subvolumes } from '../support/console.ts';
import { Faults } from '../support/faults.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { twoPools } from '../support/pools.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

const CUT = { path: '/disk/btrfs/subvolume', command: 'add', text: 'read-only=yes' };

/**
 * DeleteSnapshot is given an id and nothing else, no parameters of a class. Drivers whose ids did not say where a snapshot
 * is could not delete it: https://github.com/kubernetes-csi/external-snapshotter/issues/323.
 */
test('a snapshot could not be deleted by its id alone', async (t) => {
  const { controller, simulator, anotherController } = await startStack(t, twoPools);
  const before = await inventory(simulator);
  const volumeId = await makeVolume(controller, MiB, { parameters: { backend: 'rds1', pool: 'cold' } });
  const snapshotId = await makeSnapshot(controller, volumeId);
  await controller.deleteVolume({ volumeId });
  const stranger = await anotherController();
  assert.equal((await stranger.getSnapshot({ snapshotId })).snapshot?.sizeBytes, MiB);
  await stranger.deleteSnapshot({ snapshotId });
  assert.deepEqual(await inventory(simulator), before);
});

/**
 * Snapshots that could not be listed, read or restored once their volume was deleted:
 * https://github.com/kubernetes-csi/external-provisioner/issues/252, https://github.com/dell/csm/issues/1338,
 * https://github.com/openebs/lvm-localpv/pull/55.
 */
test('a snapshot was worth nothing once its volume was deleted', async (t) => {
  const stack = await startStack(t);
  const { controller } = stack;
  const volumeId = await makeVolume(controller, MiB);
  await write(stack, volumeId, 0, pattern('kept'));
  const snapshotId = await makeSnapshot(controller, volumeId);
  const { snapshot } = await controller.getSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId });
  for (const filter of [{}, { snapshotId }, { sourceVolumeId: volumeId }]) {
    const { entries } = await controller.listSnapshots(filter);
    assert.deepEqual(
      entries.map((entry) => entry.snapshot),
      [snapshot],
    );
  }
  assert.deepEqual((await controller.getSnapshot({ snapshotId })).snapshot, snapshot);
  const restored = await makeVolume(controller, MiB, fromSnapshot(snapshotId));
  assert.deepEqual(await readAll(stack, restored), pattern('kept'));
});

/**
 * Times of the year 1 or 1970 and sizes of 0, because they were read from something that was gone or not finished, broke
 * backup tools: https://github.com/IBM/ibm-spectrum-scale-csi/issues/247, https://github.com/kanisterio/kanister/issues/1195,
 * https://github.com/kubernetes-csi/external-snapshotter/issues/1002.
 */
test('the time and size of a snapshot changed with its volume, or were zero', async (t) => {
  const { controller, simulator, anotherController } = await startStack(t);
  const volumeId = await makeVolume(controller, 2n * MiB);
  const begin = BigInt(Math.floor(Date.now() / 1000));
  const snapshotId = await makeSnapshot(controller, volumeId);
  const { snapshot } = await controller.getSnapshot({ snapshotId });
  assert.ok((snapshot?.creationTime?.seconds ?? 0n) >= begin);
  await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 5n * MiB } });
  assert.deepEqual((await controller.getSnapshot({ snapshotId })).snapshot, snapshot, 'after the volume grew');
  await controller.deleteVolume({ volumeId });
  assert.deepEqual((await controller.getSnapshot({ snapshotId })).snapshot, snapshot, 'after the volume was deleted');
  await simulator.restart();
  const stranger = await anotherController();
  assert.deepEqual((await stranger.getSnapshot({ snapshotId })).snapshot, snapshot, 'to another process');
  assert.deepEqual((await stranger.listSnapshots({})).entries[0]?.snapshot, snapshot);
});

/**
 * While a snapshot took long, csi-snapshotter asked again and the object was deleted, and snapshots were left behind:
 * https://github.com/kubernetes-csi/external-snapshotter/issues/1388,
 * https://github.com/kubernetes-csi/external-snapshotter/pull/1446. A driver that answered before the snapshot was made gave
 * out snapshots of a later moment: https://github.com/outscale/osc-bsu-csi-driver/issues/789.
 */
test('a slow snapshot that was asked for again, and then deleted, left snapshots behind', async (t) => {
  const faults = new Faults();
  const { controller, simulator } = await startStack(t, { simulator: { hooks: faults.hooks } });
  const sourceVolumeId = await makeVolume(controller, MiB);
  const before = await inventory(simulator);
  const request = { name: snapshotName(), sourceVolumeId };
  const snapshotId = `rds1:${request.name}`;

  const { reached, release } = faults.hold(CUT);
  const slow = outcome(controller.createSnapshot(request));
  await reached;
  let isAnswered = false;
  void slow.then(() => {
    isAnswered = true;
  });
  const again = await Promise.all([1, 2, 3].map(() => outcome(controller.createSnapshot(request, { timeoutMs: 50 }))));
  assert.ok(again.every((end) => end === 'ABORTED' || end === 'DEADLINE_EXCEEDED'));
  assert.equal(isAnswered, false, 'no answer before the snapshot');
  const deleted = outcome(controller.deleteSnapshot({ snapshotId }));
  release();
  assert.deepEqual([await slow, await deleted], ['OK', 'OK']);
  await refused(controller.getSnapshot({ snapshotId }), 'NOT_FOUND');
  assert.deepEqual(await inventory(simulator), before);
});

/**
 * A sidecar that gave up on a slow snapshot and was restarted asked again, and got a second snapshot of a later moment:
 * https://github.com/kubernetes-csi/external-snapshotter/issues/880.
 */
test('a snapshot whose caller had gone away was taken a second time', async (t) => {
  const faults = new Faults();
  const { controller, simulator, anotherController } = await startStack(t, { simulator: { hooks: faults.hooks } });
  const sourceVolumeId = await makeVolume(controller, MiB);
  const request = { name: snapshotName(), sourceVolumeId };
  const { reached, release } = faults.hold(CUT);
  const gone = new AbortController();
  const slow = outcome(controller.createSnapshot(request, { signal: gone.signal }));
  await reached;
  gone.abort();
  assert.equal(await slow, 'CANCELLED');
  release();
  const { snapshot } = await (await anotherController()).createSnapshot(request);
  assert.deepEqual((await controller.createSnapshot(request)).snapshot, snapshot);
  assert.equal(subvolumes(simulator).filter((name) => name.startsWith('snap-')).length, 1);
});

/**
 * csi-snapshotter takes the first row of a list that it filtered by id; drivers that ignored filters gave it someone
 * else's snapshot: https://github.com/container-storage-interface/spec/issues/426.
 */
test('a list that was filtered by an id began with another snapshot', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const ids = [];
  for (let count = 0; count < 3; count += 1) ids.push(await makeSnapshot(controller, volumeId));
  const [first = '', second = '', third = ''] = ids;
  await change(simulator, '/disk/btrfs/subvolume add fs=pool name=snap-by-hand');
  const listed = async (snapshotId: string) =>
    (await controller.listSnapshots({ snapshotId, maxEntries: 1 })).entries.map(({ snapshot }) => snapshot?.snapshotId);
  for (const id of [third, first, second]) assert.deepEqual(await listed(id), [id]);
  await controller.deleteSnapshot({ snapshotId: second });
  assert.deepEqual(await listed(second), []);
});

/**
 * Restores that succeeded and were empty: https://github.com/kubernetes-csi/csi-driver-host-path/issues/158,
 * https://github.com/ceph/ceph-csi/issues/793, https://github.com/kubernetes/kubernetes/issues/96189.
 */
test('a restore that worked was empty', async (t) => {
  const stack = await startStack(t);
  const { controller } = stack;
  const volumeId = await makeVolume(controller, 3n * MiB);
  for (const [index, offset] of [0, 2 ** 20, 2 ** 21].entries())
    await write(stack, volumeId, offset, pattern(`${index}`));
  const snapshotId = await makeSnapshot(controller, volumeId);
  await write(stack, volumeId, 0, Buffer.alloc(2 ** 20));
  const { volume } = await controller.createVolume(volumeRequest(volumeName(), 4n * MiB, fromSnapshot(snapshotId)));
  const bytes = await readAll(stack, volume?.volumeId ?? '');
  const expected = [pattern('0'), pattern('1'), pattern('2'), Buffer.alloc(2 ** 20)];
  assert.ok(bytes.equals(Buffer.concat(expected)));
  assert.equal(volume?.volumeContext['blank'], undefined, 'a node would format it');
});
