/** A snapshot that survives its RDS: copies on a second one, and restores there. Two simulated RDS, over SSH and gRPC. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, outcome, refused, volumeName } from '../support/calls.ts';
import { change, look } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { type ReplicaPairOptions, type ReplicaStack, startReplicaPair } from '../support/replica-pair.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';

const NEAR = { parameters: { backend: 'rds1', pool: 'pool' } };
const FAR = { parameters: { backend: 'rds2', pool: 'copies' } };
const RECEIVED = { path: '/disk/btrfs/transfer', command: 'receive' };
const BYTES = 4n * MiB;

/** A volume on the first RDS with something in it, and a snapshot of it. */
async function withSnapshot(t: TestContext, options: ReplicaPairOptions = {}) {
  const stack = await startReplicaPair(t, options);
  const volumeId = await makeVolume(stack.controller, BYTES, NEAR);
  await write(stack, volumeId, 0, pattern('first', 2 * 1024 ** 2));
  return { stack, volumeId, snapshotId: await makeSnapshot(stack.controller, volumeId) };
}

/** One claim on the second RDS, for as many calls as it takes. */
function claim({ controller }: ReplicaStack, snapshotId: string, where = FAR) {
  const request = volumeRequest(volumeName(), BYTES, { ...fromSnapshot(snapshotId), ...where });
  return () => controller.createVolume(request);
}

/** Makes the claim as external-provisioner does, and reads what it holds. */
async function restore(stack: ReplicaStack, snapshotId: string): Promise<Buffer> {
  const call = claim(stack, snapshotId);
  await until(async () => {
    const code = await outcome(call());
    assert.ok(code === 'OK' || code === 'ABORTED' || code === 'UNAVAILABLE', code);
    return code === 'OK';
  }, 30_000);
  const { volume } = await call();
  const source = volume?.contentSource?.type;
  assert.equal(source?.case === 'snapshot' && source.value.snapshotId, snapshotId);
  return await readAll({ simulator: stack.far, api: stack.farApi }, volume?.volumeId ?? '');
}

/** The id of the copy. */
const onFar = (snapshotId: string) => snapshotId.replace('rds1:', 'rds2:');

test('snapshots are copied in the background, incrementally, and restored on the other RDS when the first one is dead', async (t) => {
  const { stack, volumeId } = await withSnapshot(t, { idleMs: 20 });
  const received = async () => Number(await look(stack.far, ':put [/disk/btrfs/transfer get ([find]->0) bytes]'));
  await stack.copied(1);
  const whole = await received();
  assert.ok(whole > 2 * 1024 ** 2, `${whole}`);
  await write(stack, volumeId, 0, pattern('second', 4096));
  const second = await makeSnapshot(stack.controller, volumeId);
  await stack.copied(2);
  const little = await received();
  assert.ok(little > 4096 && little < whole / 10, `${little} of ${whole}`);
  const expected = await readAll(stack, volumeId);
  await stack.simulator.close();
  assert.ok((await restore(stack, second)).equals(expected));
});

test('a snapshot was not sent before the next look at all of them, a minute later', async (t) => {
  const { stack, volumeId } = await withSnapshot(t, { idleMs: 3_600_000 });
  await stack.copied(1);
  await Promise.all(Array.from({ length: 8 }, () => makeSnapshot(stack.controller, volumeId)));
  await stack.copied(9);
});

test('a restore on the other RDS is ABORTED with the progress until the snapshot has arrived', async (t) => {
  const { stack, volumeId, snapshotId } = await withSnapshot(t);
  const stall = stack.far.faults.arm({
    kind: 'stall',
    at: { ...RECEIVED, nth: 8 },
    ms: 'untilReleased',
    disconnect: false,
  });
  const call = claim(stack, snapshotId);
  await refused(call(), 'ABORTED', /the snapshot is being sent to the backend of the StorageClass.*\[DRV-SENDING\]$/);
  await until(async () => stall.standing === 1);
  await until(async () => {
    const told = await call().catch(({ details }: { details?: string }) => details ?? '');
    return /being sent to the backend of the StorageClass, [\d.]+ [KM]iB so far\. .*\[DRV-SENDING\]$/.test(`${told}`);
  });
  assert.deepEqual(
    stack.copies().filter((name) => name.startsWith('pvc-')),
    [],
  );
  stall.release();
  assert.ok((await restore(stack, snapshotId)).equals(await readAll(stack, volumeId)));
});

