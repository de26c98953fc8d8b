import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, refused, snapshotName, volumeName } from '../support/calls.ts';
import { change, inventory, subvolumes } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { smallPool, twoBackends, twoPools } from '../support/pools.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';

/** A volume of 2 MiB with a pattern in its first half, and a snapshot of it. */
async function take(stack: Stack, seed = 'taken'): Promise<{ volumeId: string; snapshotId: string; bytes: Buffer }> {
  const volumeId = await makeVolume(stack.controller, 2n * MiB);
  await write(stack, volumeId, 0, pattern(seed));
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  return { volumeId, snapshotId, bytes: Buffer.concat([pattern(seed), Buffer.alloc(2 ** 20)]) };
}

test('a restore takes one exec, echoes its source, is not blank, and has the bytes of the moment', async (t) => {
  const stack = await startStack(t);
  const { snapshotId, bytes } = await take(stack);
  const before = await stack.api.execs();
  const { volume } = await stack.controller.createVolume(
    volumeRequest(volumeName(), 2n * MiB, fromSnapshot(snapshotId)),
  );
  assert.equal((await stack.api.execs()) - before, 1);
  assert.equal(volume?.capacityBytes, 2n * MiB);
  assert.equal(volume.contentSource?.type.case, 'snapshot');
  assert.deepEqual(volume.contentSource.type.value, { ...volume.contentSource.type.value, snapshotId });
  assert.equal(volume.volumeContext['blank'], undefined);
  assert.deepEqual(await readAll(stack, volume.volumeId), bytes);
  const { volume: got } = await stack.controller.controllerGetVolume({ volumeId: volume.volumeId });
  assert.deepEqual(got?.contentSource, volume.contentSource);
  const { entries } = await stack.controller.listVolumes({});
  assert.deepEqual(entries.at(-1)?.volume?.contentSource, volume.contentSource);
});

test('the same restore again gives the same answer, also when the snapshot and its volume are gone', async (t) => {
  const stack = await startStack(t);
  const { controller } = stack;
  const { volumeId, snapshotId, bytes } = await take(stack);
  const request = volumeRequest(volumeName(), 2n * MiB, fromSnapshot(snapshotId));
  const first = await controller.createVolume(request);
  const restored = first.volume?.volumeId ?? '';
  await write(stack, restored, 2 ** 20, pattern('later'));
  assert.deepEqual(await controller.createVolume(request), first);
  await controller.deleteSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(await controller.createVolume(request), first);
  assert.deepEqual(await (await stack.anotherController()).createVolume(request), first);
  assert.deepEqual(await readAll(stack, restored), Buffer.concat([bytes.subarray(0, 2 ** 20), pattern('later')]));
});

test('the name of a volume with another source is taken', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const [one, two] = [await take(stack, 'one'), await take(stack, 'two')];
  const name = volumeName();
  await controller.createVolume(volumeRequest(name, 2n * MiB, fromSnapshot(one.snapshotId)));
  const before = await inventory(simulator);
  const other = volumeRequest(name, 2n * MiB, fromSnapshot(two.snapshotId));
  await refused(controller.createVolume(other), 'ALREADY_EXISTS', /from snapshot/);
  await refused(controller.createVolume(volumeRequest(name, 2n * MiB)), 'ALREADY_EXISTS', /from snapshot/);
  const larger = volumeRequest(name, 3n * MiB, fromSnapshot(one.snapshotId));
  await refused(controller.createVolume(larger), 'ALREADY_EXISTS');
  assert.deepEqual(await inventory(simulator), before);
});

test('a restore to a larger size has the old bytes and zeros behind them', async (t) => {
  const stack = await startStack(t);
  const { snapshotId, bytes } = await take(stack);
  const before = await stack.api.execs();
  const restored = await makeVolume(stack.controller, 5n * MiB, fromSnapshot(snapshotId));
  assert.equal((await stack.api.execs()) - before, 1);
  assert.deepEqual(await readAll(stack, restored), Buffer.concat([bytes, Buffer.alloc(3 * 2 ** 20)]));
});

test('a restore for which no size is given has that of the snapshot', async (t) => {
  const stack = await startStack(t);
  const { snapshotId, bytes } = await take(stack);
  const { volume } = await stack.controller.createVolume(volumeRequest(volumeName(), 0n, fromSnapshot(snapshotId)));
  assert.equal(volume?.capacityBytes, 2n * MiB);
  assert.deepEqual(await readAll(stack, volume.volumeId), bytes);
});

