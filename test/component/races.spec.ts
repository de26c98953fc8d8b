import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  MiB,
  makeSnapshot,
  makeVolume,
  node,
  outcome,
  publish,
  refused,
  snapshotName,
  unpublish,
  volumeName,
} from '../support/calls.ts';
import { change, inventory, subvolumes } from '../support/console.ts';
import { Faults, type StatementMatch } from '../support/faults.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { twoPools } from '../support/pools.ts';
import { fromSnapshot, fromVolume, sharedBlock, volumeRequest } from '../support/requests.ts';
import { type StackOptions, startStack } from '../support/stack.ts';

const MAKE = { path: '/disk/btrfs/subvolume', command: 'add' };
const REMOVE = { path: '/disk/btrfs/subvolume', command: 'remove' };
const ATTACH = { path: '/disk', command: 'add' };
const DETACH = { path: '/disk', command: 'remove' };
const LOOK = { path: '/disk/btrfs/subvolume', command: 'print' };
const FIND = { path: '/disk', command: 'find' };
/** The record of who has the volume. */
const CLAIM = { path: '/disk', command: 'set', text: 'comment=' };

/** Two controller processes on one RDS, and the means to let their scripts meet. */
async function startTwo(t: TestContext, options: StackOptions = {}) {
  const faults = new Faults();
  const stack = await startStack(t, { ...options, simulator: { ...options.simulator, hooks: faults.hooks } });
  return { ...stack, faults, one: stack.controller, two: await stack.anotherController() };
}

for (const meeting of [[MAKE, MAKE], [ATTACH, ATTACH], [MAKE, ATTACH], []]) {
  const where = meeting.map(({ path, command }) => `${path} ${command}`).join(' and ') || 'nowhere in particular';
  test(`two processes make the same volume at once, meeting at ${where}: both get it, there is one`, async (t) => {
    const stack = await startTwo(t);
    const { one, two, faults, simulator } = stack;
    const source = await makeVolume(one, MiB);
    await write(stack, source, 0, pattern('source'));
    const snapshotId = await makeSnapshot(one, source);
    for (const extra of [{}, fromSnapshot(snapshotId), fromVolume(source)]) {
      const before = await inventory(simulator);
      const request = volumeRequest(volumeName(), 2n * MiB, extra);
      faults.meet(...meeting);
      const [first, second] = await Promise.all([one.createVolume(request), two.createVolume(request)]);
      faults.heal();
      assert.deepEqual(first, second);
      assert.equal(first.volume?.capacityBytes, 2n * MiB);
      assert.equal((await inventory(simulator)).length, before.length + 2);
    }
  });
}

test('two processes take the same snapshot at once: both get the same answer, there is one', async (t) => {
  const { one, two, faults, simulator } = await startTwo(t);
  const sourceVolumeId = await makeVolume(one, MiB);
  for (const elapsed of [0, 1500]) {
    const request = { name: snapshotName(), sourceVolumeId };
    faults.meet(MAKE, MAKE);
    const now = Date.now();
    const late = one.createSnapshot(request);
    // The names of the two differ by the time of the call.
    t.mock.timers.enable({ apis: ['Date'], now: now + elapsed });
    const [first, second] = await Promise.all([late, two.createSnapshot(request)]);
    t.mock.timers.reset();
    faults.heal();
    assert.deepEqual(first, second);
    assert.equal(subvolumes(simulator).filter((name) => name.startsWith(`${request.name}-`)).length, 1);
    assert.deepEqual(
      (await one.getSnapshot({ snapshotId: first.snapshot?.snapshotId ?? '' })).snapshot,
      first.snapshot,
    );
  }
});

for (const [what, sizes] of [
  ['two different requests', [MiB, 2n * MiB]],
  // In RouterOS's words 10485760 begins with 1048576, as the name of a copy by hand begins with that of its original.
  ['two requests of which one asks for ten times as much', [10n * MiB, MiB]],
] as const) {
  test(`of ${what} for one name one wins, the other is ALREADY_EXISTS, and one volume is left`, async (t) => {
    const { one, two, faults, simulator } = await startTwo(t);
    for (const meeting of [[MAKE, MAKE], [MAKE, ATTACH], []]) {
      const name = volumeName();
      const before = await inventory(simulator);
      faults.meet(...meeting);
      const ends = await Promise.all([
        outcome(one.createVolume(volumeRequest(name, sizes[0]))),
        outcome(two.createVolume(volumeRequest(name, sizes[1]))),
      ]);
      faults.heal();
      assert.deepEqual(ends.toSorted(), ['ALREADY_EXISTS', 'OK'].toSorted(), `${meeting.length}`);
      assert.equal((await inventory(simulator)).length, before.length + 2);
      const { volume } = await one.controllerGetVolume({ volumeId: `rds1:${name}` });
      assert.equal(volume?.capacityBytes, sizes[ends[0] === 'OK' ? 0 : 1]);
    }
  });
}

