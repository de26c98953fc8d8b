import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  listedSnapshots,
  listedVolumes,
  MiB,
  makeSnapshot,
  makeVolume,
  node,
  publish,
  refused,
  unpublish,
} from '../support/calls.ts';
import { change, inventory, look, slots, subvolumes } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { filesystem, fromSnapshot, fromVolume } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

const OURS = 'the-living-cluster';

test('what another cluster made is not listed, and nothing changes it', async (t) => {
  const stack = await startStack(t);
  const theirs = await makeVolume(stack.controller, MiB);
  const snapshotId = await makeSnapshot(stack.controller, theirs);
  await publish(stack.controller, theirs);
  const before = await inventory(stack.simulator);
  const ours = await stack.anotherController({ clusterId: OURS });

  assert.deepEqual(await listedVolumes(ours), []);
  assert.deepEqual(await listedSnapshots(ours), []);
  assert.deepEqual((await ours.listSnapshots({ sourceVolumeId: theirs })).entries, []);
  const volumeId = theirs;
  const capacityRange = { requiredBytes: 2n * MiB };
  const changes: Record<string, () => Promise<unknown>> = {
    delete: () => ours.deleteVolume({ volumeId }),
    expand: () => ours.controllerExpandVolume({ volumeId, capacityRange }),
    publish: () => publish(ours, volumeId, node(2)),
    unpublish: () => unpublish(ours, volumeId),
    'unpublish from all': () => unpublish(ours, volumeId, ''),
    snapshot: () => makeSnapshot(ours, volumeId),
    'delete snapshot': () => ours.deleteSnapshot({ snapshotId }),
  };
  await refused(makeSnapshot(ours, volumeId), 'FAILED_PRECONDITION', new RegExp(`: the source ${volumeId} belongs to`));
  for (const change of Object.values(changes))
    await refused(change(), 'FAILED_PRECONDITION', /adoptedClusterIds.*\[RC-OWNER\]$/);
  assert.deepEqual(await inventory(stack.simulator), before);
  const { status, volume } = await stack.controller.controllerGetVolume({ volumeId });
  assert.deepEqual(status?.publishedNodeIds, [node(1)]);
  assert.equal(volume?.capacityBytes, MiB);
});

test('by id, what another cluster made can be read, restored from and cloned', async (t) => {
  const stack = await startStack(t);
  const theirs = await makeVolume(stack.controller, MiB);
  await write(stack, theirs, 0, pattern('theirs'));
  const snapshotId = await makeSnapshot(stack.controller, theirs);
  const controller = await stack.anotherController({ clusterId: OURS });
  assert.equal((await controller.controllerGetVolume({ volumeId: theirs })).volume?.volumeId, theirs);
  assert.equal((await controller.getSnapshot({ snapshotId })).snapshot?.sourceVolumeId, theirs);
  assert.equal((await controller.listSnapshots({ snapshotId })).entries.length, 1);
  for (const source of [fromSnapshot(snapshotId), fromVolume(theirs)]) {
    const made = await makeVolume(controller, MiB, source);
    assert.deepEqual(await readAll(stack, made), pattern('theirs'));
    assert.ok((await listedVolumes(controller)).includes(made));
    await refused(stack.controller.deleteVolume({ volumeId: made }), 'FAILED_PRECONDITION');
  }
});

test('what another cluster had left of a race for one id kept the winner from being deleted', async (t) => {
  const { controller, simulator } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const [volume = '', snapshot = ''] = subvolumes(simulator);
  const others = [volume, snapshot].map((name) => name.replace(/^((?:pvc|snap)-.{36})-.{8}-/, '$1-0badc0de-'));
  const [otherVolume = '', otherSnapshot = ''] = others;
  await change(simulator, `/disk/btrfs/subvolume add fs=pool name="${otherVolume}"`);
  await change(
    simulator,
    `/disk/btrfs/subvolume add fs=pool name="${otherSnapshot}" parent="${snapshot}" read-only=yes`,
  );
  await controller.deleteSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(await inventory(simulator), others.toSorted());
  await refused(controller.deleteVolume({ volumeId }), 'FAILED_PRECONDITION', /\[RC-OWNER\]$/);
});

test('the objects of an adopted cluster are ours', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller, MiB);
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  const heir = await stack.anotherController({ clusterId: OURS, adoptedClusterIds: ['component-tests'] });
  const own = await makeVolume(heir, MiB);
  assert.deepEqual(await listedVolumes(heir), [volumeId, own]);
  assert.deepEqual(await listedSnapshots(heir), [snapshotId]);
  await heir.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
  await publish(heir, volumeId);
  await unpublish(heir, volumeId);
  await makeSnapshot(heir, volumeId);
  await heir.deleteSnapshot({ snapshotId });
  await heir.deleteVolume({ volumeId });
  assert.deepEqual(await listedVolumes(heir), [own]);
});

