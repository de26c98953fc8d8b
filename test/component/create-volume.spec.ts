import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeVolume, refused, volumeName } from '../support/calls.ts';
import { inventory, look, subvolumes } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { smallPool, twoPools } from '../support/pools.ts';
import { fromVolume, GiB, volumeRequest } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

test('a new volume takes one exec, is empty, has the size asked for and is exported to no one', async (t) => {
  const stack = await startStack(t);
  const before = await stack.api.execs();
  const uuid = crypto.randomUUID();
  const { volume } = await stack.controller.createVolume(volumeRequest(`pvc-${uuid}`, 3n * MiB));
  assert.equal((await stack.api.execs()) - before, 1);
  assert.equal(volume?.volumeId, `rds1:pvc-${uuid}`);
  assert.equal(volume.capacityBytes, 3n * MiB);
  assert.equal(volume.contentSource, undefined);
  assert.equal(volume.volumeContext['blank'], 'true');
  assert.deepEqual(
    subvolumes(stack.simulator).map((name) => name.replace(/-[0-9a-f]{8}-n/, '-OWNER-n')),
    [`pvc-${uuid}-OWNER-n00000000-0000-0000-0000-000000000000-3145728`],
  );
  const slot = `pvc-${uuid.replaceAll('-', '').slice(0, 28)}`;
  const disk = `[/disk find where slot=${slot}]`;
  assert.equal(await look(stack.simulator, `:put [/disk get ${disk} nvme-tcp-export]`), 'false');
  assert.equal(await look(stack.simulator, `:put [/disk get ${disk} mount-filesystem]`), 'false');
  assert.deepEqual(await readAll(stack, volume.volumeId), Buffer.alloc(Number(3n * MiB)));
});

test('the same request again, also of a new process, gives the same answer and touches no byte', async (t) => {
  const stack = await startStack(t);
  const request = volumeRequest(volumeName(), 2n * MiB);
  const first = await stack.controller.createVolume(request);
  const data = pattern('kept');
  await write(stack, first.volume?.volumeId ?? '', 0, data);
  const before = await inventory(stack.simulator);
  assert.deepEqual(await stack.controller.createVolume(request), first);
  assert.deepEqual(await (await stack.anotherController()).createVolume(request), first);
  assert.deepEqual(await inventory(stack.simulator), before);
  assert.deepEqual((await readAll(stack, first.volume?.volumeId ?? '')).subarray(0, data.length), data);
});

test('a name that is not a uuid gives the same id in every process, and another one for another name', async (t) => {
  const { controller, anotherController } = await startStack(t);
  const made = await controller.createVolume(volumeRequest('no uuid at all', MiB));
  const again = await (await anotherController()).createVolume(volumeRequest('no uuid at all', MiB));
  const other = await controller.createVolume(volumeRequest('no uuid at all!', MiB));
  assert.equal(again.volume?.volumeId, made.volume?.volumeId);
  assert.notEqual(other.volume?.volumeId, made.volume?.volumeId);
});

test('the name of a volume that was made with another size or source is taken', async (t) => {
  const { controller, simulator } = await startStack(t);
  const name = volumeName();
  const { volume } = await controller.createVolume(volumeRequest(name, 4n * MiB));
  const clone = volumeRequest(name, 4n * MiB, fromVolume(await makeVolume(controller)));
  const before = await inventory(simulator);
  await refused(
    controller.createVolume(volumeRequest(name, 5n * MiB)),
    'ALREADY_EXISTS',
    /4 MiB asked for.*\[DRV-EXISTS\]$/,
  );
  await refused(controller.createVolume(volumeRequest(name, 3n * MiB)), 'ALREADY_EXISTS');
  await refused(controller.createVolume(clone), 'ALREADY_EXISTS', /made empty.*\[DRV-EXISTS\]$/);
  assert.deepEqual(await inventory(simulator), before);
  const { volume: unchanged } = await controller.controllerGetVolume({ volumeId: volume?.volumeId ?? '' });
  assert.equal(unchanged?.capacityBytes, 4n * MiB);
});

test('sizes are rounded up to 1 MiB, never above the limit, and default to 1 GiB', async (t) => {
  const { controller, simulator } = await startStack(t);
  const sizeFor = async (requiredBytes: bigint, limitBytes = 0n) => {
    const request = volumeRequest(volumeName(), 0n, { capacityRange: { requiredBytes, limitBytes } });
    return (await controller.createVolume(request)).volume?.capacityBytes;
  };
  assert.equal(await sizeFor(1n), MiB);
  assert.equal(await sizeFor(MiB + 1n, 3n * MiB), 2n * MiB);
  assert.equal(await sizeFor(0n), GiB);
  assert.equal(await sizeFor(0n, 3n * MiB + 5n), 3n * MiB);
  const before = await inventory(simulator);
  await refused(sizeFor(MiB + 1n, 2n * MiB - 1n), 'OUT_OF_RANGE', /multiples of 1 MiB.*\[DRV-RANGE\]$/);
  await refused(sizeFor(2n ** 63n - 1n), 'OUT_OF_RANGE');
  await refused(sizeFor(-1n), 'INVALID_ARGUMENT', /negative/);
  await refused(sizeFor(2n * MiB, MiB), 'INVALID_ARGUMENT', /limit_bytes/);
  assert.deepEqual(await inventory(simulator), before);
});

test('with two pools the StorageClass says which, and a volume is made there', async (t) => {
  const { controller, simulator } = await startStack(t, twoPools);
  await refused(controller.createVolume(volumeRequest('x', MiB)), 'INVALID_ARGUMENT', /must name a pool.*pool, cold/);
  const lost = volumeRequest('x', MiB, { parameters: { pool: 'warm' } });
  await refused(
    controller.createVolume(lost),
    'INVALID_ARGUMENT',
    /^parameters\.pool of the StorageClass is warm, which is not configured; configured: pool, cold \[DRV-INVALID\]$/,
  );
  await makeVolume(controller, MiB, { parameters: { pool: 'cold' } });
  const [hot, cold] = simulator.device.pools();
  assert.deepEqual([hot?.subvolumes.length, cold?.subvolumes.length], [0, 1]);
});

test('a pool without room for the volume and the reserve is RESOURCE_EXHAUSTED, and nothing is left of it', async (t) => {
  const { controller, simulator } = await startStack(t, smallPool(10n * MiB, '4MiB'));
  await refused(
    controller.createVolume(volumeRequest('x', 7n * MiB)),
    'RESOURCE_EXHAUSTED',
    /has 10 MiB free, 11 MiB needed.*\[RC-SPACE\]$/,
  );
  assert.deepEqual(await inventory(simulator), []);
  await makeVolume(controller, 6n * MiB);
});