test('of two requests for one name in two pools both were answered, and an empty subvolume was left', async (t) => {
  const { one, two, faults, simulator } = await startTwo(t, twoPools);
  for (const meeting of [[MAKE, MAKE], [MAKE, ATTACH], [ATTACH, ATTACH], []]) {
    const name = volumeName();
    const before = await inventory(simulator);
    faults.meet(...meeting);
    const ask = (controller: typeof one, pool: string) =>
      outcome(controller.createVolume(volumeRequest(name, MiB, { parameters: { pool } })));
    const ends = await Promise.all([ask(one, 'pool'), ask(two, 'cold')]);
    faults.heal();
    assert.deepEqual(ends.toSorted(), ['ALREADY_EXISTS', 'OK'], `${meeting.length}`);
    assert.equal((await inventory(simulator)).length, before.length + 2);
    assert.deepEqual([await ask(one, 'pool'), await ask(two, 'cold')], ends, 'the same again');
  }
});

test('of two sources for one snapshot name one wins, and one snapshot is left', async (t) => {
  const { one, two, faults, simulator } = await startTwo(t);
  const [a, b] = [await makeVolume(one, MiB), await makeVolume(one, MiB)];
  const name = snapshotName();
  faults.meet(MAKE, MAKE);
  const ends = await Promise.all([
    outcome(one.createSnapshot({ name, sourceVolumeId: a })),
    outcome(two.createSnapshot({ name, sourceVolumeId: b })),
  ]);
  assert.deepEqual(ends.toSorted(), ['ALREADY_EXISTS', 'OK']);
  assert.equal(subvolumes(simulator).filter((subvolume) => subvolume.startsWith(`${name}-`)).length, 1);
  const { snapshot } = await one.getSnapshot({ snapshotId: `rds1:${name}` });
  assert.equal(snapshot?.sourceVolumeId, ends[0] === 'OK' ? a : b);
});

test('a volume published to two nodes at once ends at one of them at most', async (t) => {
  const { one, two, faults } = await startTwo(t);
  const volumeId = await makeVolume(one, MiB);
  faults.meet(CLAIM, CLAIM);
  const ends = await Promise.all([outcome(publish(one, volumeId, node(1))), outcome(publish(two, volumeId, node(2)))]);
  faults.heal();
  const winners = [node(1), node(2)].filter((_, index) => ends[index] === 'OK');
  assert.ok(winners.length <= 1, ends.join(', '));
  assert.ok(
    ends.every((end) => ['OK', 'ABORTED', 'FAILED_PRECONDITION'].includes(end)),
    ends.join(', '),
  );
  const { status } = await one.controllerGetVolume({ volumeId });
  const [owner = ''] = status?.publishedNodeIds ?? [];
  assert.equal(status?.publishedNodeIds.length, 1);
  if (winners.length === 1) assert.deepEqual(winners, [owner]);
  // What a sidecar does then: it asks again.
  const again = await Promise.all([outcome(publish(one, volumeId, node(1))), outcome(publish(two, volumeId, node(2)))]);
  assert.deepEqual(again.toSorted(), ['FAILED_PRECONDITION', 'OK']);
  assert.equal(again[owner === node(1) ? 0 : 1], 'OK');
});

/** Runs `first` until it is about to run the command, then all of `second`, then the rest of `first`. */
async function between(
  faults: Faults,
  target: StatementMatch,
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
) {
  const gate = faults.hold(target);
  const running = outcome(first());
  await gate.reached;
  const end = await outcome(second());
  gate.release();
  return [await running, end] as const;
}

/** What a statement looks at last, when it has found what it is going to change. */
const IN_TIME = { path: '/system/package', command: 'find' };

