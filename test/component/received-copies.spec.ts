/** Names are unique in a filesystem, not over all: `/disk/btrfs/transfer` keeps them. A copy is never the object. */
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
  unpublish,
  volumeName,
} from '../support/calls.ts';
import { change, inventory, look, subvolumes } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { twoPools } from '../support/pools.ts';
import { inPool, loseItems, nameIn, nest, receive } from '../support/received.ts';
import { fromSnapshot, fromVolume, volumeRequest } from '../support/requests.ts';
import { type Stack, type StackOptions, startStack } from '../support/stack.ts';

/** The RDS has a second pool, and the driver is configured with the first one alone. */
const forgotten: StackOptions = { ...twoPools, backend: { pools: twoPools.backend.pools.slice(0, 1) } };

/** A subvolume of that name in the second pool with an image of its own, which is empty. */
async function copyByHand({ simulator }: Stack, name: string): Promise<void> {
  await change(simulator, `/disk/btrfs/subvolume add fs=cold name="${name}"`);
  const image = `type=file file-path="sata-pool/${name}/volume.img" file-size=${MiB} mount-filesystem=no`;
  await change(simulator, `/disk add slot=by-hand ${image}`);
  await change(simulator, '/disk remove [find where slot=by-hand]');
}

for (const [where, options] of [
  ['a second configured pool', twoPools],
  ['a pool that is not configured', forgotten],
] as const) {
  const parameters = options === twoPools ? { pool: 'pool' } : {};

  test(`DeleteSnapshot removed the original and its copy in ${where}`, async (t) => {
    const stack = await startStack(t, options);
    const { controller } = stack;
    const volumeId = await makeVolume(controller, MiB, { parameters });
    await write(stack, volumeId, 0, pattern('then'));
    const snapshotId = await makeSnapshot(controller, volumeId);
    const copy = await receive(stack, snapshotId);
    assert.equal((await controller.listSnapshots({})).entries.length, 1, 'listed once');
    assert.equal((await controller.getSnapshot({ snapshotId })).snapshot?.snapshotId, snapshotId);
    const restored = await makeVolume(controller, MiB, { ...fromSnapshot(snapshotId), parameters });
    assert.deepEqual((await readAll(stack, restored)).subarray(0, pattern('then').length), pattern('then'));
    for (let time = 0; time < 2; time += 1) await controller.deleteSnapshot({ snapshotId });
    assert.deepEqual(inPool(stack.simulator, 'cold'), [copy], 'the copy stays');
    assert.equal(await outcome(controller.getSnapshot({ snapshotId })), 'NOT_FOUND');
    assert.equal((await controller.listSnapshots({})).entries.length, 0);
    const again = makeVolume(controller, MiB, { ...fromSnapshot(snapshotId), parameters });
    assert.equal(await outcome(again), 'NOT_FOUND', 'a copy is no source');
  });

  test(`a copy of a volume in ${where} kept it from being published, snapshotted, grown and deleted`, async (t) => {
    const stack = await startStack(t, options);
    const { controller } = stack;
    const volumeId = await makeVolume(controller, MiB, { parameters });
    await write(stack, volumeId, 0, pattern('old'));
    const copy = await receive(stack, volumeId);
    await write(stack, volumeId, 0, pattern('new'));
    await publish(controller, volumeId);
    const snapshotId = await makeSnapshot(controller, volumeId);
    await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
    await makeVolume(controller, 0n, { ...fromVolume(volumeId), parameters });
    await loseItems(stack);
    await publish(controller, volumeId);
    await unpublish(controller, volumeId);
    const bytes = (await readAll(stack, volumeId)).subarray(0, pattern('new').length);
    assert.deepEqual(bytes, pattern('new'), 'a reset of the router does not bring the old copy back');
    for (let time = 0; time < 2; time += 1) await controller.deleteVolume({ volumeId });
    await controller.deleteSnapshot({ snapshotId });
    assert.deepEqual(inPool(stack.simulator, 'cold'), [copy]);
  });
}

test('half of a received snapshot was listed as ready and restored from', async (t) => {
  const stack = await startStack(t, twoPools);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
  const snapshotId = await makeSnapshot(controller, volumeId);
  const half = await receive(stack, snapshotId, false);
  assert.equal((await controller.listSnapshots({})).entries.length, 1);
  await controller.deleteSnapshot({ snapshotId });
  assert.equal((await controller.listSnapshots({})).entries.length, 0);
  assert.equal(await outcome(controller.getSnapshot({ snapshotId })), 'NOT_FOUND');
  for (const pool of ['pool', 'cold']) {
    const restore = makeVolume(controller, MiB, { ...fromSnapshot(snapshotId), parameters: { pool } });
    assert.equal(await outcome(restore), 'NOT_FOUND', pool);
  }
  await controller.deleteSnapshot({ snapshotId });
  assert.deepEqual(inPool(stack.simulator, 'cold'), [half], 'nor is it removed as if it were the snapshot');
  assert.ok(subvolumes(simulator).length > 0);
});

