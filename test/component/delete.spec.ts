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
import { change, inventory, slots, subvolumes } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { fromSnapshot, fromVolume } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';

test('deleting a volume or a snapshot takes one exec, leaves nothing, and may be repeated', async (t) => {
  const { controller, api, simulator, anotherController } = await startStack(t);
  const volumeId = await makeVolume(controller);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const another = await anotherController();

  let execs = await api.execs();
  await controller.deleteSnapshot({ snapshotId });
  assert.equal((await api.execs()) - execs, 1);
  await controller.deleteSnapshot({ snapshotId });
  await another.deleteSnapshot({ snapshotId });
  await refused(controller.getSnapshot({ snapshotId }), 'NOT_FOUND');

  execs = await api.execs();
  await controller.deleteVolume({ volumeId });
  assert.equal((await api.execs()) - execs, 1);
  await controller.deleteVolume({ volumeId });
  await another.deleteVolume({ volumeId });
  await refused(controller.controllerGetVolume({ volumeId }), 'NOT_FOUND');
  assert.deepEqual(await inventory(simulator), []);
});

test('a published volume is not deleted, and nothing of it is touched', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  const data = pattern('in use');
  const { nqn = '' } = await publish(stack.controller, volumeId);
  await stack.api.write(nqn, 0, data);
  const before = await inventory(stack.simulator);
  await refused(
    stack.controller.deleteVolume({ volumeId }),
    'FAILED_PRECONDITION',
    /^\S+: the volume is still published to the node nqn\S+:uuid:\S+\. (?!.*rose:2).*\[RC-PUB\]$/,
  );
  assert.deepEqual(await inventory(stack.simulator), before);
  assert.deepEqual(await stack.api.read(nqn, { offset: 0, length: data.length }), data);
  await unpublish(stack.controller, volumeId);
  await stack.controller.deleteVolume({ volumeId });
  assert.deepEqual(await inventory(stack.simulator), []);
});

test('what is not an id of ours is gone already; an id without text is invalid', async (t) => {
  const { controller, api } = await startStack(t);
  const before = await api.execs();
  const uuid = crypto.randomUUID();
  for (const id of [
    'x',
    'rds1',
    'rds1:',
    'rds1:pvc-',
    `pvc-${uuid}`,
    `rds1:pvc-${uuid}x`,
    `rds1:pvc-${uuid.toUpperCase()}`,
    `rds1:vol-${uuid}`,
    `RDS1:pvc-${uuid}`,
    `:pvc-${uuid}`,
    `rds1:pvc-${uuid}\n`,
    `rds1:rds1:pvc-${uuid}`,
  ]) {
    await controller.deleteVolume({ volumeId: id });
    await controller.deleteSnapshot({ snapshotId: id.replace('pvc', 'snap') });
    await refused(controller.controllerGetVolume({ volumeId: id }), 'NOT_FOUND');
    await refused(controller.getSnapshot({ snapshotId: id }), 'NOT_FOUND');
    await refused(controller.createSnapshot({ name: 'x', sourceVolumeId: id }), 'NOT_FOUND');
  }
  assert.equal(await api.execs(), before, 'no such id reaches the RDS');
  await refused(controller.deleteVolume({ volumeId: '' }), 'INVALID_ARGUMENT', /volume_id/);
  await refused(controller.deleteSnapshot({ snapshotId: '' }), 'INVALID_ARGUMENT', /snapshot_id/);
});

test('a snapshot id never deletes a volume, nor a volume id a snapshot', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const before = await inventory(simulator);
  await controller.deleteVolume({ volumeId: snapshotId });
  await controller.deleteSnapshot({ snapshotId: volumeId });
  assert.deepEqual(await inventory(simulator), before);
});

