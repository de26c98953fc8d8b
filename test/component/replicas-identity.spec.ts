/** Which subvolume is the copy of a snapshot, where others have names like it. */
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
const BYTES = 4n * MiB;

/** A snapshot of a volume with something in it, as its id and its name. */
async function withSnapshot(t: TestContext, options: ReplicaPairOptions = {}) {
  const stack = await startReplicaPair(t, options);
  const volumeId = await makeVolume(stack.controller, BYTES, NEAR);
  await write(stack, volumeId, 0, pattern('first', 65_536));
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  const name = stack.simulator.device.pools()[0]?.subvolumes.find((one) => one.startsWith('snap-')) ?? '';
  return { stack, volumeId, snapshotId, name };
}

/** What an administrator does: a snapshot under another name, which is sent to the replica. */
async function sendAs(stack: ReplicaStack, source: string, other: string): Promise<void> {
  const { simulator, far } = stack;
  await change(simulator, `/disk/btrfs/subvolume add fs=pool parent="${source}" name="${other}" read-only=yes`);
  await change(far, '/disk/btrfs/transfer add type=receive fs=copies file=sata1');
  await change(
    simulator,
    `/disk/btrfs/transfer add type=send fs=pool send-subvolumes="${other}" ssh-address=127.0.0.1 ssh-port=${far.port} ssh-user=receive ssh-receive-mount=copies`,
  );
  const received = `:put [:len [/disk/btrfs/subvolume find where name="${other}" and read-only=yes]]`;
  await until(async () => (await look(far, received)) === '1' && (await stack.transfers()).endsWith(' done'));
  await change(simulator, '/disk/btrfs/transfer remove [find where type=send]');
}

const claim = ({ controller }: ReplicaStack, snapshotId: string) =>
  controller.createVolume(volumeRequest(volumeName(), BYTES, { ...fromSnapshot(snapshotId), ...FAR }));

for (const [what, digits] of [
  ['is no name of ours', '7'],
  ['is whole, too', '000000'],
] as const) {
  test(`a received snapshot whose name goes on behind that of a copy, and ${what}, is not taken for the copy, nor deleted with it`, async (t) => {
    const { stack, volumeId, snapshotId, name } = await withSnapshot(t);
    const mine = `${name}${digits}`;
    const expected = await readAll(stack, volumeId);
    await write(stack, volumeId, 0, pattern('second', 65_536));
    await sendAs(
      stack,
      stack.simulator.device.pools()[0]?.subvolumes.find((one) => one.startsWith('pvc-')) ?? '',
      mine,
    );
    const replicator = await stack.replicator({});
    await until(async () => {
      const { missing, sending } = await replicator.pass({ signal: AbortSignal.timeout(10_000) });
      return missing.length === 0 && sending === undefined;
    });
    assert.deepEqual(stack.copies().toSorted(), [name, mine].toSorted());
    const { volume } = await claim(stack, snapshotId);
    const restored = await readAll({ simulator: stack.far, api: stack.farApi }, volume?.volumeId ?? '');
    assert.ok(restored.equals(expected));
    const copyId = snapshotId.replace('rds1:', 'rds2:');
    await stack.controller.deleteSnapshot({ snapshotId: copyId });
    const left = stack.copies().filter((one) => one.startsWith('snap-'));
    assert.deepEqual(left, [mine]);
  });
}

test('a copy alone whose name is not whole is no copy: it is neither found, restored from nor deleted by its id', async (t) => {
  const { stack, snapshotId, name } = await withSnapshot(t);
  const mine = `${name}7`;
  await sendAs(stack, name, mine);
  await stack.controller.deleteSnapshot({ snapshotId });
  const copyId = snapshotId.replace('rds1:', 'rds2:');
  assert.equal(await outcome(stack.controller.getSnapshot({ snapshotId: copyId })), 'NOT_FOUND');
  await refused(claim(stack, copyId), 'NOT_FOUND', /\[RC-NOSRC\]$/);
  await stack.controller.deleteSnapshot({ snapshotId: copyId });
  assert.deepEqual(stack.copies(), [mine]);
});

