import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../../src/simulator/console/value.ts';
import {
  MiB,
  makeSnapshot,
  makeVolume,
  publish,
  refused,
  snapshotName,
  unpublish,
  volumeName,
} from '../support/calls.ts';
import { change, inventory, look, showRows, slots, subvolumes } from '../support/console.ts';
import { Faults } from '../support/faults.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { twoPools } from '../support/pools.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';

/** Devices that behave in ways no one can rule out: each test is named after the harm that it must not do. */

const ATTACH = { path: '/disk', command: 'add' };
const GROW = { path: '/disk', command: 'set', text: 'file-size' };

/** The next `times` reads of /disk show this instead of what is there. */
function misshow(
  { simulator }: Pick<Stack, 'simulator'>,
  times: number,
  property: string,
  value: Value | undefined,
): void {
  let left = times;
  showRows(simulator, '/disk', (rows) => {
    if (left === 0) return rows;
    left -= 1;
    return rows.map((row) => {
      if (row.props.get('type') !== 'file') return row;
      const props = new Map(row.props);
      if (value === undefined) props.delete(property);
      else props.set(property, value);
      return { ...row, props };
    });
  });
}

test('a size that is zero at first never gets into the name of a snapshot (U24)', async (t) => {
  const stack = await startStack(t);
  const sourceVolumeId = await makeVolume(stack.controller, 4n * MiB);
  misshow(stack, 6, 'size', 0n);
  const { snapshot } = await stack.controller.createSnapshot({ name: snapshotName(), sourceVolumeId });
  assert.equal(snapshot?.sizeBytes, 4n * MiB);
});

test('a restore whose size is unreadable at first is not called empty, and keeps its bytes (U24)', async (t) => {
  const stack = await startStack(t);
  const source = await makeVolume(stack.controller, MiB);
  await write(stack, source, 0, pattern('kept'));
  const snapshotId = await makeSnapshot(stack.controller, source);
  for (const shown of [0n, undefined]) {
    misshow(stack, 8, 'size', shown);
    const restored = await makeVolume(stack.controller, MiB, fromSnapshot(snapshotId));
    assert.deepEqual(await readAll(stack, restored), pattern('kept'));
  }
});

test('a restore whose image is missing is refused and leaves nothing behind', async (t) => {
  const stack = await startStack(t);
  const source = await makeVolume(stack.controller, MiB);
  const snapshotId = await makeSnapshot(stack.controller, source);
  const before = await inventory(stack.simulator);
  let missing = true;
  showRows(stack.simulator, '/disk', (rows) =>
    rows.map((row) =>
      missing && row.props.get('type') === 'file' ? { ...row, props: new Map([...row.props, ['size', 0n]]) } : row,
    ),
  );
  await refused(makeVolume(stack.controller, MiB, fromSnapshot(snapshotId)), 'FAILED_PRECONDITION', /\[RC-EMPTY\]$/);
  missing = false;
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('a script that read the old size before another grew the volume never shrinks it (U3)', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const other = await stack.anotherController();
  const volumeId = await makeVolume(stack.controller, MiB);
  const late = faults.hold(GROW);
  const small = other.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
  await late.reached;
  const large = await stack.controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 4n * MiB } });
  late.release();
  await small.catch(() => undefined);
  assert.equal(large.capacityBytes, 4n * MiB);
  const { volume } = await stack.controller.controllerGetVolume({ volumeId });
  assert.equal(volume?.capacityBytes, 4n * MiB);
  const again = await other.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 2n * MiB } });
  assert.equal(again.capacityBytes, 4n * MiB, 'the smaller request is met already');
});

test('an RDS that accepts a growth and does not show it is asked again, and nothing is removed (U3)', async (t) => {
  const stack = await startStack(t);
  const snapshotId = await makeSnapshot(stack.controller, await makeVolume(stack.controller, MiB));
  const request = volumeRequest(volumeName(), 4n * MiB, fromSnapshot(snapshotId));
  let stale = true;
  showRows(stack.simulator, '/disk', (rows) =>
    rows.map((row) =>
      stale && row.props.get('type') === 'file' ? { ...row, props: new Map([...row.props, ['size', MiB]]) } : row,
    ),
  );
  await refused(stack.controller.createVolume(request), 'ABORTED', /still shows \d.*\[RC-LAG\]$/);
  stale = false;
  const { volume } = await stack.controller.createVolume(request);
  assert.equal(volume?.capacityBytes, 4n * MiB);
  assert.equal(subvolumes(stack.simulator).length, 3);
});

test('a new volume that was interrupted is completed where the RDS attaches no missing file', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const request = volumeRequest(volumeName(), 2n * MiB);
  const { volume } = await stack.controller.createVolume(request);
  await change(stack.simulator, ':foreach i in=[/disk find where type=file] do={/disk remove $i}');
  await change(stack.simulator, ':foreach i in=[/file find where name~"volume.img"] do={/file remove $i}');
  faults.seen.length = 0;
  faults.fail(ATTACH, 1);
  const again = await stack.controller.createVolume(request);
  assert.deepEqual(again.volume, volume);
  assert.equal(faults.seen.filter((seen) => seen === '/disk add').length, 2);
  assert.equal((await slots(stack.simulator)).length, 1);
});

