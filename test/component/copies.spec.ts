/** What someone copies on the RDS under the name of a volume or snapshot, and more, is that person's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  listedSnapshots,
  listedVolumes,
  MiB,
  makeSnapshot,
  makeVolume,
  outcome,
  publish,
  refused,
  snapshotName,
  unpublish,
  volumeName,
} from '../support/calls.ts';
import { change, showRows, slots, subvolumes } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { fromSnapshot, fromVolume, volumeRequest } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';

const ENDS = ['-before-upgrade', '-2', '-20261123', '-1-2', '.bak', '_copy', 'x'];

/** Copies a subvolume under its own name and each of these ends. @returns the names of the copies */
async function copy({ simulator }: Stack, name: string, flags: string): Promise<string[]> {
  const names = ENDS.map((end) => `${name}${end}`);
  for (const copied of names) {
    await change(simulator, `/disk/btrfs/subvolume add fs=pool parent="${name}" name="${copied}" ${flags}`);
  }
  return names;
}

test('copies that someone made of a volume and of a snapshot stay when those are deleted, also one that is attached', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB);
  await write(stack, volumeId, 0, pattern('precious'));
  const snapshotId = await makeSnapshot(controller, volumeId);
  const [volume = '', snapshot = ''] = subvolumes(simulator).toSorted();
  assert.ok(volume.startsWith('pvc-') && snapshot.startsWith('snap-'));
  const copies = [...(await copy(stack, volume, 'read-only=no')), ...(await copy(stack, snapshot, 'read-only=yes'))];
  await change(simulator, `/disk add type=file slot=mine file-path="pool/${volume}-2/volume.img" mount-filesystem=no`);

  assert.equal(await outcome(makeSnapshot(controller, volumeId)), 'OK');
  assert.equal((await controller.listSnapshots({})).entries.length, 2);
  for (const { snapshot: one } of (await controller.listSnapshots({})).entries) {
    assert.equal(await outcome(controller.deleteSnapshot({ snapshotId: one?.snapshotId ?? '' })), 'OK');
  }
  assert.equal(await outcome(controller.getSnapshot({ snapshotId })), 'NOT_FOUND');
  assert.equal(await outcome(controller.deleteVolume({ volumeId })), 'OK');
  assert.deepEqual(subvolumes(simulator).toSorted(), copies.toSorted());
});

test('a copy never stands in for the volume that is gone', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB);
  const [name = ''] = subvolumes(simulator);
  await copy(stack, name, 'read-only=no');
  await change(simulator, '/disk remove [find where type=file]');
  await change(simulator, `/disk/btrfs/subvolume remove [find where name="${name}"]`);
  assert.equal(await outcome(publish(controller, volumeId)), 'NOT_FOUND');
  assert.equal(await outcome(makeSnapshot(controller, volumeId)), 'NOT_FOUND');
});

test('a copy never stands in for the source that is gone', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const [volume = '', snapshot = ''] = subvolumes(simulator).toSorted();
  const copies = [...(await copy(stack, volume, 'read-only=no')), ...(await copy(stack, snapshot, 'read-only=yes'))];
  await controller.deleteSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId });
  assert.equal(await outcome(makeVolume(controller, MiB, fromSnapshot(snapshotId))), 'NOT_FOUND');
  assert.notEqual(await outcome(makeVolume(controller, MiB, fromVolume(volumeId))), 'OK');
  assert.deepEqual(subvolumes(simulator).toSorted(), copies.toSorted());
});

test('a copy whose name goes on with digits blocked the volume and the snapshot beside it, and was deleted with them', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB);
  await write(stack, volumeId, 0, pattern('mine'));
  const snapshotId = await makeSnapshot(controller, volumeId);
  const [volume = '', snapshot = ''] = subvolumes(simulator).toSorted();
  const copies = [`${volume}2`, `${volume}00`, `${snapshot}7`, `${snapshot}0`];
  for (const copied of copies) {
    const flags = copied.startsWith('snap-') ? `parent="${snapshot}" read-only=yes` : `parent="${volume}"`;
    await change(simulator, `/disk/btrfs/subvolume add fs=pool ${flags} name="${copied}"`);
  }
  await publish(controller, volumeId);
  await unpublish(controller, volumeId);
  await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
  const later = await makeSnapshot(controller, volumeId);
  const restored = await makeVolume(controller, MiB, fromSnapshot(snapshotId));
  assert.deepEqual(await readAll(stack, restored), pattern('mine'));
  for (const id of [snapshotId, later]) await controller.deleteSnapshot({ snapshotId: id });
  for (const id of [volumeId, restored]) await controller.deleteVolume({ volumeId: id });
  assert.deepEqual(subvolumes(simulator).toSorted(), copies.toSorted());
});