test('a volume was published to two nodes, since the RDS held up the record of one for longer than anyone waits', async (t) => {
  const stack = await startTwo(t);
  const { one, two, faults } = stack;
  const volumeId = await makeVolume(one, MiB);
  let nqn = '';
  const ends = await between(
    faults,
    IN_TIME,
    () => publish(one, volumeId, node(1)),
    async () => ({ nqn = '' } = await publish(two, volumeId, node(2))),
  );
  assert.deepEqual(ends, ['FAILED_PRECONDITION', 'OK']);
  assert.equal((await stack.api.namespace(nqn)).size, Number(MiB), 'the second node keeps what it was answered');
});

test('a volume was published to two nodes, since the RDS held up the export to one until it was taken from it', async (t) => {
  const { one, two, faults } = await startTwo(t);
  const volumeId = await makeVolume(one, MiB);
  faults.before(IN_TIME, () => undefined);
  const move = () => unpublish(two, volumeId, node(1)).then(() => publish(two, volumeId, node(2)));
  assert.deepEqual(await between(faults, IN_TIME, () => publish(one, volumeId, node(1)), move), ['ABORTED', 'OK']);
});

/** What someone does whom RC-EXPORTED asks to. */
const TURN_OFF = '/disk set [find where type=file] nvme-tcp-export=no';

for (const [what, nth] of [
  ['turning the export off', 1],
  ['cutting the record', 2],
] as const) {
  test(`the end of a publication was held up before ${what}, and two nodes got the volume`, async (t) => {
    const { one, two, faults, simulator } = await startTwo(t);
    const volumeId = await makeVolume(one, MiB);
    await publish(one, volumeId, node(1));
    for (let skipped = 1; skipped < nth; skipped += 1) faults.before(IN_TIME, () => undefined);
    const move = () => unpublish(two, volumeId, node(1)).then(() => publish(two, volumeId, node(2)));
    assert.deepEqual(await between(faults, IN_TIME, () => unpublish(one, volumeId, node(1)), move), ['OK', 'OK']);
    await unpublish(one, volumeId, node(1));
    await refused(publish(one, volumeId, node(3)), 'FAILED_PRECONDITION');
    await refused(two.deleteVolume({ volumeId }), 'FAILED_PRECONDITION');
    // Without its export the second node gets it again; without its record someone has to say that it is off.
    if (nth === 1) await publish(two, volumeId, node(2));
    await unpublish(two, volumeId, node(2));
    if (nth === 2) await change(simulator, TURN_OFF);
    await publish(one, volumeId, node(3));
  });
}

test('the end of a publication, whose record was written over that of the next node, took the export of that node', async (t) => {
  const stack = await startTwo(t);
  const { one, two, faults, simulator } = stack;
  const volumeId = await makeVolume(one, MiB);
  let nqn = '';
  const ends = await between(
    faults,
    IN_TIME,
    () => publish(one, volumeId, node(1)),
    async () => ({ nqn = '' } = await publish(two, volumeId, node(2))),
  );
  assert.deepEqual(ends, ['FAILED_PRECONDITION', 'OK']);
  await unpublish(two, volumeId, node(1));
  assert.equal((await stack.api.namespace(nqn)).size, Number(MiB), 'it is the export of the second node');
  await unpublish(two, volumeId, node(2));
  await refused(publish(one, volumeId, node(3)), 'FAILED_PRECONDITION', /nvme-tcp-export=no/);
  await change(simulator, TURN_OFF);
  await publish(one, volumeId, node(3));
});

test('a publication that was ended before it turned the export on left an export of no one', async (t) => {
  const { one, two, faults } = await startTwo(t);
  const volumeId = await makeVolume(one, MiB);
  faults.before(IN_TIME, () => undefined);
  const take = () => unpublish(two, volumeId, node(1));
  assert.deepEqual(await between(faults, IN_TIME, () => publish(one, volumeId, node(1)), take), ['ABORTED', 'OK']);
  await publish(two, volumeId, node(2));
});

for (const [whose, nodeId] of [
  ['a node', node(1)],
  ['every node', ''],
] as const) {
  test(`an export that was turned on while the end of the publication for ${whose} cut the record was no one's`, async (t) => {
    const { one, two, faults } = await startTwo(t);
    const volumeId = await makeVolume(one, MiB);
    const turnOn = faults.hold({ path: '/disk', command: 'set', text: 'nvme-tcp-export=yes' });
    const published = outcome(publish(one, volumeId, node(1)));
    await turnOn.reached;
    const cut = faults.hold(CLAIM);
    const ended = unpublish(two, volumeId, nodeId).then(() => 'OK');
    await cut.reached;
    turnOn.release();
    await published;
    cut.release();
    assert.equal(await ended, 'OK');
    await publish(two, volumeId, node(2));
  });
}