test('an image that is there is never given a size when it is attached again (U4)', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { simulator: { hooks: faults.hooks } });
  const request = volumeRequest(volumeName(), MiB);
  const { volume } = await stack.controller.createVolume(request);
  const volumeId = volume?.volumeId ?? '';
  await write(stack, volumeId, 0, pattern('precious'));
  await change(stack.simulator, ':foreach i in=[/disk find where type=file] do={/disk remove $i}');
  faults.fail(ATTACH);
  await refused(stack.controller.createVolume(request), 'UNAVAILABLE', /does not attach its image.*\[RC-HALF\]$/);
  faults.heal();
  await stack.controller.createVolume(request);
  assert.deepEqual(await readAll(stack, volumeId), pattern('precious'));
});

test('a disk item that points where the pool is no longer mounted is not exported', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller, MiB);
  showRows(stack.simulator, '/disk', (rows) =>
    rows.map((row) =>
      row.props.get('mounted') === true ? { ...row, props: new Map([...row.props, ['mount-point', 'moved']]) } : row,
    ),
  );
  await refused(publish(stack.controller, volumeId), 'FAILED_PRECONDITION', /taken by another file: .*\[RC-SLOT\]$/);
  assert.equal(await look(stack.simulator, ':put [:len [/disk find where nvme-tcp-export]]'), '0');
});

test('a copy of a snapshot in a pool that is not configured is neither seen nor deleted', async (t) => {
  const stack = await startStack(t, { simulator: twoPools.simulator, backend: { pools: [twoPools.backend.pools[0]] } });
  const snapshotId = await makeSnapshot(stack.controller, await makeVolume(stack.controller, MiB));
  const name = subvolumes(stack.simulator).find((found) => found.startsWith('snap-')) ?? '';
  await change(stack.simulator, `/disk/btrfs/subvolume/add fs=cold name=${name}`);
  await stack.controller.deleteSnapshot({ snapshotId });
  assert.deepEqual(
    subvolumes(stack.simulator).filter((found) => found.startsWith('snap-')),
    [name],
    'the copy is still there',
  );
});

test('a pool that is gone does not hold up the volumes of the others, and nothing in it is called absent', async (t) => {
  const stack = await startStack(t, twoPools);
  const inPool = (pool: string) => makeVolume(stack.controller, MiB, { parameters: { pool } });
  const [warm, cold] = [await inPool('pool'), await inPool('cold')];
  const snapshotId = await makeSnapshot(stack.controller, cold);
  showRows(stack.simulator, '/disk', (rows) => rows.filter((row) => row.props.get('fs-label') !== 'cold'));
  showRows(stack.simulator, '/disk/btrfs/filesystem', (rows) =>
    rows.filter((row) => row.props.get('label') !== 'cold'),
  );
  showRows(stack.simulator, '/disk/btrfs/subvolume', (rows) => rows.filter((row) => row.props.get('fs') !== 'cold'));
  await publish(stack.controller, warm);
  await unpublish(stack.controller, warm);
  await makeSnapshot(stack.controller, warm);
  await stack.controller.controllerExpandVolume({ volumeId: warm, capacityRange: { requiredBytes: 2n * MiB } });
  await stack.controller.deleteVolume({ volumeId: warm });
  await refused(stack.controller.deleteVolume({ volumeId: cold }), 'UNAVAILABLE', /cold/);
  await refused(stack.controller.deleteSnapshot({ snapshotId }), 'UNAVAILABLE', /cold/);
  await refused(publish(stack.controller, cold), 'UNAVAILABLE', /cold/);
  await refused(
    makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' }, ...fromSnapshot(snapshotId) }),
    'UNAVAILABLE',
  );
});

test('what was just made and is not listed yet is not called absent', async (t) => {
  const stack = await startStack(t);
  const sourceVolumeId = await makeVolume(stack.controller, MiB);
  let hidden = true;
  showRows(stack.simulator, '/disk/btrfs/subvolume', (rows) =>
    rows.filter((row) => !(hidden && String(row.props.get('name')).startsWith('snap-'))),
  );
  const request = { name: snapshotName(), sourceVolumeId };
  await refused(stack.controller.createSnapshot(request), 'ABORTED', /is not listed.*\[DRV-PENDING\]$/);
  hidden = false;
  assert.ok((await stack.controller.createSnapshot(request)).snapshot?.readyToUse);
  assert.equal(subvolumes(stack.simulator).length, 2);
});

test('a name that the RDS cut short is reported as such, and not as an object of someone else (U19)', async (t) => {
  const stack = await startStack(t);
  const sourceVolumeId = await makeVolume(stack.controller, MiB);
  showRows(stack.simulator, '/disk/btrfs/subvolume', (rows) =>
    rows.map((row) => {
      const name = String(row.props.get('name'));
      return name.startsWith('snap-') ? { ...row, props: new Map([...row.props, ['name', name.slice(0, 64)]]) } : row;
    }),
  );
  const request = { name: snapshotName(), sourceVolumeId };
  await refused(stack.controller.createSnapshot(request), 'FAILED_PRECONDITION', /that was sent: snap-.*\[RC-NAME\]$/);
});
