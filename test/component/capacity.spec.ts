import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeVolume, refused } from '../support/calls.ts';
import { pattern, write } from '../support/images.ts';
import { smallPool, twoPools } from '../support/pools.ts';
import { GiB, sharedFilesystem } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

test('the capacity is what is free above the reserve, read in one exec', async (t) => {
  const stack = await startStack(t, smallPool(64n * MiB, '16MiB'));
  const { controller, api } = stack;
  const execs = await api.execs();
  const empty = await controller.getCapacity({});
  assert.equal((await api.execs()) - execs, 1);
  assert.equal(empty.availableCapacity, 48n * MiB);
  const volumeId = await makeVolume(controller, 8n * MiB);
  assert.equal((await controller.getCapacity({})).availableCapacity, 48n * MiB, 'volumes are thin');
  await write(stack, volumeId, 0, pattern('written', 4 * 2 ** 20));
  assert.equal((await controller.getCapacity({})).availableCapacity, 44n * MiB);
  await controller.deleteVolume({ volumeId });
  assert.equal((await controller.getCapacity({})).availableCapacity, 48n * MiB);
});

test('a pool below its reserve has no capacity, never a negative one', async (t) => {
  const { controller } = await startStack(t, smallPool(8n * MiB, '16MiB'));
  assert.equal((await controller.getCapacity({})).availableCapacity, 0n);
});

test('of several pools the sum is reported, of a named one its own and the largest volume that fits', async (t) => {
  const { controller } = await startStack(t, twoPools);
  const reserve = GiB;
  const each = 1024n * GiB - reserve;
  const all = await controller.getCapacity({});
  assert.equal(all.availableCapacity, 2n * each);
  assert.equal(all.maximumVolumeSize, undefined);
  const one = await controller.getCapacity({ parameters: { backend: 'rds1', pool: 'cold' } });
  assert.equal(one.availableCapacity, each);
  assert.equal(one.maximumVolumeSize, each);
});

test('a pool or backend that is not configured has no capacity; a request that cannot be met is invalid', async (t) => {
  const { controller } = await startStack(t);
  const elsewhere = await controller.getCapacity({ parameters: { pool: 'lake' } });
  assert.equal(elsewhere.availableCapacity, 0n);
  assert.equal((await controller.getCapacity({ parameters: { backend: 'rds9' } })).availableCapacity, 0n);
  await refused(controller.getCapacity({ parameters: { poool: 'x' } }), 'INVALID_ARGUMENT', /"poool"/);
  await refused(controller.getCapacity({ volumeCapabilities: [sharedFilesystem] }), 'INVALID_ARGUMENT');
});

test('a volume of exactly the capacity that was reported did not fit, as its size was rounded up', async (t) => {
  for (const options of [
    smallPool(1000n * MiB + 12_345n, '1MiB'),
    { ...smallPool(1000n * MiB + 12_345n, '0'), backend: { reserve: '0', overCommitRatio: 1.5 } },
  ]) {
    const { controller } = await startStack(t, options);
    const { availableCapacity } = await controller.getCapacity({});
    assert.ok(availableCapacity > 900n * MiB);
    await makeVolume(controller, availableCapacity);
  }
});
