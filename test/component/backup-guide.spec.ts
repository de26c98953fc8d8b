/** What the guides say to type on the RDS about copies: docs/guides/backup.md and docs/guides/troubleshooting.md. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCommandFixture } from '../orphans/command-fixture.ts';
import { slotOf } from '../orphans/fixture.ts';
import { MiB, makeSnapshot, makeVolume, outcome, publish, unpublish } from '../support/calls.ts';
import { change, look, subvolumes } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { persistentVolume } from '../support/kubernetes-api.ts';
import { twoBackends, twoPools } from '../support/pools.ts';
import { loseItems, nameIn, receive } from '../support/received.ts';
import { fromSnapshot } from '../support/requests.ts';

test('a volume is made of a received copy on another RDS, and adopted, when all else is gone', async (t) => {
  const { stack, api, run } = await startCommandFixture(t, twoBackends);
  const { controller, simulator } = stack;
  const lost = await makeVolume(controller, MiB, { parameters: { backend: 'rds1' } });
  await write(stack, lost, 0, pattern('backed up'));
  const snapshotId = await makeSnapshot(controller, lost);
  const copy = await receive(stack, snapshotId);
  await controller.deleteSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId: lost });

  const [, snapshot, owner, bytes] = /^snap-(.{36})-([0-9a-f]{8})-.{36}-[0-9]{10}-([0-9]+)$/.exec(copy) ?? [];
  const uuid = crypto.randomUUID();
  const name = `pvc-${uuid}-${owner}-s${snapshot}-${bytes}`;
  await change(simulator, `/disk/btrfs/subvolume/add fs="cold" parent="${copy}" name="${name}"`);
  const volumeId = `rds2:pvc-${uuid}`;
  const adopted = await run(['adopt', '--fs-type', 'ext4', volumeId]);
  assert.equal(adopted.code, 0, adopted.stderr);
  assert.match(adopted.stdout, new RegExp(`volumeHandle: ${volumeId}`));
  assert.doesNotMatch(adopted.stdout, /blank/);
  api.put('persistentvolumes', persistentVolume(volumeId));
  await publish(controller, volumeId);
  await unpublish(controller, volumeId);
  assert.deepEqual((await readAll(stack, volumeId)).subarray(0, pattern('backed up').length), pattern('backed up'));
  const { code, stdout } = await run(['report']);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /received copy/);
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(subvolumes(simulator), [copy], 'the copy outlives it');
});

test('what is sent back is a copy there, too, and no snapshot', async (t) => {
  const { stack } = await startCommandFixture(t, twoPools);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
  const snapshotId = await makeSnapshot(controller, volumeId);
  const name = await receive(stack, snapshotId);
  await controller.deleteSnapshot({ snapshotId });
  await simulator.device.receive({ from: { pool: 'cold', name }, to: { pool: 'pool' }, complete: true });
  assert.equal(await outcome(controller.getSnapshot({ snapshotId })), 'NOT_FOUND');
  const restore = makeVolume(controller, MiB, { ...fromSnapshot(snapshotId), parameters: { pool: 'pool' } });
  assert.equal(await outcome(restore), 'NOT_FOUND');
});

test('of a volume that two pools have, the one whose image is attached by hand is the volume', async (t) => {
  const { stack, run } = await startCommandFixture(t, twoPools);
  const { controller, simulator } = stack;
  const volumeId = await makeVolume(controller, MiB, { parameters: { pool: 'pool' } });
  await write(stack, volumeId, 0, pattern('mine'));
  await receive(stack, volumeId, false);
  await loseItems(stack);
  assert.equal(await outcome(publish(controller, volumeId)), 'FAILED_PRECONDITION');
  assert.match((await run(['report', '--device-only'])).stdout, /undecided/);

  const name = nameIn(stack, 'pool', volumeId);
  const seen = await look(
    simulator,
    `/disk/btrfs/subvolume/print detail where name~"${volumeId.slice('rds1:'.length)}"`,
  );
  assert.match(seen, /fs=pool.*fs=cold/s);
  const path = `nvme-pool/${name}/volume.img`;
  await change(simulator, `/disk/add type=file slot=${slotOf(volumeId)} file-path="${path}" mount-filesystem=no`);
  await publish(controller, volumeId);
  await unpublish(controller, volumeId);
  assert.deepEqual((await readAll(stack, volumeId)).subarray(0, pattern('mine').length), pattern('mine'));
  const [removal = ''] =
    /\/disk\/btrfs\/subvolume\/remove .*/.exec((await run(['report', '--device-only'])).stdout) ?? [];
  await change(simulator, removal);
  assert.deepEqual(subvolumes(simulator), [name]);
});
