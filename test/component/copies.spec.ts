/** What someone copies on the RDS under the name of a volume or snapshot, and more, is that person's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, outcome, publish, unpublish } from '../support/calls.ts';
import { change, subvolumes } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { fromSnapshot, fromVolume } from '../support/requests.ts';
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

test('alone, a name that goes on with digits is that of a volume; docs/limits.md warns of that', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const [name = ''] = subvolumes(simulator);
  await change(simulator, `/disk/btrfs/subvolume add fs=pool parent="${name}" name="${name}2"`);
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(subvolumes(simulator), [`${name}2`]);
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(subvolumes(simulator), []);
});