test('a deletion took the disk item of a volume that was deleted and recreated under its eyes', async (t) => {
  const { one, two, faults } = await startTwo(t);
  const request = volumeRequest(volumeName(), MiB);
  const volumeId = `rds1:${request.name}`;
  await one.createVolume(request);
  const again = () => two.deleteVolume({ volumeId }).then(() => two.createVolume(request));
  const guard = { path: '/disk/btrfs/filesystem', command: 'find' };
  const [, againEnd] = await between(faults, guard, () => one.deleteVolume({ volumeId }), again);
  assert.equal(againEnd, 'OK');
  const made = await outcome(two.controllerGetVolume({ volumeId }));
  assert.ok(made === 'NOT_FOUND' || (await outcome(publish(two, volumeId))) === 'OK', made);
});

test('two nodes that share a raw block volume are both recorded, or told to retry', async (t) => {
  const { one, two, faults } = await startTwo(t);
  const volumeId = await makeVolume(one, MiB);
  faults.meet(CLAIM, CLAIM);
  const share = (controller: typeof one, number: number) => publish(controller, volumeId, node(number), sharedBlock);
  const ends = await Promise.all([outcome(share(one, 1)), outcome(share(two, 2))]);
  faults.heal();
  const { status } = await one.controllerGetVolume({ volumeId });
  for (const [index, end] of ends.entries()) {
    if (end === 'OK') assert.ok(status?.publishedNodeIds.includes(node(index + 1)));
    else assert.equal(end, 'ABORTED');
  }
  await share(one, 1);
  await share(two, 2);
  const { status: both } = await one.controllerGetVolume({ volumeId });
  assert.deepEqual(both?.publishedNodeIds.toSorted(), [node(1), node(2)]);
});

test('a volume deleted and published at once is not both', async (t) => {
  const { one, two, faults, simulator } = await startTwo(t);
  const volumeId = await makeVolume(one, MiB);
  faults.meet(CLAIM, DETACH);
  const [published, deleted] = await Promise.all([
    outcome(publish(one, volumeId)),
    outcome(two.deleteVolume({ volumeId })),
  ]);
  faults.heal();
  assert.ok(published !== 'OK' || deleted !== 'OK');
  if (published === 'OK') await one.controllerUnpublishVolume({ volumeId, nodeId: node(1) });
  await one.deleteVolume({ volumeId });
  assert.deepEqual(await inventory(simulator), []);
});

test('a volume deleted while its snapshot is taken: a snapshot that was promised is whole', async (t) => {
  const stack = await startTwo(t);
  const { one, two, faults, simulator } = stack;
  for (const [target, takeFirst] of [
    [MAKE, true],
    [DETACH, false],
    [REMOVE, false],
  ] as const) {
    const volumeId = await makeVolume(one, MiB);
    await write(stack, volumeId, 0, pattern('kept'));
    const name = snapshotName();
    const take = () => one.createSnapshot({ name, sourceVolumeId: volumeId });
    const remove = () => two.deleteVolume({ volumeId });
    const ends = await between(faults, target, takeFirst ? take : remove, takeFirst ? remove : take);
    const [takeEnd, removeEnd] = takeFirst ? ends : ends.toReversed();
    assert.equal(takeEnd, takeFirst ? 'NOT_FOUND' : 'OK');
    assert.ok(removeEnd === 'OK' || removeEnd === 'UNAVAILABLE', removeEnd);
    await one.deleteVolume({ volumeId });
    if (takeEnd === 'OK') {
      const restored = await makeVolume(one, MiB, fromSnapshot(`rds1:${name}`));
      assert.deepEqual(await readAll(stack, restored), pattern('kept'));
      await one.deleteVolume({ volumeId: restored });
      await one.deleteSnapshot({ snapshotId: `rds1:${name}` });
    }
    assert.deepEqual(await inventory(simulator), []);
  }
});

