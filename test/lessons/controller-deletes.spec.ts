import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../../src/simulator/console/menu.ts';
import { MiB, makeSnapshot, makeVolume, outcome } from '../support/calls.ts';
import { inventory, showRows } from '../support/console.ts';
import { startStack } from '../support/stack.ts';

/**
 * A delete that answered OK and had deleted nothing, every time: https://github.com/fenio/tns-csi/issues/232. One that
 * gave up on a busy object: https://github.com/democratic-csi/democratic-csi/issues/49.
 */
test('a delete said OK while the object was still there', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  let frozen: readonly Row[] | undefined;
  let isFrozen = true;
  showRows(simulator, '/disk/btrfs/subvolume', (rows) => {
    frozen ??= rows;
    return isFrozen ? frozen : rows;
  });
  const ends = await Promise.all([
    outcome(controller.deleteSnapshot({ snapshotId })),
    outcome(controller.deleteVolume({ volumeId })),
  ]);
  for (const end of ends) assert.match(end, /^(ABORTED|UNAVAILABLE)$/);
  isFrozen = false;
  await controller.deleteSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(await inventory(simulator), []);
});
