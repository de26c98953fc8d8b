import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, outcome, publish, refused, unpublish, volumeName } from '../support/calls.ts';
import { change, inventory, showRows, slots, subvolumes } from '../support/console.ts';
import { everyCall } from '../support/every-call.ts';
import { Faults } from '../support/faults.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { fromSnapshot, fromVolume, volumeRequest } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

const MAKE = { path: '/disk/btrfs/subvolume', command: 'add' };
const REMOVE = { path: '/disk/btrfs/subvolume', command: 'remove' };
const ATTACH = { path: '/disk', command: 'add' };
const GROW = { path: '/disk', command: 'set', text: 'file-size' };

test('while the pool is not the right one every call is UNAVAILABLE, deletes too, and nothing is touched', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  const before = await inventory(stack.simulator);
  let trouble: 'none' | 'unmounted' | 'absent' | 'swapped' | 'doubled' = 'none';
  showRows(stack.simulator, '/disk', (rows) =>
    trouble === 'unmounted' ? rows.filter((row) => row.props.get('mounted') !== true) : rows,
  );
  showRows(stack.simulator, '/disk/btrfs/filesystem', (rows) => {
    if (trouble === 'absent') return [];
    const swapped = rows.map((row) => ({
      ...row,
      props: new Map([...row.props, ['uuid', '00000000-0000-4000-8000-000000000000']]),
    }));
    if (trouble === 'swapped') return swapped;
    return trouble === 'doubled' ? [...rows, ...swapped] : rows;
  });
  const found = {
    unmounted: /pool pool: it is not mounted\. .*\[RC-POOL\]$/,
    absent: /pool pool: no Btrfs filesystem has this label\. .*\[RC-POOL\]$/,
    swapped: /pool pool: its uuid is 00000000-0000-4000-8000-000000000000, configured is [0-9a-f-]+\. .*\[RC-POOL\]$/,
    doubled: /pool pool: 2 Btrfs filesystems have this label\. .*\[RC-POOL\]$/,
  };
  for (trouble of ['unmounted', 'absent', 'swapped', 'doubled'] as const) {
    const { unpublish: detach, ...others } = everyCall(stack, volumeId, snapshotId);
    assert.equal(await outcome(detach()), 'OK', 'the record is on the disk item, and pods must be able to move');
    for (const [name, call] of Object.entries(others)) {
      await refused(call(), 'UNAVAILABLE', found[trouble]).catch((error: unknown) => {
        throw new Error(`${name} while the pool is ${trouble}`, { cause: error });
      });
    }
  }
  trouble = 'none';
  assert.deepEqual(await inventory(stack.simulator), before);
  for (const call of Object.values(everyCall(stack, volumeId, snapshotId))) assert.equal(await outcome(call()), 'OK');
});

test('a volume whose image could not be attached at first is completed, with one object of the right size', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const source = await makeVolume(stack.controller, MiB);
  await write(stack, source, 0, pattern('source'));
  const snapshotId = await makeSnapshot(stack.controller, source);
  const half = Buffer.alloc(2 ** 20);
  for (const [extra, bytes] of [
    [{}, Buffer.concat([half, half])],
    [fromSnapshot(snapshotId), Buffer.concat([pattern('source'), half])],
    [fromVolume(source), Buffer.concat([pattern('source'), half])],
  ] as const) {
    for (const [times, target] of [
      [1, ATTACH],
      [1, MAKE],
      [3, ATTACH],
    ] as const) {
      const before = await inventory(stack.simulator);
      const request = volumeRequest(volumeName(), 2n * MiB, extra);
      faults.fail(target, times);
      await outcome(stack.controller.createVolume(request));
      faults.heal();
      const { volume } = await stack.controller.createVolume(request);
      assert.equal(volume?.capacityBytes, 2n * MiB);
      assert.equal((await inventory(stack.simulator)).length, before.length + 2);
      if (times === 3) assert.deepEqual(await readAll(stack, volume.volumeId), bytes);
    }
  }
});

