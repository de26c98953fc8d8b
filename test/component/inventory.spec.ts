import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openBackends } from '../../src/app/backends.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/observability/log.ts';
import { identity } from '../../src/storage/ids.ts';
import { StorageService } from '../../src/storage/service.ts';
import { MiB, makeSnapshot, makeVolume, publish } from '../support/calls.ts';
import { change, showRows, subvolumes } from '../support/console.ts';
import { twoBackends, twoPools } from '../support/pools.ts';
import { inPool, loseItems, nameIn, nest, receive } from '../support/received.ts';
import { fromSnapshot } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';

/** The driver's storage on the RDS of a stack, without gRPC. */
async function storageOf(t: TestContext, stack: Stack): Promise<StorageService> {
  const config = await loadConfig(stack.configFile, {});
  const owner = identity(config.driverName, config.clusterId, config.adoptedClusterIds);
  const backends = openBackends(config.backends, { owners: owner.owners, logger: createLogger('fatal') });
  const storage = new StorageService({ backends, identity: owner });
  t.after(() => storage.close());
  return storage;
}

const call = { signal: AbortSignal.timeout(60_000) };

function slotOf(volumeId: string): string {
  return `pvc-${volumeId.slice('rds1:pvc-'.length).replaceAll('-', '').slice(0, 28)}`;
}

/** Hides the subvolumes of a volume, as if someone had removed them by hand. */
function hideSubvolumes({ simulator }: Stack, volumeId: string): void {
  showRows(simulator, '/disk/btrfs/subvolume', (rows) =>
    rows.filter((row) => !String(row.props.get('name')).startsWith(volumeId.slice('rds1:'.length))),
  );
}

test('an inventory reports every object, and in what state a volume is', async (t) => {
  const stack = await startStack(t);
  const source = await makeVolume(stack.controller, MiB);
  const snapshotId = await makeSnapshot(stack.controller, source);
  const restored = await makeVolume(stack.controller, 2n * MiB, fromSnapshot(snapshotId));
  await publish(stack.controller, restored);
  const [partial, left] = [await makeVolume(stack.controller), await makeVolume(stack.controller, MiB)];
  await change(stack.simulator, `/disk remove [find where slot=${slotOf(partial)}]`);
  hideSubvolumes(stack, left);

  const { volumes, snapshots } = await (await storageOf(t, stack)).inventory(call);
  const byId = new Map(volumes.map((volume) => [volume.id, volume]));
  assert.equal(volumes.length, 4);
  assert.deepEqual(
    [source, restored, partial, left].map((id) => byId.get(id)?.state),
    ['whole', 'whole', 'no-disk-item', 'no-subvolume'],
  );
  assert.deepEqual(
    [source, restored, partial, left].map((id) => byId.get(id)?.sizeBytes),
    [MiB, 2n * MiB, undefined, MiB],
  );
  assert.equal(byId.get(restored)?.publishedNodeIds.length, 1);
  assert.equal(byId.get(restored)?.exported, true);
  assert.equal(byId.get(left)?.subvolume, undefined);
  assert.equal(byId.get(left)?.slot, slotOf(left));
  assert.equal(byId.get(left)?.pool, 'pool');
  assert.deepEqual(
    snapshots.map(({ id, pool }) => [id, pool]),
    [[snapshotId, 'pool']],
  );
});

test('what belongs to others is no part of an inventory', async (t) => {
  const stack = await startStack(t);
  const other = await stack.anotherController({ clusterId: 'another-cluster' });
  await makeSnapshot(other, await makeVolume(other, MiB));
  await change(stack.simulator, '/disk/btrfs/subvolume/add fs=pool name=snap-by-hand');
  await change(stack.simulator, '/disk/btrfs/subvolume/add fs=pool name=home');
  await change(stack.simulator, '/disk/add type=file slot=pvc-by-hand file-path=/pool/home/a.img mount-filesystem=no');
  assert.deepEqual(await (await storageOf(t, stack)).inventory(call), { volumes: [], snapshots: [], copies: [] });
});

test('a row that a lost race left is reported beside the object, not as one of its own', async (t) => {
  const stack = await startStack(t);
  const snapshotId = await makeSnapshot(stack.controller, await makeVolume(stack.controller, MiB));
  const name = subvolumes(stack.simulator).find((found) => found.startsWith('snap-')) ?? '';
  const duplicate = name.replace(/-[0-9]{10}-/, '-1999999999-');
  await change(stack.simulator, `/disk/btrfs/subvolume/add fs=pool name=${duplicate} read-only=yes`);
  const { snapshots } = await (await storageOf(t, stack)).inventory(call);
  assert.deepEqual(
    snapshots.map(({ id, subvolume, duplicates }) => [id, subvolume, duplicates]),
    [[snapshotId, name, [duplicate]]],
  );
});

test('a copy of a volume that was there before it was the volume, and the volume its duplicate', async (t) => {
  const stack = await startStack(t);
  const { simulator } = stack;
  const volumeId = await makeVolume(stack.controller, MiB);
  const [name = ''] = subvolumes(simulator);
  await change(simulator, '/disk/remove [find where type=file]');
  const copies = [`${name}2`, `${name}00`];
  for (const copied of copies) {
    await change(simulator, `/disk/btrfs/subvolume/add fs=pool parent="${name}" name="${copied}"`);
  }
  await change(simulator, `/disk/btrfs/subvolume/remove [find where name="${name}"]`);
  await change(simulator, `/disk/btrfs/subvolume/add fs=pool parent="${name}2" name="${name}"`);
  const { volumes } = await (await storageOf(t, stack)).inventory(call);
  assert.deepEqual(
    volumes.map(({ id, subvolume, duplicates }) => [id, subvolume, duplicates]),
    [[volumeId, name, [`${name}00`]]],
  );
});

