import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, node, publish } from '../support/calls.ts';
import { change, inventory, showRows, slots, subvolumes } from '../support/console.ts';
import { Faults } from '../support/faults.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { twoPools } from '../support/pools.ts';
import { fromSnapshot } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';
import { emptySubvolume, loseDiskItem, loseSubvolume, slotOf, storageOf } from './fixture.ts';

const call = { signal: AbortSignal.timeout(60_000) };
const leftAlone = { kind: 'precondition', message: /\[DRV-KEPT\]$/ };

test('a subvolume that was never given an image is removed', async (t) => {
  const stack = await startStack(t);
  const storage = await storageOf(t, stack);
  await makeVolume(stack.controller, MiB);
  const before = await inventory(stack.simulator);
  const id = await emptySubvolume(stack);
  await storage.discardPartial(id, call);
  assert.deepEqual(await inventory(stack.simulator), before);
  await storage.discardPartial(id, call);
});

test('while /file shows no image at all, no subvolume is believed to be empty', async (t) => {
  const stack = await startStack(t, twoPools);
  const storage = await storageOf(t, stack);
  await makeVolume(stack.controller, MiB, { parameters: { pool: 'cold' } });
  const alone = await emptySubvolume(stack);
  await assert.rejects(storage.discardPartial(alone, call), leftAlone);
  await makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } });
  const isDeep = (name: unknown) => String(name).split('/').length > 2;
  showRows(stack.simulator, '/file', (rows) => rows.filter(({ props }) => !isDeep(props.get('name'))));
  await assert.rejects(storage.discardPartial(alone, call), leftAlone);
});

test('a disk item whose subvolume is gone is removed', async (t) => {
  const stack = await startStack(t);
  const storage = await storageOf(t, stack);
  const [id, other] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  loseSubvolume(stack, id);
  await storage.discardPartial(id, call);
  assert.deepEqual(await slots(stack.simulator), [slotOf(other)]);
});

test('whatever a report says, the RDS removes nothing that is whole, published, or could hold data', async (t) => {
  const stack = await startStack(t);
  const storage = await storageOf(t, stack);
  const { controller, simulator } = stack;
  const whole = await makeVolume(controller, MiB);
  const published = await makeVolume(controller, MiB);
  await publish(controller, published);
  const reset = await makeVolume(controller, MiB);
  const restored = await makeVolume(controller, MiB, fromSnapshot(await makeSnapshot(controller, whole)));
  for (const id of [reset, restored]) await loseDiskItem(stack, id);
  const foreignItem = await emptySubvolume(stack);
  const path = (id: string) => `[/disk/btrfs/subvolume get ([find where name~"^${id.slice('rds1:'.length)}"]->0) name]`;
  await change(
    simulator,
    `/disk add type=file slot=by-hand file-path=("pool/".${path(foreignItem)}."/a.img") file-size=1M`,
  );
  const withFile = await emptySubvolume(stack);
  await change(simulator, `/file add name=("pool/".${path(withFile)}."/volume.img.bak") contents="x"`);
  const before = await inventory(simulator);
  for (const id of [whole, published, reset, restored, foreignItem, withFile]) {
    await assert.rejects(storage.discardPartial(id, call), { name: 'StorageError', kind: /precondition/ }, id);
    assert.deepEqual(await inventory(simulator), before, id);
  }
  const { status } = await controller.controllerGetVolume({ volumeId: published });
  assert.deepEqual(status?.publishedNodeIds, [node(1)]);
});

test('a disk item that is exported or names a node is left alone, subvolume or not', async (t) => {
  const stack = await startStack(t);
  const storage = await storageOf(t, stack);
  const [exported, recorded] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  await publish(stack.controller, recorded);
  await change(stack.simulator, `/disk set [find where slot=${slotOf(recorded)}] nvme-tcp-export=no`);
  await change(stack.simulator, `/disk set [find where slot=${slotOf(exported)}] nvme-tcp-export=yes`);
  for (const id of [exported, recorded]) {
    loseSubvolume(stack, id);
    await assert.rejects(storage.discardPartial(id, call), leftAlone);
  }
  assert.deepEqual((await slots(stack.simulator)).toSorted(), [exported, recorded].map(slotOf).toSorted());
});