test('alone, a copy whose name goes on with digits was taken for the volume or snapshot, and deleted', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const [volume = '', snapshot = ''] = subvolumes(simulator);
  const copies = [`${volume}2`, `${volume}20261129120000`, `${snapshot}7`];
  for (const copied of copies) {
    const flags = copied.startsWith('snap-') ? `parent="${snapshot}" read-only=yes` : `parent="${volume}"`;
    await change(simulator, `/disk/btrfs/subvolume add fs=pool ${flags} name="${copied}"`);
  }
  for (let time = 0; time < 2; time += 1) {
    await controller.deleteVolume({ volumeId });
    await controller.deleteSnapshot({ snapshotId });
  }
  assert.deepEqual(subvolumes(simulator), copies);
  assert.deepEqual(await listedVolumes(controller), []);
  assert.deepEqual(await listedSnapshots(controller), []);
  for (const call of [
    () => publish(controller, volumeId),
    () => makeSnapshot(controller, volumeId),
    () => makeVolume(controller, MiB, fromSnapshot(snapshotId)),
    () => controller.getSnapshot({ snapshotId }),
    () => controller.controllerGetVolume({ volumeId }),
  ]) {
    assert.equal(await outcome(call()), 'NOT_FOUND');
  }
  await unpublish(controller, volumeId);
  assert.deepEqual(subvolumes(simulator), copies);
});

test('alone, a name that goes on with zeros is that of a volume; docs/limits.md warns of that', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const [name = ''] = subvolumes(simulator);
  await change(simulator, `/disk/btrfs/subvolume add fs=pool parent="${name}" name="${name}0"`);
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(subvolumes(simulator), [`${name}0`]);
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(subvolumes(simulator), []);
});

test('a volume and a snapshot that were rolled back by hand were blocked by the copy that they were made from, which is older', async (t) => {
  for (const end of ['2', '00']) {
    const stack = await startStack(t);
    const { controller, simulator } = stack;
    const request = volumeRequest(volumeName(), MiB);
    const volumeId = (await controller.createVolume(request)).volume?.volumeId ?? '';
    await write(stack, volumeId, 0, pattern('mine'));
    const snapshotId = await makeSnapshot(controller, volumeId);
    const before = (await controller.getSnapshot({ snapshotId })).snapshot;
    const [volume = '', snapshot = ''] = subvolumes(simulator);
    await change(simulator, '/disk remove [find where type=file]');
    for (const [name, flags] of [
      [volume, 'read-only=no'],
      [snapshot, 'read-only=yes'],
    ] as const) {
      await change(simulator, `/disk/btrfs/subvolume add fs=pool parent="${name}" name="${name}${end}" ${flags}`);
      await change(simulator, `/disk/btrfs/subvolume remove [find where name="${name}"]`);
      await change(simulator, `/disk/btrfs/subvolume add fs=pool parent="${name}${end}" name="${name}" ${flags}`);
    }
    for (let time = 0; time < 2; time += 1) {
      assert.equal((await controller.createVolume(request)).volume?.capacityBytes, MiB);
    }
    assert.equal((await controller.controllerGetVolume({ volumeId })).volume?.capacityBytes, MiB);
    assert.deepEqual((await controller.getSnapshot({ snapshotId })).snapshot, before);
    assert.deepEqual(
      (await controller.listSnapshots({ snapshotId })).entries.map(({ snapshot: listed }) => listed),
      [before],
    );
    const later = await makeSnapshot(controller, volumeId);
    const cloned = await makeVolume(controller, MiB, fromVolume(volumeId));
    const restored = await makeVolume(controller, MiB, fromSnapshot(snapshotId));
    for (const id of [volumeId, cloned, restored]) assert.deepEqual(await readAll(stack, id), pattern('mine'));
    for (const id of [later, snapshotId]) await controller.deleteSnapshot({ snapshotId: id });
    for (const id of [volumeId, cloned, restored]) await controller.deleteVolume({ volumeId: id });
    assert.deepEqual(subvolumes(simulator), [`${volume}${end}`, `${snapshot}${end}`]);
  }
});