for (const [when, target, looks] of [
  ['at the first look', LOOK, 1],
  ['when it had looked', { path: '/disk', command: 'get', text: ' free' }, 1],
  ['when it was to make it', MAKE, 1],
  ['at the second look', LOOK, 2],
] as const) {
  test(`what another process made before the source was deleted is found, though it was not there ${when}`, async (t) => {
    const { one, two, faults, simulator } = await startTwo(t);
    const meanwhile = async (first: () => Promise<unknown>, second: () => Promise<unknown>) => {
      for (let skipped = 1; skipped < looks; skipped += 1) faults.before(target, () => undefined);
      assert.deepEqual(await between(faults, target, first, second), ['OK', 'OK']);
    };
    const volumeId = await makeVolume(one, MiB);
    const name = snapshotName();
    const snapshotId = `rds1:${name}`;
    const take = { name, sourceVolumeId: volumeId };
    await meanwhile(
      () => one.createSnapshot(take),
      () => two.createSnapshot(take).then(() => two.deleteVolume({ volumeId })),
    );
    const restore = volumeRequest(volumeName(), MiB, fromSnapshot(snapshotId));
    await meanwhile(
      () => one.createVolume(restore),
      () => two.createVolume(restore).then(() => two.deleteSnapshot({ snapshotId })),
    );
    await two.deleteVolume({ volumeId: `rds1:${restore.name}` });
    assert.deepEqual(await inventory(simulator), []);
  });
}

test('a volume deleted while it grows is gone: that is no RDS that cannot grow images', async (t) => {
  const { one, two, faults, simulator } = await startTwo(t);
  const volumeId = await makeVolume(one, MiB);
  const [grown, removed] = await between(
    faults,
    { path: '/disk', command: 'set', text: 'file-size=' },
    () => one.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } }),
    () => two.deleteVolume({ volumeId }),
  );
  assert.deepEqual([grown, removed], ['NOT_FOUND', 'OK']);
  assert.deepEqual(await inventory(simulator), []);
});

test('a volume that another process grew further meanwhile has grown: that is no RDS that cannot grow images', async (t) => {
  const { one, two, faults } = await startTwo(t);
  const volumeId = await makeVolume(one, MiB);
  const growTo = (controller: typeof one, bytes: bigint) =>
    controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: bytes } });
  let capacityBytes = 0n;
  const ends = await between(
    faults,
    { path: '/disk', command: 'set', text: 'file-size=' },
    async () => {
      ({ capacityBytes } = await growTo(one, 3n * MiB));
    },
    () => growTo(two, 4n * MiB),
  );
  assert.deepEqual(ends, ['OK', 'OK']);
  assert.equal(capacityBytes, 4n * MiB);
});

test('an export that another process turned on between two looks is no export of a stranger', async (t) => {
  const { one, two, faults, simulator } = await startTwo(t);
  const look: StatementMatch = { path: '/disk', command: 'get', text: 'nvme-tcp-export' };
  const volumeId = await makeVolume(one, MiB);
  const publishOne = () => publish(one, volumeId);
  assert.deepEqual(await between(faults, look, publishOne, () => publish(two, volumeId)), ['ABORTED', 'OK']);
  await publishOne();
  await one.controllerUnpublishVolume({ volumeId, nodeId: node(1) });
  const remove = () => one.deleteVolume({ volumeId });
  assert.deepEqual(await between(faults, look, remove, () => publish(two, volumeId)), ['ABORTED', 'OK']);
  await two.controllerUnpublishVolume({ volumeId, nodeId: node(1) });
  await remove();
  assert.deepEqual(await inventory(simulator), []);
});

test("a disk item that a snapshot attached again during a delete is not taken for a stranger's", async (t) => {
  const stack = await startTwo(t);
  const { one, two, faults, simulator } = stack;
  const volumeId = await makeVolume(one, MiB);
  const name = snapshotName();
  const remove = () => two.deleteVolume({ volumeId });
  const take = () => one.createSnapshot({ name, sourceVolumeId: volumeId });
  const [removed, taken] = await between(faults, { ...FIND, text: 'file-path~' }, remove, take);
  assert.deepEqual([removed, taken], ['OK', 'OK'], 'the delete looks again, by itself');
  await two.deleteSnapshot({ snapshotId: `rds1:${name}` });
  assert.deepEqual(await inventory(simulator), []);
});

