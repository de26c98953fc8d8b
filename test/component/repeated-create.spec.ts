/** CreateVolume is repeated by a sidecar at any time, also after the volume was handed out and used. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Simulator } from '../../src/simulator/simulate.ts';
import { MiB, makeSnapshot, makeVolume, publish, refused, unpublish, volumeName } from '../support/calls.ts';
import { change, showRows, subvolumes } from '../support/console.ts';
import { Faults } from '../support/faults.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

const LOSE_ITEMS = ':foreach i in=[/disk find where type=file] do={/disk remove $i}';

/** The RDS shows a size of zero for every image, until the returned function is called. */
function hideSizes(simulator: Simulator): () => void {
  let hidden = true;
  showRows(simulator, '/disk', (rows) =>
    rows.map((row) =>
      hidden && row.props.get('type') === 'file' ? { ...row, props: new Map([...row.props, ['size', 0n]]) } : row,
    ),
  );
  return () => {
    hidden = false;
  };
}

for (const itemsLost of [false, true]) {
  const when = itemsLost ? ', its disk item just attached again' : '';
  test(`a restore in use was rolled back, because its size read zero for a while${when}`, async (t) => {
    const stack = await startStack(t);
    const { controller, simulator } = stack;
    const snapshotId = await makeSnapshot(controller, await makeVolume(controller, MiB));
    const request = volumeRequest(volumeName(), MiB, fromSnapshot(snapshotId));
    const volumeId = (await controller.createVolume(request)).volume?.volumeId ?? '';
    await publish(controller, volumeId);
    await unpublish(controller, volumeId);
    await write(stack, volumeId, 0, pattern('written by the pod'));
    await controller.deleteSnapshot({ snapshotId });
    if (itemsLost) await change(simulator, LOSE_ITEMS);
    const before = subvolumes(simulator);
    const show = hideSizes(simulator);
    await refused(controller.createVolume(request), 'ABORTED');
    show();
    assert.deepEqual(subvolumes(simulator), before);
    assert.equal((await controller.createVolume(request)).volume?.volumeId, volumeId);
    assert.deepEqual(await readAll(stack, volumeId), pattern('written by the pod'));
  });
}

test('a volume that had grown was cut off, because its size read zero for a while', async (t) => {
  const stack = await startStack(t);
  const { controller, simulator } = stack;
  simulator.quirks.set(['shrink-truncates']);
  const request = volumeRequest(volumeName(), MiB);
  const volumeId = (await controller.createVolume(request)).volume?.volumeId ?? '';
  await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 4n * MiB } });
  const show = hideSizes(simulator);
  await refused(controller.createVolume(request), 'ABORTED');
  show();
  const { volume } = await controller.createVolume(request);
  assert.equal(volume?.capacityBytes, 4n * MiB);
});

test('an image that /file did not list was recreated over its data', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const { controller, simulator } = stack;
  simulator.quirks.set(['file-size-zeroes']);
  await makeVolume(controller, MiB);
  const request = volumeRequest(volumeName(), MiB);
  const volumeId = (await controller.createVolume(request)).volume?.volumeId ?? '';
  await write(stack, volumeId, 0, pattern('precious'));
  await change(simulator, LOSE_ITEMS);
  showRows(simulator, '/file', (rows) => rows.filter((row) => !String(row.props.get('name')).endsWith('volume.img')));
  faults.fail({ path: '/disk', command: 'add' }, 1);
  await controller.createVolume(request);
  assert.deepEqual(await readAll(stack, volumeId), pattern('precious'));
});

test('what an interrupted call left of a new volume is recreated where the RDS does not attach what is not there', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const { controller, simulator } = stack;
  await makeVolume(controller, MiB);
  const request = volumeRequest(volumeName(), 2n * MiB);
  const volumeId = (await controller.createVolume(request)).volume?.volumeId ?? '';
  const name = subvolumes(simulator).at(-1) ?? '';
  await controller.deleteVolume({ volumeId });
  await change(simulator, `/disk/btrfs/subvolume add fs=pool name=${name}`);
  faults.fail({ path: '/disk', command: 'add' }, 1);
  assert.equal((await controller.createVolume(request)).volume?.capacityBytes, 2n * MiB);
  assert.deepEqual(await readAll(stack, volumeId), Buffer.alloc(Number(2n * MiB)));
});

test('what an interrupted call left of a new volume stayed where the RDS never attached what is not there', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const { controller, simulator } = stack;
  await makeVolume(controller, MiB);
  const request = volumeRequest(volumeName(), 2n * MiB);
  faults.fail({ path: '/disk', command: 'add', text: 'file-size=' });
  faults.fail({ path: '/disk/btrfs/subvolume', command: 'remove' });
  await refused(controller.createVolume(request), 'UNAVAILABLE');
  faults.heal();
  const [left] = subvolumes(simulator).slice(-1);
  for (const text of ['attached again', 'comment=$x']) faults.fail({ path: '/disk', command: 'add', text });
  const { volume } = await controller.createVolume(request);
  assert.equal(volume?.capacityBytes, 2n * MiB);
  assert.deepEqual(subvolumes(simulator).slice(-1), [left]);
});