test('two clusters that use the same names have objects of their own', async (t) => {
  const stack = await startStack(t);
  const ours = await stack.anotherController({ clusterId: OURS });
  const request = { name: 'data', capacityRange: { requiredBytes: MiB }, volumeCapabilities: [filesystem] };
  const [one, two] = [await stack.controller.createVolume(request), await ours.createVolume(request)];
  assert.notEqual(one.volume?.volumeId, two.volume?.volumeId);
  const sourceVolumeId = one.volume?.volumeId ?? '';
  const first = await stack.controller.createSnapshot({ name: 'nightly', sourceVolumeId });
  const second = await ours.createSnapshot({ name: 'nightly', sourceVolumeId: two.volume?.volumeId ?? '' });
  assert.notEqual(first.snapshot?.snapshotId, second.snapshot?.snapshotId);
});

test('what users and other drivers keep on the pool is never listed nor touched', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  const uuid = crypto.randomUUID();
  const names = [
    'Documents',
    'snap-old',
    'pvc-x',
    'pvc-',
    `pvc-${uuid}`,
    `snap-${uuid}`,
    `pvc-${uuid}-manual`,
    `snap-${uuid}-12345678-daily`,
  ];
  for (const name of names) await change(simulator, `/disk/btrfs/subvolume add fs=pool name="${name}"`);
  await change(simulator, '/file add name="pool/Documents/thesis.txt" contents="years of work"');
  const disks = ['pvc-0123456789abcdef0123456789a', 'file-pool-Documents-disk', 'storage-vol1'];
  for (const slot of disks) {
    await change(
      simulator,
      `/disk add type=file slot=${slot} file-path="/pool/Documents/${slot}.img" file-size=1M \
mount-filesystem=no nvme-tcp-server-nqn="nqn.2000-02.com.mikrotik:${slot}" nvme-tcp-export=yes comment="keep out"`,
    );
  }
  const everything = async () => [
    await inventory(simulator),
    await look(simulator, '/file print detail where type!="directory"'),
    ...(await Promise.all(disks.map((slot) => look(simulator, `/disk print detail where slot=${slot}`)))),
  ];
  const before = await everything();

  const volumeId = await makeVolume(controller, MiB);
  const snapshotId = await makeSnapshot(controller, volumeId);
  const restored = await makeVolume(controller, MiB, fromSnapshot(snapshotId));
  await publish(controller, volumeId);
  await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
  assert.deepEqual(await listedVolumes(controller), [volumeId, restored]);
  assert.deepEqual(await listedSnapshots(controller), [snapshotId]);
  await unpublish(controller, volumeId, '');
  await controller.deleteVolume({ volumeId });
  await controller.deleteVolume({ volumeId: restored });
  await controller.deleteSnapshot({ snapshotId });
  assert.deepEqual(await everything(), before);
  assert.deepEqual((await slots(simulator)).toSorted(), disks.toSorted());
  assert.deepEqual(subvolumes(simulator), names);
});

test('a slot that a stranger uses is refused, not taken over', async (t) => {
  const { controller, simulator } = await startStack(t);
  const uuid = crypto.randomUUID();
  await change(simulator, '/disk/btrfs/subvolume add fs=pool name=Documents');
  const slot = `pvc-${uuid.replaceAll('-', '').slice(0, 28)}`;
  await change(simulator, `/disk add type=file slot=${slot} file-path="/pool/Documents/a.img" file-size=1M`);
  const before = await inventory(simulator);
  const request = { name: `pvc-${uuid}`, capacityRange: { requiredBytes: MiB }, volumeCapabilities: [filesystem] };
  await refused(controller.createVolume(request), 'FAILED_PRECONDITION', /\[RC-SLOT\]$/);
  await refused(controller.deleteVolume({ volumeId: `rds1:pvc-${uuid}` }), 'FAILED_PRECONDITION', /Documents/);
  await refused(unpublish(controller, `rds1:pvc-${uuid}`), 'FAILED_PRECONDITION');
  assert.deepEqual(await inventory(simulator), before);
});

test('a volume whose uuid differs from that of another one in the last digits alone could not be taken from a node, nor deleted', async (t) => {
  const { controller, simulator } = await startStack(t);
  const uuid = crypto.randomUUID().slice(0, -4);
  const request = (end: string) => ({
    name: `pvc-${uuid}${end}`,
    capacityRange: { requiredBytes: MiB },
    volumeCapabilities: [filesystem],
  });
  const volumeId = (await controller.createVolume(request('0001'))).volume?.volumeId ?? '';
  await publish(controller, volumeId);
  const before = await inventory(simulator);
  await refused(controller.createVolume(request('0002')), 'FAILED_PRECONDITION', /\[RC-SLOT\]$/);
  await unpublish(controller, `rds1:pvc-${uuid}0002`);
  for (let time = 0; time < 2; time += 1) await controller.deleteVolume({ volumeId: `rds1:pvc-${uuid}0002` });
  assert.deepEqual(await inventory(simulator), before);
  assert.equal((await controller.controllerGetVolume({ volumeId })).status?.publishedNodeIds.length, 1);
  await unpublish(controller, volumeId);
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(await inventory(simulator), []);
});