test('many lost disk items are read in parts, each of them once', async (t) => {
  const stack = await startStack(t);
  const ids = await Promise.all(Array.from({ length: 60 }, () => makeVolume(stack.controller, MiB)));
  for (const id of ids) hideSubvolumes(stack, id);
  const { volumes } = await (await storageOf(t, stack)).inventory(call);
  assert.deepEqual(volumes.map(({ id }) => id).toSorted(), ids.toSorted());
  assert.ok(volumes.every(({ state }) => state === 'no-subvolume'));
});

test('a pool that is gone fails the inventory: a short one would call its objects orphans', async (t) => {
  const stack = await startStack(t, twoPools);
  await makeVolume(stack.controller, MiB, { parameters: { pool: 'cold' } });
  const storage = await storageOf(t, stack);
  showRows(stack.simulator, '/disk', (rows) => rows.filter((row) => row.props.get('fs-label') !== 'cold'));
  await assert.rejects(storage.inventory(call), { kind: 'unavailable' });
});

/** What an inventory calls the copies of a stack: kind, id of the original, where, name on the RDS. */
async function copiesIn(t: TestContext, stack: Stack): Promise<string[][]> {
  const { copies } = await (await storageOf(t, stack)).inventory(call);
  return copies.map(({ kind, of, backend, pool, subvolume }) => [kind, of, `${backend}/${pool}`, subvolume]).toSorted();
}

test('what came by a transfer, whole or in part, and what is nested is reported as what it is, and is no object', async (t) => {
  const stack = await startStack(t, twoPools);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
  const [whole, half] = [await makeSnapshot(controller, volumeId), await makeSnapshot(controller, volumeId)];
  await change(simulator, '/disk/btrfs/subvolume add fs=pool name=keep');
  const before = await (await storageOf(t, stack)).inventory(call);
  assert.deepEqual(before.copies, []);
  const expected = [
    ['copy', whole, 'rds1/cold', await receive(stack, whole)],
    ['copy', volumeId, 'rds1/cold', await receive(stack, volumeId)],
    ['half-received', half, 'rds1/cold', await receive(stack, half, false)],
    ['nested', volumeId, 'rds1/pool', nameIn(stack, 'pool', volumeId)],
  ];
  await nest(stack, volumeId, 'keep', 'read-only=no');
  const { copies, ...objects } = await (await storageOf(t, stack)).inventory(call);
  assert.deepEqual(await copiesIn(t, stack), expected.toSorted());
  assert.deepEqual({ ...objects, copies: [] }, before);
  assert.ok(copies.every(({ uuid }) => /^[0-9a-f-]{36}$/.test(uuid)));
  assert.deepEqual(
    copies.filter(({ of }) => of === whole).map(({ source, createdAtSeconds }) => [source, createdAtSeconds]),
    [[volumeId, before.snapshots.find(({ id }) => id === whole)?.name.createdAtSeconds]],
  );
});

for (const [order, pools] of [
  ['first', twoPools.backend.pools],
  ['last', twoPools.backend.pools.toReversed()],
] as const) {
  test(`half of a copy of a volume was reported as the volume, or as left of a race: its pool configured ${order}`, async (t) => {
    const stack = await startStack(t, { ...twoPools, backend: { pools } });
    const volumeId = await makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } });
    const half = await receive(stack, volumeId, false);
    const { volumes } = await (await storageOf(t, stack)).inventory(call);
    assert.deepEqual(
      volumes.map(({ id, pool, state, duplicates }) => [id, pool, state, duplicates]),
      [[volumeId, 'pool', 'whole', []]],
    );
    assert.deepEqual(await copiesIn(t, stack), [['half-received', volumeId, 'rds1/cold', half]]);

    await loseItems(stack);
    assert.deepEqual(await copiesIn(t, stack), [
      ['undecided', volumeId, 'rds1/cold', half],
      ['undecided', volumeId, 'rds1/pool', half],
    ]);
    const after = await (await storageOf(t, stack)).inventory(call);
    assert.deepEqual(
      after.volumes.map(({ id, state, duplicates }) => [id, state, duplicates]),
      [[volumeId, 'no-disk-item', []]],
    );
  });
}

test('a copy on another RDS is one of what the first RDS has, as long as it is there', async (t) => {
  const stack = await startStack(t, twoBackends);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB, { parameters: { backend: 'rds1' } });
  const snapshotId = await makeSnapshot(controller, volumeId);
  const copy = await receive(stack, snapshotId);
  assert.deepEqual(await copiesIn(t, stack), [['copy', snapshotId, 'rds2/cold', copy]]);
  await controller.deleteSnapshot({ snapshotId });
  assert.deepEqual(await copiesIn(t, stack), [['copy', snapshotId.replace('rds1', 'rds2'), 'rds2/cold', copy]]);
  assert.deepEqual(inPool(simulator, 'cold'), [copy]);
});
