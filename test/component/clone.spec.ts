import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeVolume, publish, refused, unpublish, volumeName } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { twoPools } from '../support/pools.ts';
import { fromVolume, volumeRequest } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

test('a clone takes one exec, echoes its source, is not blank, and goes its own way', async (t) => {
  const stack = await startStack(t);
  const { controller } = stack;
  const volumeId = await makeVolume(controller, MiB);
  await write(stack, volumeId, 0, pattern('shared'));
  const before = await stack.api.execs();
  const { volume } = await controller.createVolume(volumeRequest(volumeName(), MiB, fromVolume(volumeId)));
  assert.equal((await stack.api.execs()) - before, 1);
  assert.equal(volume?.contentSource?.type.case, 'volume');
  assert.deepEqual(volume.contentSource.type.value, { ...volume.contentSource.type.value, volumeId });
  assert.equal(volume.volumeContext['blank'], undefined);
  assert.deepEqual(await readAll(stack, volume.volumeId), pattern('shared'));
  await write(stack, volumeId, 0, pattern('source'));
  assert.deepEqual(await readAll(stack, volume.volumeId), pattern('shared'));
  await write(stack, volume.volumeId, 0, pattern('clone'));
  assert.deepEqual(await readAll(stack, volumeId), pattern('source'));
});

test('a mounted volume can be cloned, larger too, and stays mounted', async (t) => {
  const stack = await startStack(t);
  const { controller, api } = stack;
  const volumeId = await makeVolume(controller, MiB);
  const { nqn = '' } = await publish(controller, volumeId);
  await api.write(nqn, 0, pattern('mounted'));
  const clone = await makeVolume(controller, 2n * MiB, fromVolume(volumeId));
  await api.write(nqn, 0, pattern('after'));
  assert.deepEqual(await readAll(stack, clone), Buffer.concat([pattern('mounted'), Buffer.alloc(2 ** 20)]));
  assert.deepEqual(await api.read(nqn, { offset: 0, length: 2 ** 20 }), pattern('after'));
  await unpublish(controller, volumeId);
});

test('the same clone again gives the same answer, also when the source is gone', async (t) => {
  const stack = await startStack(t);
  const { controller } = stack;
  const volumeId = await makeVolume(controller, MiB);
  await write(stack, volumeId, 0, pattern('shared'));
  const request = volumeRequest(volumeName(), MiB, fromVolume(volumeId));
  const first = await controller.createVolume(request);
  await controller.deleteVolume({ volumeId });
  assert.deepEqual(await controller.createVolume(request), first);
  assert.deepEqual(await (await stack.anotherController()).createVolume(request), first);
  assert.deepEqual(await readAll(stack, first.volume?.volumeId ?? ''), pattern('shared'));
});

test('a clone of a clone outlives both of its ancestors', async (t) => {
  const stack = await startStack(t);
  const { controller } = stack;
  const first = await makeVolume(controller, MiB);
  await write(stack, first, 0, pattern('passed on'));
  const second = await makeVolume(controller, MiB, fromVolume(first));
  const third = await makeVolume(controller, MiB, fromVolume(second));
  await controller.deleteVolume({ volumeId: second });
  await controller.deleteVolume({ volumeId: first });
  assert.deepEqual(await readAll(stack, third), pattern('passed on'));
});

test('a missing source is NOT_FOUND, a smaller clone OUT_OF_RANGE, another pool invalid, and nothing is left', async (t) => {
  const { controller, simulator } = await startStack(t, twoPools);
  const parameters = { pool: 'cold' };
  const volumeId = await makeVolume(controller, 2n * MiB, { parameters });
  const before = await inventory(simulator);
  const clone = (bytes: bigint, id = volumeId, pool = 'cold') =>
    makeVolume(controller, bytes, { ...fromVolume(id), parameters: { pool } });
  await refused(
    clone(MiB, `rds1:${volumeName()}`),
    'NOT_FOUND',
    /^rds1:pvc-\S+: the source rds1:pvc-\S+ is not on the RDS\. .*\[RC-NOSRC\]$/,
  );
  await refused(clone(MiB, 'no handle'), 'NOT_FOUND');
  await refused(clone(MiB), 'OUT_OF_RANGE', /the source rds1:pvc-\S+ has 2 MiB.*\[RC-SMALL\]$/);
  await refused(clone(2n * MiB, volumeId, 'pool'), 'INVALID_ARGUMENT', /in pool \S+ \(pvc-.*\[RC-ELSEWHERE\]$/);
  assert.deepEqual(await inventory(simulator), before);
});

test('a clone has the size of its source as it is now, not as it was made', async (t) => {
  const { controller } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  await controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes: 3n * MiB } });
  await refused(
    makeVolume(controller, 2n * MiB, fromVolume(volumeId)),
    'OUT_OF_RANGE',
    /the source rds1:pvc-\S+ has 3 MiB.*\[RC-SMALL\]$/,
  );
  const { volume } = await controller.createVolume(volumeRequest(volumeName(), 0n, fromVolume(volumeId)));
  assert.equal(volume?.capacityBytes, 3n * MiB);
});
