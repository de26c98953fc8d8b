import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MiB,
  makeSnapshot,
  makeVolume,
  publish,
  refused,
  snapshotName,
  unpublish,
  volumeName,
} from '../support/calls.ts';
import { inventory, look, slots, subvolumes } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { smallPool } from '../support/pools.ts';
import { fromSnapshot } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

test('a snapshot takes one exec, is read-only, ready at once, and says all about itself in every answer', async (t) => {
  const { controller, api, simulator, anotherController } = await startStack(t);
  const sourceVolumeId = await makeVolume(controller, 3n * MiB);
  const uuid = crypto.randomUUID();
  const earliest = BigInt(Math.floor(Date.now() / 1000));
  let execs = await api.execs();
  const { snapshot } = await controller.createSnapshot({ name: `snap-${uuid}`, sourceVolumeId });
  assert.equal((await api.execs()) - execs, 1);
  const latest = BigInt(Math.floor(Date.now() / 1000));
  assert.equal(snapshot?.snapshotId, `rds1:snap-${uuid}`);
  assert.equal(snapshot.sourceVolumeId, sourceVolumeId);
  assert.equal(snapshot.sizeBytes, 3n * MiB);
  assert.equal(snapshot.readyToUse, true);
  const { seconds = 0n } = snapshot.creationTime ?? {};
  assert.ok(earliest <= seconds && seconds <= latest, `${seconds}`);

  execs = await api.execs();
  const { snapshotId } = snapshot;
  assert.deepEqual((await controller.getSnapshot({ snapshotId })).snapshot, snapshot);
  assert.equal((await api.execs()) - execs, 1);
  assert.deepEqual((await controller.listSnapshots({ snapshotId })).entries[0]?.snapshot, snapshot);
  assert.deepEqual((await controller.listSnapshots({})).entries[0]?.snapshot, snapshot);
  const stranger = await anotherController();
  assert.deepEqual((await stranger.getSnapshot({ snapshotId })).snapshot, snapshot);

  const name = subvolumes(simulator).at(-1);
  assert.equal(await look(simulator, `:put [/disk/btrfs/subvolume get [find where name="${name}"] read-only]`), 'true');
  assert.equal((await slots(simulator)).length, 1, 'a snapshot has no disk item');
});

test('the same request again gives the same answer, the time it was taken included, forever', async (t) => {
  const { controller, simulator, anotherController } = await startStack(t);
  const sourceVolumeId = await makeVolume(controller);
  const request = { name: 'nightly', sourceVolumeId };
  const first = await controller.createSnapshot(request);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 });
  assert.deepEqual(await controller.createSnapshot(request), first);
  assert.deepEqual(await (await anotherController()).createSnapshot(request), first);
  assert.equal(subvolumes(simulator).length, 2);
  await controller.controllerExpandVolume({ volumeId: sourceVolumeId, capacityRange: { requiredBytes: 9n * MiB } });
  assert.deepEqual(await controller.createSnapshot(request), first, 'the size is that of the moment it was taken');
  await controller.deleteVolume({ volumeId: sourceVolumeId });
  assert.deepEqual(await controller.createSnapshot(request), first, 'also when the source is gone');
});

test('the name of a snapshot of another volume is taken', async (t) => {
  const { controller, simulator } = await startStack(t);
  const [one, two] = [await makeVolume(controller), await makeVolume(controller)];
  const name = snapshotName();
  await controller.createSnapshot({ name, sourceVolumeId: one });
  const before = await inventory(simulator);
  await refused(controller.createSnapshot({ name, sourceVolumeId: two }), 'ALREADY_EXISTS', new RegExp(one));
  assert.deepEqual(await inventory(simulator), before);
});