test('a volume that cannot be made leaves nothing behind, and can be made when all is well again', async (t) => {
  const faults = new Faults();
  const { controller, simulator } = await startStack(t, { simulator: { hooks: faults.hooks } });
  const source = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, source);
  const before = await inventory(simulator);
  for (const extra of [{}, fromSnapshot(snapshotId), fromVolume(source)]) {
    const request = volumeRequest(volumeName(), MiB, extra);
    for (const target of [ATTACH, MAKE]) {
      faults.fail(target);
      await refused(controller.createVolume(request), 'UNAVAILABLE', /no luck today.*\[RDS-REFUSED\]$/);
      faults.heal();
      assert.deepEqual(await inventory(simulator), before);
    }
    const { volume } = await controller.createVolume(request);
    await controller.deleteVolume({ volumeId: volume?.volumeId ?? '' });
    assert.deepEqual(await inventory(simulator), before);
  }
});

test('when even the clean-up fails the answer is UNAVAILABLE, and a retry completes what is there', async (t) => {
  const faults = new Faults();
  const { controller, simulator } = await startStack(t, { simulator: { hooks: faults.hooks } });
  const request = volumeRequest(volumeName(), MiB);
  faults.fail(ATTACH);
  faults.fail(REMOVE);
  await refused(controller.createVolume(request), 'UNAVAILABLE', /\[DRV-LEFTOVER\]$/);
  assert.equal(subvolumes(simulator).length, 1);
  faults.heal();
  const { volume } = await controller.createVolume(request);
  assert.equal(volume?.capacityBytes, MiB);
  assert.equal((await inventory(simulator)).length, 2);
});

test('an RDS that cannot grow images says OUT_OF_RANGE to a larger restore, and nothing is left of it', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const { controller, simulator } = stack;
  const source = await makeVolume(controller, MiB);
  await write(stack, source, 0, pattern('source'));
  const snapshotId = await makeSnapshot(controller, source);
  const before = await inventory(simulator);
  faults.fail(GROW);
  for (const extra of [fromSnapshot(snapshotId), fromVolume(source)]) {
    await refused(
      makeVolume(controller, 2n * MiB, extra),
      'OUT_OF_RANGE',
      /exactly the size of the source.*\[RC-GROW\]$/,
    );
    assert.deepEqual(await inventory(simulator), before);
  }
  const expand = { volumeId: source, capacityRange: { requiredBytes: 2n * MiB } };
  await refused(controller.controllerExpandVolume(expand), 'OUT_OF_RANGE');
  const same = await makeVolume(controller, MiB, fromSnapshot(snapshotId));
  assert.deepEqual(await readAll(stack, same), pattern('source'));
  assert.deepEqual(await readAll(stack, source), pattern('source'));
});

test('a snapshot or an expansion that the RDS refuses once is done at the second attempt', async (t) => {
  const faults = new Faults();
  const { controller, simulator } = await startStack(t, { simulator: { hooks: faults.hooks } });
  const volumeId = await makeVolume(controller, MiB);
  faults.fail(MAKE, 1);
  await makeSnapshot(controller, volumeId);
  faults.fail(MAKE);
  await refused(
    makeSnapshot(controller, volumeId),
    'FAILED_PRECONDITION',
    /^rds1:snap-\S+: the RDS refused to take the snapshot, so there is none: failure: no luck today\. (?!.*Retrying).*\[DRV-NOSNAP\]$/,
  );
  assert.equal(subvolumes(simulator).length, 2);
});

test('a delete that stops half-way is UNAVAILABLE, and the next one finishes it', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB);
  await write(stack, volumeId, 0, pattern('still there'));
  const snapshotId = await makeSnapshot(controller, volumeId);
  faults.fail(REMOVE);
  await refused(controller.deleteVolume({ volumeId }), 'UNAVAILABLE');
  await refused(controller.deleteSnapshot({ snapshotId }), 'UNAVAILABLE');
  faults.heal();
  assert.equal(subvolumes(simulator).length, 2);
  const { nqn = '' } = await publish(controller, volumeId);
  const bytes = await stack.api.read(nqn, { offset: 0, length: 2 ** 20 });
  assert.deepEqual(bytes, pattern('still there'), 'until then it can be used');
  await unpublish(controller, volumeId);
  await controller.deleteVolume({ volumeId });
  await controller.deleteSnapshot({ snapshotId });
  assert.deepEqual(await inventory(simulator), []);
});