test('what was restored is found again when its copy and the first RDS have gone', async (t) => {
  const { stack, snapshotId } = await withSnapshot(t, { idleMs: 20 });
  await stack.copied(1);
  const call = claim(stack, snapshotId);
  const { volume } = await call();
  await stack.simulator.close();
  await stack.controller.deleteSnapshot({ snapshotId: onFar(snapshotId) });
  assert.equal((await call()).volume?.volumeId, volume?.volumeId);
});

test('a size below that of the copy, and another pool than the one it is in, are refused as for any restore', async (t) => {
  const { stack, snapshotId } = await withSnapshot(t, { idleMs: 20 });
  await stack.copied(1);
  const elsewhere = claim(stack, snapshotId, { parameters: { backend: 'rds2', pool: 'other' } });
  await refused(elsewhere(), 'INVALID_ARGUMENT', /the source is in pool copies .*\[RC-ELSEWHERE\]$/);
  const request = volumeRequest(volumeName(), MiB, { ...fromSnapshot(snapshotId), ...FAR });
  await refused(stack.controller.createVolume(request), 'OUT_OF_RANGE', /\[RC-SMALL\]$/);
  const larger = volumeRequest(volumeName(), 2n * BYTES, { ...fromSnapshot(snapshotId), ...FAR });
  assert.equal((await stack.controller.createVolume(larger)).volume?.capacityBytes, 2n * BYTES);
});

test('where neither has the snapshot, the refusal says who was asked', async (t) => {
  const { stack, snapshotId } = await withSnapshot(t);
  await stack.controller.deleteSnapshot({ snapshotId });
  const words = /rds1 has no such snapshot, rds2\/copies no copy of it.*\[DRV-NOCOPY\]$/;
  await refused(claim(stack, snapshotId)(), 'NOT_FOUND', words);
  await stack.simulator.close();
  await refused(
    claim(stack, snapshotId)(),
    'UNAVAILABLE',
    /the backend of the original cannot be asked.*\[DRV-NOORIGINAL\]$/,
  );
});

test('without a replica a restore on another backend is refused, with a word on how it could be had', async (t) => {
  const { stack, snapshotId } = await withSnapshot(t, { replica: false });
  await refused(
    claim(stack, snapshotId)(),
    'INVALID_ARGUMENT',
    /when their pool has a replica there.*\[DRV-ELSEWHERE\]$/,
  );
});

test('the id on the other backend names the copy: it is read, restored from and deleted, and never the original', async (t) => {
  const { stack, volumeId, snapshotId } = await withSnapshot(t);
  const { controller } = stack;
  const copyId = onFar(snapshotId);
  assert.equal(await outcome(controller.getSnapshot({ snapshotId: copyId })), 'NOT_FOUND', 'before it is there');
  const expected = await readAll(stack, volumeId);
  assert.ok((await restore(stack, snapshotId)).equals(expected));
  const [original, copy] = await Promise.all(
    [snapshotId, copyId].map(async (id) => (await controller.getSnapshot({ snapshotId: id })).snapshot),
  );
  assert.deepEqual([copy?.sizeBytes, copy?.creationTime], [original?.sizeBytes, original?.creationTime]);
  assert.equal((await controller.listSnapshots({ snapshotId: copyId })).entries.length, 1);
  assert.deepEqual(
    (await controller.listSnapshots({})).entries.map(({ snapshot }) => snapshot?.snapshotId),
    [snapshotId],
    'a full list tells no copies',
  );
  assert.ok((await restore(stack, copyId)).equals(expected));

  for (let time = 0; time < 2; time += 1) await controller.deleteSnapshot({ snapshotId: copyId });
  assert.equal(await outcome(controller.getSnapshot({ snapshotId: copyId })), 'NOT_FOUND');
  assert.equal(await outcome(controller.getSnapshot({ snapshotId })), 'OK', 'the original stays');
});

