/** Run by `npm run prove` against the controller of a device, whose socket is in ROSE_PROVE_ENDPOINT. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Controller } from '../../../src/csi/gen/csi_pb.js';
import { MiB, makeSnapshot, makeVolume, node, refused, volumeName } from '../../support/calls.ts';
import { createClient } from '../../support/grpc-client.ts';
import { filesystem, fromSnapshot, fromVolume, volumeRequest } from '../../support/requests.ts';

const SIZE = 64n * MiB;

const controller = createClient(Controller, process.env['ROSE_PROVE_ENDPOINT'] ?? '');
after(() => controller.close());

/** Ids of everything that is listed. */
async function listed(): Promise<Set<string>> {
  const volumes = (await controller.listVolumes({})).entries.map(({ volume }) => volume?.volumeId ?? '');
  const snapshots = (await controller.listSnapshots({})).entries.map(({ snapshot }) => snapshot?.snapshotId ?? '');
  return new Set([...volumes, ...snapshots]);
}

async function remove(id: string): Promise<void> {
  if (id.includes(':snap-')) await controller.deleteSnapshot({ snapshotId: id });
  else await controller.deleteVolume({ volumeId: id });
}

/** A volume, a snapshot of it, a restore of that and a clone of the restore. */
async function makeFamily(): Promise<string[]> {
  const volume = await makeVolume(controller, SIZE);
  const snapshot = await makeSnapshot(controller, volume);
  const restore = await makeVolume(controller, SIZE, fromSnapshot(snapshot));
  const clone = await makeVolume(controller, SIZE, fromVolume(restore));
  return [volume, snapshot, restore, clone];
}

for (const [name, order] of [
  ['the source first', [0, 1, 2, 3]],
  ['the clone first', [3, 2, 1, 0]],
  ['the snapshot before what came of it', [1, 3, 0, 2]],
] as const) {
  test(`a volume, its snapshot, a restore and a clone are deleted with ${name}, and the others stay`, async () => {
    const family = await makeFamily();
    const left = new Set(family);
    for (const index of order) {
      const id = family[index] ?? '';
      await remove(id);
      left.delete(id);
      assert.deepEqual(await listed(), left);
    }
  });
}

test('a call that is repeated gives the same object, and one of another size is refused', async () => {
  const name = volumeName();
  const make = async (bytes: bigint) => (await controller.createVolume(volumeRequest(name, bytes))).volume;
  const first = await make(SIZE);
  assert.deepEqual(await make(SIZE), first);
  await refused(make(2n * SIZE), 'ALREADY_EXISTS');
  await remove(first?.volumeId ?? '');
  await remove(first?.volumeId ?? '');
});

test('a restore is as large as was asked for, and never smaller than its snapshot', async () => {
  const volume = await makeVolume(controller, SIZE);
  const snapshot = await makeSnapshot(controller, volume);
  const larger = await controller.createVolume(volumeRequest(volumeName(), 2n * SIZE, fromSnapshot(snapshot)));
  assert.equal(larger.volume?.capacityBytes, 2n * SIZE);
  const limited = { capacityRange: { requiredBytes: MiB, limitBytes: SIZE / 2n } };
  const smaller = controller.createVolume({ ...volumeRequest(volumeName(), MiB, fromSnapshot(snapshot)), ...limited });
  await refused(smaller, 'OUT_OF_RANGE');
  for (const id of [volume, snapshot, larger.volume?.volumeId ?? '']) await remove(id);
});

test('a volume is published to one node, grows there, and is refused to another until it is free', async () => {
  const volumeId = await makeVolume(controller, SIZE);
  const publish = async (nodeId: string) =>
    (await controller.controllerPublishVolume({ volumeId, nodeId, volumeCapability: filesystem })).publishContext;
  const first = await publish(node(1));
  assert.deepEqual(await publish(node(1)), first);
  await refused(publish(node(2)), 'FAILED_PRECONDITION');
  const grown = await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * SIZE } });
  assert.equal(grown.capacityBytes, 2n * SIZE);
  await refused(controller.deleteVolume({ volumeId }), 'FAILED_PRECONDITION');
  await controller.controllerUnpublishVolume({ volumeId, nodeId: node(1) });
  assert.notEqual((await publish(node(2)))['nqn'], first['nqn']);
  await controller.controllerUnpublishVolume({ volumeId, nodeId: node(2) });
  await remove(volumeId);
});

test('pages of one hold every snapshot once', async () => {
  const volume = await makeVolume(controller, SIZE);
  const made = [await makeSnapshot(controller, volume), await makeSnapshot(controller, volume)];
  const found: string[] = [];
  let startingToken = '';
  do {
    const page = await controller.listSnapshots({ maxEntries: 1, startingToken });
    found.push(...page.entries.map(({ snapshot }) => snapshot?.snapshotId ?? ''));
    startingToken = page.nextToken;
  } while (startingToken !== '');
  assert.deepEqual(found.toSorted(), made.toSorted());
  for (const id of [...made, volume]) await remove(id);
});