test('a disk item in a pool that is not configured any more is left alone', async (t) => {
  const stack = await startStack(t, twoPools);
  const id = await makeVolume(stack.controller, MiB, { parameters: { pool: 'cold' } });
  loseSubvolume(stack, id);
  await assert.rejects((await storageOf(t, stack, ['pool'])).discardPartial(id, call), leftAlone);
  await (await storageOf(t, stack)).discardPartial(id, call);
});

test('what another cluster left is not ours to remove', async (t) => {
  const stack = await startStack(t);
  const storage = await storageOf(t, stack);
  const id = await emptySubvolume(stack, 'another-cluster');
  const before = await inventory(stack.simulator);
  await assert.rejects(storage.discardPartial(id, call), { kind: 'precondition', message: /adoptedClusterIds/ });
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('a pool that is gone stops everything: what is absent from the wrong pool is not gone', async (t) => {
  const stack = await startStack(t, twoPools);
  const storage = await storageOf(t, stack);
  const empty = await emptySubvolume(stack);
  const left = await makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } });
  loseSubvolume(stack, left);
  const before = await inventory(stack.simulator);
  showRows(stack.simulator, '/disk', (rows) => rows.filter((row) => row.props.get('fs-label') !== 'cold'));
  for (const id of [empty, left]) await assert.rejects(storage.discardPartial(id, call), { kind: 'unavailable' });
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('a volume with data, its disk item lost, was removed because /file did not list its image yet', async (t) => {
  const stack = await startStack(t);
  const storage = await storageOf(t, stack);
  const { controller, simulator } = stack;
  await makeVolume(controller, MiB);
  const id = await makeVolume(controller, MiB);
  await write(stack, id, 0, pattern('precious'));
  await loseDiskItem(stack, id);
  const name = subvolumes(simulator).find((one) => one.startsWith(id.slice('rds1:'.length))) ?? '';
  showRows(simulator, '/file', (rows) =>
    rows.filter((row) => !String(row.props.get('name')).endsWith(`${name}/volume.img`)),
  );
  await assert.rejects(storage.discardPartial(id, call), leftAlone);
  assert.ok((await slots(simulator)).includes(slotOf(id)), 'it is a whole volume again');
  assert.deepEqual(await readAll(stack, id), pattern('precious'));
});

test('a volume with data, its disk item lost, was removed because its size came late and /file did not list its image yet', async (t) => {
  const stack = await startStack(t, { simulator: { quirks: ['size-late-5s'] } });
  const storage = await storageOf(t, stack);
  await makeVolume(stack.controller, MiB);
  const id = await makeVolume(stack.controller, MiB);
  await write(stack, id, 0, pattern('kept'));
  await loseDiskItem(stack, id);
  const isImage = (name: unknown) => String(name).includes(id.slice('rds1:'.length)) && String(name).endsWith('.img');
  showRows(stack.simulator, '/file', (rows) => rows.filter(({ props }) => !isImage(props.get('name'))));
  await assert.rejects(storage.discardPartial(id, call), leftAlone);
  assert.deepEqual(await readAll(stack, id), pattern('kept'));
});

test('a volume that another process was just making was taken for partial', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const storage = await storageOf(t, stack);
  const { simulator } = stack;
  await makeVolume(stack.controller, MiB);
  const id = await emptySubvolume(stack);
  const name = subvolumes(simulator).find((one) => one.startsWith(id.slice('rds1:'.length))) ?? '';
  const item = `/disk add type=file slot=${slotOf(id)} file-path="pool/${name}/volume.img" file-size=1M mount-filesystem=no`;
  faults.before({ path: '/disk', command: 'add' }, () => change(simulator, item));
  await assert.rejects(storage.discardPartial(id, call), leftAlone);
  assert.ok((await slots(simulator)).includes(slotOf(id)) && subvolumes(simulator).includes(name));
});