test('an unknown backend in an id is UNAVAILABLE for every call: it is a mistake, never "gone"', async (t) => {
  const { controller } = await startStack(t);
  const volumeId = `rds2:${volumeName()}`;
  const snapshotId = `rds2:${snapshotName()}`;
  const capacityRange = { requiredBytes: MiB };
  const calls: Record<string, () => Promise<unknown>> = {
    deleteVolume: () => controller.deleteVolume({ volumeId }),
    deleteSnapshot: () => controller.deleteSnapshot({ snapshotId }),
    getVolume: () => controller.controllerGetVolume({ volumeId }),
    getSnapshot: () => controller.getSnapshot({ snapshotId }),
    publish: () => publish(controller, volumeId),
    unpublish: () => unpublish(controller, volumeId),
    expand: () => controller.controllerExpandVolume({ volumeId, capacityRange }),
    createSnapshot: () => makeSnapshot(controller, volumeId),
    restore: () => makeVolume(controller, MiB, fromSnapshot(snapshotId)),
    clone: () => makeVolume(controller, MiB, fromVolume(volumeId)),
    listSnapshot: () => controller.listSnapshots({ snapshotId }),
    listSnapshotsOf: () => controller.listSnapshots({ sourceVolumeId: volumeId }),
  };
  for (const call of Object.values(calls)) await refused(call(), 'UNAVAILABLE', /rds2/);
});

/** Every order of the items. */
function permutations<T>(items: readonly T[]): T[][] {
  return items.length < 2
    ? [[...items]]
    : items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}

/** Makes a volume, two snapshots, a restore and a clone. */
async function makeFamily({ controller }: Stack) {
  const volume = await makeVolume(controller, MiB);
  const first = await makeSnapshot(controller, volume);
  const second = await makeSnapshot(controller, volume);
  const restore = await makeVolume(controller, MiB, fromSnapshot(first));
  const clone = await makeVolume(controller, MiB, fromVolume(volume));
  return { volume, first, second, restore, clone };
}

test('volume, snapshots, restore and clone are independent in every order of deletion', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const isLeft = (id: string) => subvolumes(simulator).some((name) => `rds1:${name}`.startsWith(id));
  for (const order of permutations(['volume', 'first', 'second', 'restore', 'clone'] as const)) {
    const ids = await makeFamily(stack);
    for (const [index, which] of order.entries()) {
      const id = ids[which];
      if (which === 'first' || which === 'second') await controller.deleteSnapshot({ snapshotId: id });
      else await controller.deleteVolume({ volumeId: id });
      const left = order.filter((other) => isLeft(ids[other]));
      assert.deepEqual(left, order.slice(index + 1), order.join(', '));
    }
  }
  assert.deepEqual(await inventory(simulator), []);
});

test('the bytes of what is left stay as they were while everything around them is deleted', async (t) => {
  const stack = await startStack(t);
  const { controller } = stack;
  const [old, recent] = [pattern('old'), pattern('recent')];
  const volumeId = await makeVolume(controller, MiB);
  await write(stack, volumeId, 0, old);
  const first = await makeSnapshot(controller, volumeId);
  await write(stack, volumeId, 0, recent);
  const second = await makeSnapshot(controller, volumeId);
  const restore = await makeVolume(controller, MiB, fromSnapshot(first));
  const clone = await makeVolume(controller, MiB, fromVolume(volumeId));
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(await readAll(stack, restore), old);
  assert.deepEqual(await readAll(stack, clone), recent);
  await controller.deleteSnapshot({ snapshotId: first });
  assert.deepEqual(await readAll(stack, restore), old);
  const late = await makeVolume(controller, MiB, fromSnapshot(second));
  await controller.deleteVolume({ volumeId: restore });
  await controller.deleteSnapshot({ snapshotId: second });
  assert.deepEqual(await readAll(stack, late), recent);
  await controller.deleteVolume({ volumeId: clone });
  assert.deepEqual(await readAll(stack, late), recent);
});

test('a volume whose image a stranger attached a second time is not deleted', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller);
  const [slot = ''] = await slots(simulator);
  const [name] = subvolumes(simulator);
  await change(simulator, `/disk remove [find where slot=${slot}]`);
  await change(simulator, `/disk add type=file slot=by-hand file-path="/pool/${name}/volume.img"`);
  await refused(controller.deleteVolume({ volumeId }), 'FAILED_PRECONDITION', /by-hand/);
  assert.deepEqual(subvolumes(simulator), [name]);
});