test('of a volume and half of a copy of it the one that its disk item is in is the volume', async (t) => {
  const stack = await startStack(t, twoPools);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
  await write(stack, volumeId, 0, pattern('mine'));
  const half = await receive(stack, volumeId, false);
  await publish(controller, volumeId);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const cloned = await makeVolume(controller, 0n, { ...fromVolume(volumeId), parameters: { pool: 'pool' } });
  assert.deepEqual((await readAll(stack, cloned)).subarray(0, pattern('mine').length), pattern('mine'));
  await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
  await unpublish(controller, volumeId);

  await loseItems(stack);
  await refused(publish(controller, volumeId), 'FAILED_PRECONDITION', /\[RC-TWO\]$/);
  await unpublish(controller, volumeId);
  assert.equal(await look(simulator, ':put [:len [/disk find where type=file]]'), '0', 'nothing was attached in doubt');
  assert.equal(await outcome(controller.deleteVolume({ volumeId })), 'FAILED_PRECONDITION');
  await change(simulator, `/disk/btrfs/subvolume remove [find where fs=cold and name="${half}"]`);
  await publish(controller, volumeId);
  await unpublish(controller, volumeId);
  assert.deepEqual((await readAll(stack, volumeId)).subarray(0, pattern('mine').length), pattern('mine'));
  await controller.deleteVolume({ volumeId });
  await controller.deleteSnapshot({ snapshotId });
});

test('half of a received volume was listed as a second one, with the size in its name', async (t) => {
  for (const home of ['pool', 'cold']) {
    const stack = await startStack(t, twoPools);
    const { controller, simulator } = stack;
    const volumeId = await makeVolume(controller, MiB, { parameters: { pool: home } });
    const snapshotId = await makeSnapshot(controller, volumeId);
    await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
    const away = home === 'pool' ? 'cold' : 'pool';
    await change(simulator, `/disk/btrfs/subvolume add fs=${away} name="${nameIn(stack, home, volumeId)}"`);
    const last = await makeVolume(controller, MiB, { parameters: { pool: 'cold' } });
    for (const maxEntries of [0, 1, 2]) {
      assert.deepEqual(await listedVolumes(controller, maxEntries), [volumeId, last], `${maxEntries}`);
    }
    const [entry] = (await controller.listVolumes({})).entries;
    assert.equal(entry?.volume?.capacityBytes, 2n * MiB);
    // Nothing says which of two snapshots is the one, so calls for it are refused, and it is listed once.
    const snapshot = nameIn(stack, home, snapshotId);
    await change(simulator, `/disk/btrfs/subvolume add fs=${away} name="${snapshot}" read-only=yes`);
    for (const maxEntries of [0, 1]) assert.deepEqual(await listedSnapshots(controller, maxEntries), [snapshotId]);
    await refused(controller.getSnapshot({ snapshotId }), 'FAILED_PRECONDITION', /\[RC-TWO\]$/);
  }
});

test('a volume that was asked for again after its deletion had the bytes of half of a copy in another pool', async (t) => {
  const stack = await startStack(t, twoPools);
  const { controller } = stack;
  const request = volumeRequest(volumeName(), MiB, { parameters: { pool: 'pool' } });
  const volumeId = (await controller.createVolume(request)).volume?.volumeId ?? '';
  await write(stack, volumeId, 0, pattern('mine'));
  const half = await receive(stack, volumeId, false);
  await controller.deleteVolume({ volumeId });
  await refused(controller.createVolume(request), 'ALREADY_EXISTS', /there is one in pool cold.*\[DRV-EXISTS\]$/);
  assert.deepEqual([inPool(stack.simulator, 'pool'), inPool(stack.simulator, 'cold')], [[], [half]]);
});

test('DeleteVolume leaves half of a copy in another pool alone', async (t) => {
  const stack = await startStack(t, twoPools);
  const { controller } = stack;
  const volumeId = await makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
  const half = await receive(stack, volumeId, false);
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(inPool(stack.simulator, 'pool'), []);
  assert.deepEqual(inPool(stack.simulator, 'cold'), [half]);
});

test('what lies in another subvolume under the name of an object is not the object, also when that is gone', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  await change(simulator, '/disk/btrfs/subvolume add fs=pool name=keep');
  const kept: string[] = [];
  for (const [id, flags] of [
    [volumeId, 'read-only=no'],
    [snapshotId, 'read-only=yes'],
  ] as const) {
    kept.push(await nest(stack, id, 'keep', flags));
  }
  assert.equal((await controller.listSnapshots({})).entries.length, 1);
  await publish(controller, volumeId);
  await unpublish(controller, volumeId);
  for (let time = 0; time < 2; time += 1) {
    await controller.deleteSnapshot({ snapshotId });
    await controller.deleteVolume({ volumeId });
  }
  assert.equal(await outcome(publish(controller, volumeId)), 'NOT_FOUND');
  assert.deepEqual(inPool(stack.simulator, 'pool').toSorted(), ['keep', ...kept].toSorted());
});