test('a publication that the RDS refuses is none, and the next attempt succeeds', async (t) => {
  const faults = new Faults();
  const { controller } = await startStack(t, { simulator: { hooks: faults.hooks } });
  const volumeId = await makeVolume(controller, MiB);
  faults.fail({ path: '/disk', command: 'set' });
  await refused(publish(controller, volumeId), 'UNAVAILABLE');
  faults.heal();
  assert.deepEqual((await controller.controllerGetVolume({ volumeId })).status?.publishedNodeIds, []);
  await publish(controller, volumeId);
  faults.fail({ path: '/disk', command: 'set' });
  await refused(unpublish(controller, volumeId), 'UNAVAILABLE');
  faults.heal();
  assert.equal((await controller.controllerGetVolume({ volumeId })).status?.publishedNodeIds.length, 1);
  await unpublish(controller, volumeId);
});

test('after a router reset lost the disk items, each call that needs one attaches it again with its bytes', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const request = volumeRequest(volumeName(), MiB);
  const volumeId = `rds1:${request.name}`;
  await controller.createVolume(request);
  await write(stack, volumeId, 0, pattern('kept'));
  const capacityRange = { requiredBytes: 2n * MiB };
  const calls = {
    publish: () => publish(controller, volumeId),
    snapshot: () => makeSnapshot(controller, volumeId),
    expand: () => controller.controllerExpandVolume({ volumeId, capacityRange }),
    'create again': () => controller.createVolume(request),
  };
  for (const [name, call] of Object.entries(calls)) {
    await change(simulator, '/disk remove [find where type=file]');
    const { volume, status } = await controller.controllerGetVolume({ volumeId });
    assert.deepEqual([volume?.volumeId, status?.publishedNodeIds], [volumeId, []]);
    await unpublish(controller, volumeId);
    await call();
    assert.equal((await slots(simulator)).length, 1, name);
    await unpublish(controller, volumeId);
    assert.deepEqual((await readAll(stack, volumeId)).subarray(0, 2 ** 20), pattern('kept'), name);
  }
  await change(simulator, '/disk remove [find where type=file]');
  await refused(
    makeVolume(controller, 2n * MiB, fromVolume(volumeId)),
    'FAILED_PRECONDITION',
    /source rds1:pvc-\S+ is lost.*\[RC-NODISK\]$/,
  );
  await controller.deleteVolume({ volumeId });
  assert.equal(subvolumes(simulator).length, 1, 'the snapshot');
});

test('a life cycle in which every call meets a new process is like any other', async (t) => {
  const stack = await startStack(t);
  const { api } = stack;
  const next = () => stack.anotherController();
  const volumeId = await makeVolume(await next(), MiB);
  const { nqn = '' } = await publish(await next(), volumeId);
  await api.write(nqn, 0, pattern('kept'));
  const snapshotId = await makeSnapshot(await next(), volumeId);
  await unpublish(await next(), volumeId);
  const restored = await makeVolume(await next(), 2n * MiB, fromSnapshot(snapshotId));
  await (await next()).controllerExpandVolume({ volumeId: restored, capacityRange: { requiredBytes: 3n * MiB } });
  await (await next()).deleteVolume({ volumeId });
  await (await next()).deleteSnapshot({ snapshotId });
  const bytes = await readAll(stack, restored);
  assert.deepEqual(bytes, Buffer.concat([pattern('kept'), Buffer.alloc(2 * 2 ** 20)]));
  await (await next()).deleteVolume({ volumeId: restored });
  assert.deepEqual(await inventory(stack.simulator), []);
});