test('a snapshot deleted while it is restored: a restore that was promised is whole', async (t) => {
  const stack = await startTwo(t);
  const { one, two, faults, simulator } = stack;
  for (const [target, expected] of [
    [MAKE, 'NOT_FOUND'],
    [ATTACH, 'OK'],
  ] as const) {
    const volumeId = await makeVolume(one, MiB);
    await write(stack, volumeId, 0, pattern('kept'));
    const snapshotId = await makeSnapshot(one, volumeId);
    const request = volumeRequest(volumeName(), MiB, fromSnapshot(snapshotId));
    const ends = await between(
      faults,
      target,
      () => one.createVolume(request),
      () => two.deleteSnapshot({ snapshotId }),
    );
    assert.deepEqual(ends, [expected, 'OK']);
    if (expected === 'OK') {
      assert.deepEqual(await readAll(stack, `rds1:${request.name}`), pattern('kept'));
      await one.deleteVolume({ volumeId: `rds1:${request.name}` });
    }
    await one.deleteVolume({ volumeId });
    assert.deepEqual(await inventory(simulator), []);
  }
});

/** Where a script that looked for subvolumes has seen them, and has not yet looked at disk items. */
const SEEN = { path: '/disk/btrfs/filesystem', command: 'print' };

test('a deletion that had found nothing took the disk item of the volume that was made meanwhile', async (t) => {
  const { one, two, faults, simulator } = await startTwo(t);
  const request = volumeRequest(volumeName(), MiB);
  const remove = () => one.deleteVolume({ volumeId: `rds1:${request.name}` });
  const ends = await between(faults, SEEN, remove, () => two.createVolume(request));
  assert.deepEqual(ends, ['OK', 'OK']);
  assert.deepEqual(await inventory(simulator), [], 'what the deletion saw of it went as a whole');
});

test('a publication attached the image of a volume that was recreated, before there was one', async (t) => {
  const { one, two, faults } = await startTwo(t);
  const request = volumeRequest(volumeName(), MiB);
  const volumeId = `rds1:${request.name}`;
  await one.createVolume(request);
  const gate = faults.hold(SEEN);
  const published = outcome(publish(one, volumeId));
  await gate.reached;
  await two.deleteVolume({ volumeId });
  const made = faults.hold(ATTACH);
  const creation = two.createVolume(request);
  await made.reached;
  gate.release();
  assert.equal(await published, 'ABORTED');
  made.release();
  await creation;
  assert.equal((await publish(one, volumeId))['bytes'], `${MiB}`);
});

test('a publication attached and exported a volume without a size, and its creation failed forever', async (t) => {
  const { one, two, faults } = await startTwo(t);
  const request = volumeRequest(volumeName(), MiB);
  const volumeId = `rds1:${request.name}`;
  const made = faults.hold(ATTACH);
  const creation = outcome(one.createVolume(request));
  await made.reached;
  assert.equal(await outcome(publish(two, volumeId)), 'ABORTED');
  const { status } = await two.controllerGetVolume({ volumeId });
  assert.deepEqual(status?.publishedNodeIds, []);
  made.release();
  assert.equal(await creation, 'OK');
  assert.equal((await publish(one, volumeId))['bytes'], `${MiB}`);
});

test('a snapshot attached the image of a volume that was being deleted, and the next one of its id was refused forever', async (t) => {
  const { one, two, faults } = await startTwo(t);
  const source = await makeVolume(one, MiB);
  const request = volumeRequest(volumeName(), MiB);
  const sourceVolumeId = `rds1:${request.name}`;
  await one.createVolume({ ...request, ...fromVolume(source) });
  const take = () => one.createSnapshot({ name: snapshotName(), sourceVolumeId });
  const again = async () => {
    await two.deleteVolume({ volumeId: sourceVolumeId });
    await two.createVolume(request);
  };
  const [takeEnd, againEnd] = await between(faults, SEEN, take, again);
  assert.deepEqual([takeEnd, againEnd], ['OK', 'OK']);
  await publish(two, sourceVolumeId);
});

test('a disk item that was left of another volume of the id is taken away, and the new one is made', async (t) => {
  const { controller, simulator } = await startStack(t, { simulator: { quirks: ['removal-while-in-use'] } });
  const source = await makeVolume(controller, MiB);
  const request = volumeRequest(volumeName(), MiB);
  await controller.createVolume({ ...request, ...fromVolume(source) });
  await change(simulator, `/disk/btrfs/subvolume remove [find where name~"^${request.name}"]`);
  await controller.createVolume(request);
  await publish(controller, `rds1:${request.name}`);
});

