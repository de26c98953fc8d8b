import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeVolume, refused, volumeName } from '../support/calls.ts';
import { filesystem, sharedBlock, sharedFilesystem } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

test('the driver is not ready on an RDS that is not as configured, and nothing is made there', async (t) => {
  const { identity, api, simulator } = await startStack(t, {
    backend: { pools: [{ label: 'pool', uuid: '00000000-0000-4000-8000-000000000000', mountPoint: 'pool' }] },
    waitUntilReady: false,
  });
  await until(async () => (await api.execs()) > 0);
  assert.equal((await identity.probe({})).ready, false);
  assert.deepEqual(simulator.device.pools()[0]?.subvolumes, []);
});

test('capabilities of a volume are confirmed, or refused with the reason', async (t) => {
  const { controller, api } = await startStack(t);
  const volumeId = await makeVolume(controller, MiB);
  const execs = await api.execs();
  const good = await controller.validateVolumeCapabilities({ volumeId, volumeCapabilities: [filesystem, sharedBlock] });
  assert.equal((await api.execs()) - execs, 1);
  assert.equal(good.confirmed?.volumeCapabilities.length, 2);
  const bad = await controller.validateVolumeCapabilities({ volumeId, volumeCapabilities: [sharedFilesystem] });
  assert.equal(bad.confirmed, undefined);
  assert.match(bad.message, /raw block/);
  const validate = (id: string, volumeCapabilities: (typeof filesystem)[]) =>
    controller.validateVolumeCapabilities({ volumeId: id, volumeCapabilities });
  await refused(validate(`rds1:${volumeName()}`, [filesystem]), 'NOT_FOUND');
  await refused(validate(volumeId, []), 'INVALID_ARGUMENT', /volume_capabilities/);
  await refused(validate('', [filesystem]), 'INVALID_ARGUMENT', /volume_id/);
});