test('a size below the snapshot, or a snapshot above the limit, is OUT_OF_RANGE and leaves nothing', async (t) => {
  const stack = await startStack(t);
  const { snapshotId } = await take(stack);
  const before = await inventory(stack.simulator);
  await refused(
    makeVolume(stack.controller, MiB, fromSnapshot(snapshotId)),
    'OUT_OF_RANGE',
    /the source rds1:snap-\S+ has 2 MiB.*\[RC-SMALL\]$/,
  );
  const capacityRange = { requiredBytes: 0n, limitBytes: 2n * MiB - 1n };
  const capped = makeVolume(stack.controller, 0n, { ...fromSnapshot(snapshotId), capacityRange });
  await refused(capped, 'OUT_OF_RANGE', /the source rds1:snap-\S+ has 2 MiB.*\[RC-SMALL\]$/);
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('a missing snapshot is NOT_FOUND, an id that is none too, and nothing is made', async (t) => {
  const { controller, simulator } = await startStack(t);
  await refused(makeVolume(controller, MiB, fromSnapshot(`rds1:${snapshotName()}`)), 'NOT_FOUND');
  await refused(makeVolume(controller, MiB, fromSnapshot('no handle')), 'NOT_FOUND');
  await refused(makeVolume(controller, MiB, fromSnapshot('')), 'INVALID_ARGUMENT', /snapshot_id/);
  await refused(makeVolume(controller, MiB, { volumeContentSource: {} }), 'INVALID_ARGUMENT', /content_source/);
  assert.deepEqual(await inventory(simulator), []);
});

test('a restore into another pool is refused with a message that says so, and works in its own', async (t) => {
  const stack = await startStack(t, twoPools);
  const { controller, simulator } = stack;
  const parameters = { pool: 'cold' };
  const volumeId = await makeVolume(controller, MiB, { parameters });
  const snapshotId = await makeSnapshot(controller, volumeId);
  const before = await inventory(simulator);
  const wrong = makeVolume(controller, MiB, { ...fromSnapshot(snapshotId), parameters: { pool: 'pool' } });
  await refused(wrong, 'INVALID_ARGUMENT', /in pool \S+ \(snap-.*\[RC-ELSEWHERE\]$/);
  assert.deepEqual(await inventory(simulator), before);
  await makeVolume(controller, MiB, { ...fromSnapshot(snapshotId), parameters });
  assert.equal(simulator.device.pools()[1]?.subvolumes.length, 3);
});

test('a restore on another backend is refused with a message that says so', async (t) => {
  const { controller, api } = await startStack(t, twoBackends);
  const onFirst = { parameters: { backend: 'rds1' } };
  const volumeId = await makeVolume(controller, MiB, onFirst);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const execs = await api.execs();
  const wrong = makeVolume(controller, MiB, { ...fromSnapshot(snapshotId), parameters: { backend: 'rds2' } });
  await refused(wrong, 'INVALID_ARGUMENT', /rds1, not rds2.*\[DRV-ELSEWHERE\]$/);
  assert.equal(await api.execs(), execs);
  await refused(makeVolume(controller, MiB, fromSnapshot(snapshotId)), 'INVALID_ARGUMENT', /must name a backend/);
});

test('a restore without room for the growth is RESOURCE_EXHAUSTED and leaves nothing', async (t) => {
  const stack = await startStack(t, smallPool(16n * MiB, '1MiB'));
  const { snapshotId } = await take(stack);
  const before = await inventory(stack.simulator);
  await refused(
    makeVolume(stack.controller, 64n * MiB, fromSnapshot(snapshotId)),
    'RESOURCE_EXHAUSTED',
    /free, .*needed.*\[RC-SPACE\]$/,
  );
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('a snapshot without its image never becomes a volume: an empty restore would look like a good one', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const { snapshotId } = await take(stack);
  const name = subvolumes(simulator).at(-1) ?? '';
  await change(simulator, `/disk/btrfs/subvolume remove [find where name="${name}"]`);
  await change(simulator, `/disk/btrfs/subvolume add fs=pool name="${name}" read-only=yes`);
  const before = await inventory(simulator);
  await refused(
    makeVolume(controller, 2n * MiB, fromSnapshot(snapshotId)),
    'FAILED_PRECONDITION',
    /the source rds1:snap-\S+ holds no usable image.*\[RC-EMPTY\]$/,
  );
  assert.deepEqual(await inventory(simulator), before);
});

test('the manifest of a claim in decimal units was refused for its restore, as too small', async (t) => {
  const { controller } = await startStack(t);
  const requiredBytes = 100_000_000n;
  const { volume } = await controller.createVolume(volumeRequest(volumeName(), requiredBytes));
  const { snapshot } = await controller.createSnapshot({
    name: snapshotName(),
    sourceVolumeId: volume?.volumeId ?? '',
  });
  assert.equal(snapshot?.sizeBytes, requiredBytes, 'csi-provisioner compares a claim with it');
  const restore = volumeRequest(volumeName(), requiredBytes, fromSnapshot(snapshot.snapshotId));
  const { volume: restored } = await controller.createVolume(restore);
  assert.equal(restored?.capacityBytes, 96n * MiB);
});