test('what lies in another subvolume under the name of a source kept snapshots and clones from being made of it, and was not named', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  await change(simulator, '/disk/btrfs/subvolume add fs=pool name=keep');
  const calls = [
    [snapshotId, 'read-only=yes', () => makeVolume(controller, MiB, fromSnapshot(snapshotId))],
    [volumeId, 'read-only=no', () => makeVolume(controller, MiB, fromVolume(volumeId))],
    [volumeId, 'read-only=no', () => makeSnapshot(controller, volumeId)],
  ] as const;
  for (const [id, flags, call] of calls) {
    const nested = await nest(stack, id, 'keep', flags);
    const before = await inventory(simulator);
    await refused(call(), 'FAILED_PRECONDITION', new RegExp(`${nested} on the RDS has the name .*\\[RC-NESTED\\]$`));
    assert.deepEqual(await inventory(simulator), before);
    await change(simulator, `/disk/btrfs/subvolume remove [find where fullname="${nested}"]`);
    await call();
  }
});

test('what lies in another subvolume under the name of a source was never taken for it, where the RDS takes the first of a name', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB);
  await change(simulator, '/disk/btrfs/subvolume add fs=pool name=keep');
  await nest(stack, volumeId, 'keep', 'read-only=no');
  const menu = simulator.device.menus.find('/disk/btrfs/subvolume') ?? assert.fail('no such menu');
  const run = menu.run.bind(menu);
  const asked: string[] = [];
  menu.run = async (command, ids, args, user) => {
    if (command === 'add') asked.push(String(args.get('fs')));
    return await run(command, ids, args, user);
  };
  await refused(makeSnapshot(controller, volumeId), 'FAILED_PRECONDITION');
  await refused(makeVolume(controller, MiB, fromVolume(volumeId)), 'FAILED_PRECONDITION');
  assert.ok(asked.length > 0);
  assert.deepEqual([...new Set(asked)], [''], 'it was asked for in no filesystem');
});

for (const quirk of ['received-uuid-zeros', 'received-uuid-dash']) {
  test(`an RDS with ${quirk} shows objects as objects and copies as copies`, async (t) => {
    const stack = await startStack(t, { ...twoPools, simulator: { ...twoPools.simulator, quirks: [quirk] } });
    const { controller } = stack;
    const volumeId = await makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
    const snapshotId = await makeSnapshot(controller, volumeId);
    const copy = await receive(stack, snapshotId);
    assert.equal((await controller.listSnapshots({})).entries.length, 1);
    await controller.deleteSnapshot({ snapshotId });
    await controller.deleteVolume({ volumeId });
    assert.deepEqual([inPool(stack.simulator, 'pool'), inPool(stack.simulator, 'cold')], [[], [copy]]);
  });
}

test('a clone into the pool of a copy that was made by hand got the bytes of that copy', async (t) => {
  const stack = await startStack(t, twoPools);
  const { controller } = stack;
  // The copy has a smaller subvolume-id than the volume: each filesystem counts for itself.
  await makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
  const volumeId = await makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
  const name = nameIn(stack, 'pool', volumeId);
  await copyByHand(stack, name);
  const clone = (pool: string) => makeVolume(controller, 0n, { ...fromVolume(volumeId), parameters: { pool } });
  await refused(clone('cold'), 'INVALID_ARGUMENT', /the source is in pool \S+ .*\[RC-ELSEWHERE\]$/);
  assert.deepEqual(inPool(stack.simulator, 'cold'), [name]);
  await write(stack, volumeId, 0, pattern('mine'));
  assert.deepEqual((await readAll(stack, await clone('pool'))).subarray(0, pattern('mine').length), pattern('mine'));
});

test('after a reset a copy made by hand was taken for the volume, whose pool was away', async (t) => {
  const stack = await startStack(t, twoPools);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
  await write(stack, volumeId, 0, pattern('mine'));
  const name = nameIn(stack, 'pool', volumeId);
  await copyByHand(stack, name);
  simulator.faults.setPool({ pool: 'pool', mounted: false });
  assert.equal(await outcome(controller.deleteVolume({ volumeId })), 'UNAVAILABLE', 'its disk item leads elsewhere');
  await loseItems(stack);
  const calls = {
    publish: () => publish(controller, volumeId),
    unpublish: () => unpublish(controller, volumeId),
    snapshot: () => makeSnapshot(controller, volumeId),
    expand: () => controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } }),
    remove: () => controller.deleteVolume({ volumeId }),
  };
  for (const [what, call] of Object.entries(calls)) assert.equal(await outcome(call()), 'UNAVAILABLE', what);
  assert.equal(await look(simulator, ':put [:len [/disk find where type=file]]'), '0', 'nothing was attached in doubt');
  simulator.faults.setPool({ pool: 'pool', mounted: true });
  await refused(calls.publish(), 'FAILED_PRECONDITION', /\[RC-TWO\]$/);
  await change(simulator, `/disk/btrfs/subvolume remove [find where fs=cold and name="${name}"]`);
  await publish(controller, volumeId);
  await unpublish(controller, volumeId);
  assert.deepEqual((await readAll(stack, volumeId)).subarray(0, pattern('mine').length), pattern('mine'));
});