test('a snapshot of a mounted volume holds the bytes of that moment, and later writes do not change it', async (t) => {
  const stack = await startStack(t);
  const { controller, api } = stack;
  const volumeId = await makeVolume(controller, 4n * MiB);
  const { nqn = '' } = await publish(controller, volumeId);
  const old = pattern('old');
  await api.write(nqn, 0, old);
  await api.write(nqn, 3 * 2 ** 20, old);
  const snapshotId = await makeSnapshot(controller, volumeId);
  await api.write(nqn, 0, pattern('new'));
  await api.write(nqn, 2 ** 20, pattern('newer'));
  await unpublish(controller, volumeId);
  const expected = Buffer.concat([old, Buffer.alloc(2 * 2 ** 20), old]);
  const before = await makeVolume(controller, 4n * MiB, fromSnapshot(snapshotId));
  assert.deepEqual(await readAll(stack, before), expected);
  await controller.deleteVolume({ volumeId });
  const after = await makeVolume(controller, 4n * MiB, fromSnapshot(snapshotId));
  await write(stack, before, 0, pattern('into the first restore'));
  assert.deepEqual(await readAll(stack, after), expected);
});

test('every snapshot of a volume keeps its own moment', async (t) => {
  const stack = await startStack(t);
  const { controller } = stack;
  const volumeId = await makeVolume(controller, MiB);
  const moments = ['a', 'b', 'c'].map((seed) => pattern(seed));
  const snapshots: string[] = [];
  for (const moment of moments) {
    await write(stack, volumeId, 0, moment);
    snapshots.push(await makeSnapshot(controller, volumeId));
  }
  for (const [index, snapshotId] of snapshots.entries()) {
    const restored = await makeVolume(controller, MiB, fromSnapshot(snapshotId));
    assert.deepEqual(await readAll(stack, restored), moments[index]);
  }
});

test('a missing source is NOT_FOUND, missing fields and parameters that no one knows are invalid', async (t) => {
  const { controller, simulator } = await startStack(t);
  const sourceVolumeId = await makeVolume(controller);
  const before = await inventory(simulator);
  await refused(
    makeSnapshot(controller, `rds1:${volumeName()}`),
    'NOT_FOUND',
    /^rds1:snap-\S+: the source rds1:pvc-\S+ is not on .*\[RC-NOSRC\]$/,
  );
  await refused(makeSnapshot(controller, 'zzz'), 'NOT_FOUND', /zzz is not the id of a volume; .*\[RC-NOSRC\]$/);
  await refused(
    controller.getSnapshot({ snapshotId: 'zzz' }),
    'NOT_FOUND',
    /zzz is not .*volumeHandle.*\[DRV-ABSENT\]$/,
  );
  await refused(makeSnapshot(controller, ''), 'INVALID_ARGUMENT', /source_volume_id/);
  await refused(controller.createSnapshot({ name: '', sourceVolumeId }), 'INVALID_ARGUMENT', /name/);
  const parameters = { pool: 'pool', 'csi.storage.k8s.io/volumesnapshot/name': 'nightly' };
  await refused(controller.createSnapshot({ name: 'x', sourceVolumeId, parameters }), 'INVALID_ARGUMENT', /"pool"/);
  await refused(controller.getSnapshot({ snapshotId: '' }), 'INVALID_ARGUMENT', /snapshot_id/);
  await refused(controller.getSnapshot({ snapshotId: `rds1:${snapshotName()}` }), 'NOT_FOUND', /\[RC-NOSNAP\]$/);
  assert.deepEqual(await inventory(simulator), before);
});

test('a snapshot is not taken into the reserve of the pool', async (t) => {
  const stack = await startStack(t, smallPool(16n * MiB, '8MiB'));
  const [one, two] = [await makeVolume(stack.controller, 8n * MiB), await makeVolume(stack.controller, 8n * MiB)];
  await makeSnapshot(stack.controller, one);
  await write(stack, one, 0, pattern('filler', 8 * 2 ** 20));
  await write(stack, two, 0, pattern('one too many'));
  const before = await inventory(stack.simulator);
  await refused(makeSnapshot(stack.controller, one), 'RESOURCE_EXHAUSTED', /free, .*needed.*\[RC-SPACE\]$/);
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('a volume that the RDS shows under its path belonged to another cluster', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller);
  simulator.quirks.set(['name-is-path']);
  await refused(makeSnapshot(controller, volumeId), 'FAILED_PRECONDITION', /under another name.*\[RC-NAME\]$/);
});
