import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, outcome } from '../support/calls.ts';
import { change, subvolumes } from '../support/console.ts';
import { startStack } from '../support/stack.ts';

test('the younger half of a snapshot that two processes took was removed by its old place, where another volume is now', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const [volume = '', snapshot = ''] = subvolumes(simulator);
  const duplicate = snapshot.replace(/-(\d{10})-/, (_all, seconds: string) => `-${Number(seconds) + 1}-`);
  await change(simulator, `/disk/btrfs/subvolume add fs=pool parent="${volume}" name="${duplicate}" read-only=yes`);
  await makeVolume(controller, MiB);
  const others = subvolumes(simulator).filter((name) => name !== snapshot && name !== duplicate);
  // The RDS has lost its disk items, which would have kept the other volume from being removed.
  await change(simulator, '/disk remove [find where type=file]');
  simulator.quirks.set(['subvolume-ids-move']);
  assert.equal(await outcome(controller.deleteSnapshot({ snapshotId })), 'OK');
  assert.deepEqual(subvolumes(simulator), others);
});