test('what another process has completed is never rolled back by one that failed', async (t) => {
  const stack = await startTwo(t);
  const { one, two, faults } = stack;
  const request = volumeRequest(volumeName(), MiB);
  const volumeId = `rds1:${request.name}`;
  // The first process makes the subvolume, and before it can do more the second one completes the volume.
  const first = faults.hold(ATTACH);
  const failing = outcome(one.createVolume(request));
  await first.reached;
  await two.createVolume(request);
  await write(stack, volumeId, 0, pattern('in use'));
  // Whatever the first process reads or changes now fails, but for a clean-up.
  faults.fail({ path: '/disk', command: 'get' }, 2);
  first.release();
  assert.ok(['OK', 'UNAVAILABLE'].includes(await failing));
  faults.heal();
  assert.deepEqual(await readAll(stack, volumeId), pattern('in use'));
});

test('many different calls at once in one process each get their own answer', async (t) => {
  const { one, simulator } = await startTwo(t);
  const ids = await Promise.all(Array.from({ length: 20 }, () => makeVolume(one, MiB)));
  assert.equal(new Set(ids).size, 20);
  await Promise.all(ids.map((id) => makeSnapshot(one, id)));
  const { entries } = await one.listSnapshots({});
  assert.deepEqual(entries.map(({ snapshot }) => snapshot?.sourceVolumeId).toSorted(), ids.toSorted());
  await Promise.all(ids.map((volumeId) => one.deleteVolume({ volumeId })));
  await Promise.all(entries.map(({ snapshot }) => one.deleteSnapshot({ snapshotId: snapshot?.snapshotId ?? '' })));
  assert.deepEqual(await inventory(simulator), []);
});

test('a volume that grows while the same process takes a snapshot of it: the snapshot is whole, and so is what is restored from it', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks }, ssh: { maxInFlight: 4 } });
  const { controller } = stack;
  const sourceVolumeId = await makeVolume(controller, MiB);
  const gate = faults.hold(MAKE);
  const take = controller.createSnapshot({ name: snapshotName(), sourceVolumeId });
  await gate.reached;
  await controller.controllerExpandVolume({ volumeId: sourceVolumeId, capacityRange: { requiredBytes: 2n * MiB } });
  const content = pattern('grown', Number(2n * MiB));
  await write(stack, sourceVolumeId, 0, content);
  gate.release();
  const { snapshot } = await take;
  assert.equal(snapshot?.sizeBytes, MiB, 'as it was when the call began');
  const restored = await makeVolume(controller, MiB, fromSnapshot(snapshot.snapshotId));
  assert.ok((await readAll(stack, restored)).equals(content));
});

test('the same call many times at once in one process makes one volume', async (t) => {
  const { one, simulator } = await startTwo(t);
  const request = volumeRequest(volumeName(), MiB);
  const [first, ...others] = await Promise.all(Array.from({ length: 10 }, () => one.createVolume(request)));
  for (const other of others) assert.deepEqual(other, first);
  assert.equal(subvolumes(simulator).length, 1);
});

test('a second call on the same volume waits for the first, and gives up when its own time is over', async (t) => {
  const { one, faults, api } = await startTwo(t);
  const request = volumeRequest(volumeName(), MiB);
  const gate = faults.hold(ATTACH);
  const first = one.createVolume(request);
  await gate.reached;
  const execs = await api.execs();
  const volumeId = `rds1:${request.name}`;
  const impatient = await outcome(one.deleteVolume({ volumeId }, { timeoutMs: 50 }));
  assert.ok(['ABORTED', 'DEADLINE_EXCEEDED'].includes(impatient), impatient);
  const second = one.createVolume(request);
  const removal = one.deleteVolume({ volumeId });
  assert.equal(await api.execs(), execs, 'none of them has reached the RDS');
  gate.release();
  assert.deepEqual(await second, await first);
  await removal;
  await refused(one.controllerGetVolume({ volumeId }), 'NOT_FOUND');
});

test('a caller that goes away leaves a volume that its next call finds', async (t) => {
  const { one, faults, simulator } = await startTwo(t);
  const request = volumeRequest(volumeName(), MiB);
  const gate = faults.hold(ATTACH);
  const abort = new AbortController();
  const first = outcome(one.createVolume(request, { signal: abort.signal }));
  await gate.reached;
  abort.abort();
  assert.equal(await first, 'CANCELLED');
  gate.release();
  const { volume } = await one.createVolume(request);
  assert.equal(volume?.capacityBytes, MiB);
  assert.equal((await inventory(simulator)).length, 2);
});