test('the original, its volume and the copy are deleted in any order, and none takes another with it', async (t) => {
  const { stack, volumeId, snapshotId } = await withSnapshot(t, { idleMs: 20 });
  const { controller } = stack;
  await stack.copied(1);
  const expected = await readAll(stack, volumeId);
  for (let time = 0; time < 2; time += 1) await controller.deleteSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId });
  assert.equal(await outcome(controller.getSnapshot({ snapshotId })), 'NOT_FOUND');
  assert.ok((await restore(stack, snapshotId)).equals(expected), 'from the copy, though the original is gone');
  await controller.deleteSnapshot({ snapshotId: onFar(snapshotId) });
  await refused(claim(stack, snapshotId)(), 'NOT_FOUND', /\[DRV-NOCOPY\]$/);
});

test('what a transfer left that was cut off is removed, and the snapshot sent again', async (t) => {
  const { stack, volumeId, snapshotId } = await withSnapshot(t);
  stack.far.faults.arm({ kind: 'drop', at: { ...RECEIVED, nth: 8 }, when: 'before', scriptRunsOn: false });
  const told: string[] = [];
  const observer = {
    failed: (_pair: unknown, _name: string, why: string) => void told.push(why),
    discarded: () => void told.push('discarded'),
    copied: () => void told.push('copied'),
  };
  let now = 0;
  const replicator = await stack.replicator({ observer, now: () => now });
  const pass = () => replicator.pass({ signal: AbortSignal.timeout(20_000) });
  const half = () => stack.copies().filter((name) => name.startsWith('snap-')).length;
  await until(async () => (await pass()) && told.length === 2);
  assert.deepEqual(told, ['ssh: connection lost', 'discarded']);
  assert.equal(half(), 0);
  await pass();
  assert.equal(await stack.transfers(), '', 'it is left alone for a while');
  now += 60_000;
  await until(async () => (await pass()).missing.length === 0);
  assert.deepEqual(told.slice(2), ['copied']);
  assert.ok((await restore(stack, snapshotId)).equals(await readAll(stack, volumeId)));
});

test('what someone keeps under the name of a copy is left alone, and named', async (t) => {
  const { stack, snapshotId } = await withSnapshot(t);
  const name = stack.simulator.device.pools()[0]?.subvolumes.find((one) => one.startsWith('snap-')) ?? '';
  await change(stack.far, `/disk/btrfs/subvolume add fs=copies name=mine`);
  await change(stack.far, `/disk/btrfs/subvolume add fs=copies parent=mine name="${name}" read-only=yes`);
  await refused(
    claim(stack, snapshotId)(),
    'FAILED_PRECONDITION',
    /something else has the name of the copy.*\[DRV-TAKEN\]$/,
  );
  assert.ok(stack.copies().includes(name));
});

test('what looks like a half, on an RDS that has the volume, stays and does not hold up the others', async (t) => {
  const { stack, volumeId } = await withSnapshot(t);
  await makeSnapshot(stack.controller, volumeId);
  const [volume = '', snapshot = ''] = (stack.simulator.device.pools()[0]?.subvolumes ?? []).filter((one) =>
    /^(pvc|snap)-/.test(one),
  );
  for (const name of [volume, snapshot]) await change(stack.far, `/disk/btrfs/subvolume add fs=copies name="${name}"`);
  const replicator = await stack.replicator({});
  const pass = () => replicator.pass({ signal: AbortSignal.timeout(20_000) });
  await until(async () => (await pass()).missing.length === 1);
  const { taken, copies } = await pass();
  assert.deepEqual([taken.map(({ name }) => name), copies], [[snapshot], 1]);
  assert.ok(stack.copies().includes(snapshot));
});

test('a list that failed is no empty list: nothing is sent, and nothing removed', async (t) => {
  let now = 0;
  const { stack, volumeId } = await withSnapshot(t, { keep: '1h' });
  const expired: string[] = [];
  const observer = { expired: (_: unknown, { name }: { name: string }) => void expired.push(name) };
  const replicator = await stack.replicator({ now: () => now, observer });
  const pass = () => replicator.pass({ signal: AbortSignal.timeout(20_000) });
  await until(async () => (await pass()).newestCopy !== undefined);
  await makeSnapshot(stack.controller, volumeId);
  const before = stack.copies();
  for (const [simulator, pool] of [
    [stack.simulator, 'pool'],
    [stack.far, 'copies'],
  ] as const) {
    simulator.faults.setPool({ pool, mounted: false });
    now += 10 * 3_600_000;
    await assert.rejects(pass(), /\[RC-POOL\]$/);
    simulator.faults.setPool({ pool, mounted: true });
    assert.deepEqual([stack.copies(), await stack.transfers()], [before, '']);
  }
  assert.deepEqual(expired, []);
});

