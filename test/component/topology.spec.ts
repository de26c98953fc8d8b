import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PluginCapability_Service_Type as Service } from '../../src/csi/gen/csi_pb.js';
import { MiB, makeVolume, refused, volumeName } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { twoBackends } from '../support/pools.ts';
import { fromVolume, GiB, volumeRequest } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';

const DEFAULT = { 'rds.rose-csi.io/network-default': 'true' };
const RACK_2 = { 'rds.rose-csi.io/network-rack-2': 'true' };

/** Two backends, each on a network of its own. */
const twoNetworks = {
  ...twoBackends,
  moreBackends: twoBackends.moreBackends.map((backend) => ({ ...backend, network: 'rack-2' })),
};
const on = (backend: string) => ({ parameters: { backend } });
const from = (...requisite: readonly Record<string, string>[]) => ({
  accessibilityRequirements: { requisite: requisite.map((segments) => ({ segments })) },
});
const preferring = (segments: Record<string, string>) => ({
  accessibilityRequirements: { preferred: [{ segments }] },
});

test('the plugin says that not every node reaches every volume', async (t) => {
  const { identity } = await startStack(t);
  const { capabilities } = await identity.getPluginCapabilities({});
  const services = capabilities.map(({ type }) => (type.case === 'service' ? type.value.type : undefined));
  assert.ok(services.includes(Service.VOLUME_ACCESSIBILITY_CONSTRAINTS));
});

test('every answer about a volume says which network it is on, whoever asked for it', async (t) => {
  const { controller } = await startStack(t, twoNetworks);
  const segments = (volume?: { accessibleTopology: readonly { segments: object }[] }) =>
    volume?.accessibleTopology.map((topology) => topology.segments);
  for (const [backend, requirement, expected] of [
    ['rds1', {}, DEFAULT],
    ['rds1', from(DEFAULT), DEFAULT],
    ['rds2', from({ ...DEFAULT, ...RACK_2 }), RACK_2],
    ['rds2', from(DEFAULT, RACK_2), RACK_2],
    ['rds2', preferring(DEFAULT), RACK_2],
  ] as const) {
    const request = volumeRequest(volumeName(), MiB, { ...on(backend), ...requirement });
    const { volume } = await controller.createVolume(request);
    assert.deepEqual(segments(volume), [expected]);
    const read = await controller.controllerGetVolume({ volumeId: volume?.volumeId ?? '' });
    assert.deepEqual(segments(read.volume), [expected]);
    const { entries } = await controller.listVolumes({});
    assert.deepEqual(segments(entries.find((entry) => entry.volume?.volumeId === volume?.volumeId)?.volume), [
      expected,
    ]);
  }
});

test('a volume that no node asked for could use is RESOURCE_EXHAUSTED, before the device is asked', async (t) => {
  const { controller, api, simulator } = await startStack(t, twoNetworks);
  const execs = await api.execs();
  for (const requisite of [[DEFAULT], [{ zone: 'a' }, DEFAULT], [{ zone: 'a' }], [{}]]) {
    await refused(
      controller.createVolume(volumeRequest('x', MiB, { ...on('rds2'), ...from(...requisite) })),
      'RESOURCE_EXHAUSTED',
      /^backend rds2: .*: rack-2\. .*node\.networks of the chart.*\[DRV-NETWORK\]$/,
    );
  }
  assert.equal(await api.execs(), execs);
  assert.deepEqual(await inventory(simulator), []);
});

test('a clone is on the network of its source', async (t) => {
  const { controller } = await startStack(t, twoNetworks);
  const source = await makeVolume(controller, MiB, on('rds2'));
  const request = { ...on('rds2'), ...from(RACK_2), ...fromVolume(source) };
  const { volume } = await controller.createVolume(volumeRequest('clone', MiB, request));
  assert.deepEqual(volume?.accessibleTopology[0]?.segments, RACK_2);
});

test('nodes have the capacity of the backends that they reach', async (t) => {
  const { controller, api } = await startStack(t, twoNetworks);
  const each = 1023n * GiB;
  const capacity = async (segments?: Record<string, string>, parameters: Record<string, string> = {}) => {
    const topology = segments === undefined ? {} : { accessibleTopology: { segments } };
    const { availableCapacity, maximumVolumeSize } = await controller.getCapacity({ parameters, ...topology });
    return [availableCapacity, maximumVolumeSize];
  };
  assert.deepEqual(await capacity(), [2n * each, undefined]);
  assert.deepEqual(await capacity({}), [2n * each, undefined], 'a node that has not said what it reaches');
  assert.deepEqual(await capacity({ ...DEFAULT, ...RACK_2 }), [2n * each, undefined]);
  assert.deepEqual(await capacity(DEFAULT), [each, undefined]);
  assert.deepEqual(await capacity(RACK_2, { backend: 'rds2', pool: 'cold' }), [each, each]);
  const execs = await api.execs();
  assert.deepEqual(await capacity(DEFAULT, { backend: 'rds2', pool: 'cold' }), [0n, 0n]);
  assert.deepEqual(await capacity({ zone: 'a' }), [0n, undefined]);
  assert.equal(await api.execs(), execs, 'the device is not asked for what no one there can have');
});