test('a clone that was asked for again was not found, as what is beside its source is older than the source', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const [volume = ''] = subvolumes(simulator);
  const [slot = ''] = await slots(simulator);
  // A whole name, and none that begins with another: what a race of two requests leaves.
  const older = volume.replace(/[0-9]+$/, '2097152');
  await change(simulator, `/disk remove [find where slot=${slot}]`);
  await change(simulator, `/disk/btrfs/subvolume add fs=pool parent="${volume}" name="${older}"`);
  await change(simulator, `/disk/btrfs/subvolume remove [find where name="${volume}"]`);
  await change(simulator, `/disk/btrfs/subvolume add fs=pool parent="${older}" name="${volume}"`);
  const item = `type=file slot=${slot} file-path="pool/${volume}/volume.img" mount-filesystem=no`;
  await change(simulator, `/disk add ${item}`);
  const request = volumeRequest(volumeName(), MiB, fromVolume(volumeId));
  const made = await controller.createVolume(request);
  assert.deepEqual(await controller.createVolume(request), made);
  const cut = { name: snapshotName(), sourceVolumeId: volumeId };
  assert.deepEqual(await controller.createSnapshot(cut), await controller.createSnapshot(cut));
});

for (const order of ['first', 'last']) {
  test(`a copy with a name that is none of ours, which the RDS shows ${order}, blocked the volume, and was deleted`, async (t) => {
    const stack = await startStack(t);
    const { controller, simulator } = stack;
    const volumeId = await makeVolume(controller, MiB);
    const snapshotId = await makeSnapshot(controller, volumeId);
    const [volume = '', snapshot = ''] = subvolumes(simulator);
    const copies = [
      `${volume.slice(0, 50)}copy-made-before-the-upgrade-by-alice-20261129`,
      volume.replace('-n0', '-x0'),
      `${volume}20261129120000`,
      `${snapshot.slice(0, 87)}alice-copy-20261129`,
      snapshot.replace(/-(\d{10})-/, '-2026-11-29-'),
      `${snapshot}20261129120000`,
    ];
    for (const copied of copies) {
      const flags = copied.startsWith('snap-') ? `parent="${snapshot}" read-only=yes` : `parent="${volume}"`;
      await change(simulator, `/disk/btrfs/subvolume add fs=pool ${flags} name="${copied}"`);
    }
    if (order === 'first') showRows(simulator, '/disk/btrfs/subvolume', (rows) => rows.toReversed());
    await publish(controller, volumeId);
    await unpublish(controller, volumeId);
    const later = await makeSnapshot(controller, volumeId);
    const cloned = await makeVolume(controller, MiB, fromVolume(volumeId));
    const restored = await makeVolume(controller, MiB, fromSnapshot(snapshotId));
    for (let time = 0; time < 2; time += 1) {
      for (const id of [volumeId, cloned, restored]) await controller.deleteVolume({ volumeId: id });
      for (const id of [snapshotId, later]) await controller.deleteSnapshot({ snapshotId: id });
    }
    assert.deepEqual(subvolumes(simulator), copies);
  });
}

test('read-only copies that a user made counted as snapshots of the volume, of which it may have so many', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const parameters = { maxSnapshotsPerVolume: '3' };
  const snap = () => controller.createSnapshot({ name: snapshotName(), sourceVolumeId: volumeId, parameters });
  await snap();
  const snapshot = subvolumes(simulator)[1] ?? '';
  for (const end of ['1', '2', '3']) {
    await change(
      simulator,
      `/disk/btrfs/subvolume add fs=pool parent="${snapshot}" name="${snapshot}${end}" read-only=yes`,
    );
  }
  await snap();
  await snap();
  await refused(snap(), 'RESOURCE_EXHAUSTED', /has 3 snapshots, .* allows 3 .*\[RC-QUOTA\]$/);
});

test('a snapshot of an image that someone had grown by hand has a whole name, and is found', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  await change(simulator, `/disk set [find where type=file] file-size=${MiB + 4096n}`);
  const snapshotId = await makeSnapshot(controller, volumeId);
  assert.equal((await controller.getSnapshot({ snapshotId })).snapshot?.sizeBytes, MiB);
  const restored = await makeVolume(controller, 0n, fromSnapshot(snapshotId));
  assert.equal((await controller.controllerGetVolume({ volumeId: restored })).volume?.capacityBytes, MiB + 4096n);
});