test('a copy goes when its original has been gone for as long as configured, and never the last one of a volume that exists', async (t) => {
  let now = 0;
  const { stack, volumeId, snapshotId } = await withSnapshot(t, { keep: '1h' });
  const { controller } = stack;
  const replicator = await stack.replicator({ now: () => now });
  const pass = () => replicator.pass({ signal: AbortSignal.timeout(20_000) });
  const other = await makeVolume(controller, BYTES, NEAR);
  await makeSnapshot(controller, other);
  const second = await makeSnapshot(controller, volumeId);
  await until(async () => (await pass()).missing.length === 0);
  const has = (id: string) => stack.copies().some((name) => name.startsWith(id.slice('rds1:'.length)));

  await controller.deleteSnapshot({ snapshotId });
  await controller.deleteSnapshot({ snapshotId: second });
  await pass();
  now += 3_599_999;
  await pass();
  assert.ok(has(snapshotId) && has(second), 'not before its time');
  now += 1;
  for (let time = 0; time < 3; time += 1) await pass();
  assert.notEqual(has(snapshotId), has(second), 'the last one of a volume that exists stays');
  await controller.deleteVolume({ volumeId });
  now += 3_600_000;
  await pass();
  assert.ok(!has(snapshotId) && !has(second));
});

test('two controllers at once copy each snapshot once', async (t) => {
  const stack = await startReplicaPair(t, { idleMs: 20 });
  await stack.anotherController();
  const volumeId = await makeVolume(stack.controller, BYTES, NEAR);
  for (let number = 1; number <= 4; number += 1) {
    await write(stack, volumeId, 0, pattern(`${number}`, 4096));
    await makeSnapshot(stack.controller, volumeId);
  }
  await stack.copied(4);
  assert.equal(stack.copies().filter((name) => name.startsWith('snap-')).length, 4);
});

test('a claim waited forever without a reason, since another process removed each transfer that had failed', async (t) => {
  const { stack, snapshotId } = await withSnapshot(t, { key: false });
  const call = claim(stack, snapshotId);
  await refused(call(), 'ABORTED', /\[DRV-SENDING\]$/);
  await until(async () => (await stack.transfers()).endsWith('authentication failed'));
  await change(stack.simulator, '/disk/btrfs/transfer remove [find]');
  await refused(call(), 'UNAVAILABLE', /failed: it ended without a word, and the copy is not whole.*\[DRV-TRANSFER\]$/);
  await until(async () => (await stack.transfers()).endsWith('authentication failed'));
  await refused(call(), 'UNAVAILABLE', /\[DRV-TRANSFER\]$/);
  await change(stack.simulator, '/disk/btrfs/transfer remove [find]');
  await refused(call(), 'UNAVAILABLE', /failed: ssh: authentication failed.*\[DRV-TRANSFER\]$/);
});

test('two pools that are the replicas of each other send what was made there, and no copies back', async (t) => {
  const stack = await startReplicaPair(t, { idleMs: 20, bothWays: true });
  const { controller, simulator } = stack;
  const here = await makeSnapshot(controller, await makeVolume(controller, BYTES, NEAR));
  const there = await makeSnapshot(controller, await makeVolume(controller, BYTES, FAR));
  const snapshotsOn = (pools: typeof simulator) =>
    (pools.device.pools()[0]?.subvolumes ?? []).filter((name) => name.startsWith('snap-')).toSorted();
  await until(async () => snapshotsOn(simulator).length === 2 && snapshotsOn(stack.far).length === 2);
  await until(async () => (await stack.transfers()) === '');
  assert.deepEqual(snapshotsOn(simulator), snapshotsOn(stack.far));
  for (const snapshotId of [here, there, onFar(here), there.replace('rds2:', 'rds1:')])
    assert.equal(await outcome(controller.getSnapshot({ snapshotId })), 'OK', snapshotId);
  await controller.deleteSnapshot({ snapshotId: there });
  assert.equal(await outcome(controller.getSnapshot({ snapshotId: there.replace('rds2:', 'rds1:') })), 'OK');
});