test('a snapshot that was recreated under its id was restored from the copy of the earlier one', async (t) => {
  const { stack, volumeId, snapshotId, name } = await withSnapshot(t, { idleMs: 20 });
  const { controller } = stack;
  await stack.copied(1);
  await controller.deleteSnapshot({ snapshotId });
  await write(stack, volumeId, 0, pattern('second', 65_536));
  const expected = await readAll(stack, volumeId);
  // Names tell seconds.
  const second = Number(name.split('-').at(-2)) + 1;
  await until(async () => Date.now() >= second * 1000);
  const request = { name: snapshotId.slice('rds1:'.length), sourceVolumeId: volumeId };
  assert.equal((await controller.createSnapshot(request)).snapshot?.snapshotId, snapshotId);
  const restored = async (id: string) => {
    const wanted = volumeRequest(volumeName(), BYTES, { ...fromSnapshot(id), ...FAR });
    await until(async () => (await outcome(controller.createVolume(wanted))) === 'OK');
    const { volume } = await controller.createVolume(wanted);
    return await readAll({ simulator: stack.far, api: stack.farApi }, volume?.volumeId ?? '');
  };
  assert.ok((await restored(snapshotId)).equals(expected), 'before it is copied');
  await stack.copied(2);
  const copyId = snapshotId.replace('rds1:', 'rds2:');
  assert.ok((await restored(copyId)).equals(expected), 'by the id of the copy');
  await stack.simulator.close();
  assert.ok((await restored(snapshotId)).equals(expected), 'while its RDS is silent');
  const { snapshot } = await controller.getSnapshot({ snapshotId: copyId });
  assert.equal(snapshot?.creationTime?.seconds, BigInt(second));
  await controller.deleteSnapshot({ snapshotId: copyId });
  assert.deepEqual(
    stack.copies().filter((one) => one.startsWith('snap-')),
    [],
  );
});

test('where what lies in another subvolume has the name of a snapshot, it is not sent, and the path is named', async (t) => {
  const { stack, snapshotId, name } = await withSnapshot(t);
  await change(stack.simulator, '/disk/btrfs/subvolume add fs=pool name=mine');
  await change(stack.simulator, `/disk/btrfs/subvolume add fs=pool parent="${name}" name="mine/${name}" read-only=yes`);
  await refused(claim(stack, snapshotId), 'UNAVAILABLE', /mine\/snap-\S+ on the RDS has the name.*\[DRV-TRANSFER\]$/);
  assert.deepEqual([stack.copies(), await stack.transfers()], [[], '']);
});

/** Looks after copies until each snapshot has one. */
async function copyAll(stack: ReplicaStack): Promise<void> {
  const replicator = await stack.replicator({});
  await until(async () => {
    const { missing, sending } = await replicator.pass({ signal: AbortSignal.timeout(10_000) });
    return missing.length === 0 && sending === undefined;
  });
}

for (const subvolume of [undefined, 'rose']) {
  const options = { ...(subvolume !== undefined && { subvolume }) };
  const where = subvolume === undefined ? 'the top level' : 'a subvolume';
  test(`where something else has the name of a copy in ${where}, a restore is refused, and the path is named`, async (t) => {
    const { stack, snapshotId, name } = await withSnapshot(t, options);
    await copyAll(stack);
    await change(stack.far, '/disk/btrfs/subvolume add fs=copies name=mine');
    await change(stack.far, `/disk/btrfs/subvolume add fs=copies parent="${name}" name="mine/${name}" read-only=yes`);
    await refused(claim(stack, snapshotId), 'FAILED_PRECONDITION', /mine\/snap-.*\[RC-NESTED\]$/);
  });

  test(`what looks like a half in ${where} is left alone while a disk item uses a file of it`, async (t) => {
    const { stack, name } = await withSnapshot(t, options);
    const path = subvolume === undefined ? name : `${subvolume}/${name}`;
    await change(stack.far, `/disk/btrfs/subvolume add fs=copies name="${path}"`);
    await change(stack.far, `/disk add type=file slot=mine file-path="sata1/${path}/volume.img" file-size=1M`);
    const replicator = await stack.replicator({});
    const { taken } = await replicator.pass({ signal: AbortSignal.timeout(10_000) });
    assert.deepEqual(
      taken.map((original) => original.name),
      [name],
    );
    assert.ok(stack.copies().includes(path));
    await change(stack.far, '/disk remove [find where slot=mine]');
    await copyAll(stack);
  });
}
