import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, publish, refused, unpublish, volumeName } from '../support/calls.ts';
import { Faults } from '../support/faults.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { LeapingClock } from '../support/leaping-clock.ts';
import { smallPool } from '../support/pools.ts';
import { fromSnapshot, sharedBlock } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

test('a volume grows in one exec and is looked at again, keeps its bytes, and the new part is zeros', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller, MiB);
  await write(stack, volumeId, 0, pattern('kept'));
  const before = await stack.api.execs();
  const grown = await stack.controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 3n * MiB } });
  assert.equal((await stack.api.execs()) - before, 2);
  assert.equal(grown.capacityBytes, 3n * MiB);
  assert.equal(grown.nodeExpansionRequired, true);
  assert.deepEqual(await readAll(stack, volumeId), Buffer.concat([pattern('kept'), Buffer.alloc(2 * 2 ** 20)]));
  const { volume } = await stack.controller.controllerGetVolume({ volumeId });
  assert.equal(volume?.capacityBytes, 3n * MiB);
});

test('a published volume grows too, and a raw block volume needs nothing on the node', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller, MiB);
  const { nqn = '' } = await publish(stack.controller, volumeId);
  const request = { volumeId, capacityRange: { requiredBytes: 2n * MiB }, volumeCapability: sharedBlock };
  assert.equal((await stack.controller.controllerExpandVolume(request)).nodeExpansionRequired, false);
  assert.equal((await stack.api.namespace(nqn)).size, Number(2n * MiB));
});

test('growing again, or to less than there is, changes nothing and reports the size that there is', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller, 4n * MiB);
  await write(stack, volumeId, 3 * 2 ** 20, pattern('at the end'));
  for (const requiredBytes of [4n * MiB, MiB, 1n]) {
    const answer = await stack.controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes } });
    assert.equal(answer.capacityBytes, 4n * MiB);
  }
  assert.deepEqual((await readAll(stack, volumeId)).subarray(3 * 2 ** 20), pattern('at the end'));
});

test('a snapshot of before keeps its size, and a restore of it can be larger than it', async (t) => {
  const stack = await startStack(t);
  const { controller } = stack;
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
  const { snapshot } = await controller.getSnapshot({ snapshotId });
  assert.equal(snapshot?.sizeBytes, MiB);
  const restored = await makeVolume(controller, 2n * MiB, fromSnapshot(snapshotId));
  assert.equal((await readAll(stack, restored)).length, Number(2n * MiB));
});

test('a size that cannot be had is refused, and the volume stays as it was', async (t) => {
  const { controller } = await startStack(t, smallPool(32n * MiB, '2MiB'));
  const volumeId = await makeVolume(controller, 4n * MiB);
  const grow = (requiredBytes: bigint, limitBytes = 0n, id = volumeId) =>
    controller.controllerExpandVolume({ volumeId: id, capacityRange: { requiredBytes, limitBytes } });
  await refused(grow(64n * MiB), 'OUT_OF_RANGE', /free, .*needed.*\[RC-SPACE\]$/);
  await refused(grow(MiB, 2n * MiB), 'OUT_OF_RANGE', /it has 4 MiB already, the limit is 2 MiB \[DRV-RANGE\]$/);
  await refused(grow(5n * MiB + 1n, 5n * MiB + 2n), 'OUT_OF_RANGE', /multiples of 1 MiB.*\[DRV-RANGE\]$/);
  await refused(grow(2n ** 63n - 1n), 'OUT_OF_RANGE');
  await refused(grow(5n * MiB, 0n, `rds1:${volumeName()}`), 'NOT_FOUND');
  await refused(grow(5n * MiB, 0n, 'no handle'), 'NOT_FOUND');
  await refused(grow(0n), 'INVALID_ARGUMENT', /capacity_range/);
  await refused(controller.controllerExpandVolume({ volumeId }), 'INVALID_ARGUMENT', /capacity_range/);
  const { volume } = await controller.controllerGetVolume({ volumeId });
  assert.equal(volume?.capacityBytes, 4n * MiB);
});

test('a growth that came too late was reported as an RDS that cannot grow images', async (t) => {
  const [clock, faults] = [new LeapingClock(), new Faults()];
  const { controller } = await startStack(t, {
    simulator: { hooks: faults.hooks, clock: clock.rds },
    patience: { clock },
  });
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const comeLate = () => faults.before({ path: '/disk', command: 'set', text: 'file-size=' }, () => clock.leap(12_000));
  comeLate();
  const capacityRange = { requiredBytes: 2n * MiB };
  assert.equal((await controller.controllerExpandVolume({ volumeId, capacityRange })).capacityBytes, 2n * MiB);
  comeLate();
  await makeVolume(controller, 2n * MiB, fromSnapshot(snapshotId));
});

test('an expansion that waits for the end of the export was reported like a restore, as final', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  await publish(controller, volumeId);
  simulator.quirks.set(['growth-needs-unexport']);
  const expand = () => controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
  await refused(
    expand(),
    'FAILED_PRECONDITION',
    /refused to grow the image of 1 MiB while the volume is published: .*in use\. Scale its pods down.*\[DRV-INUSE\]$/,
  );
  await unpublish(controller, volumeId);
  assert.equal((await expand()).capacityBytes, 2n * MiB);
});
