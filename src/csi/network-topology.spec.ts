import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { TopologyRequirementSchema, TopologySchema } from './gen/csi_pb.js';
import { NetworkTopology } from './network-topology.ts';

const networks = new NetworkTopology('rds.rose-csi.io');
const A = 'rds.rose-csi.io/network-a';
const B = 'rds.rose-csi.io/network-b';

type Segments = Readonly<Record<string, string>>;

const topology = (segments: Segments) => create(TopologySchema, { segments });
const required = (init: MessageInitShape<typeof TopologyRequirementSchema>) =>
  networks.required('accessibility_requirements', create(TopologyRequirementSchema, init));
const given = (segments?: Segments) => networks.given('accessible_topology', segments && topology(segments));

test('a key for each network, so that a node may reach several', () => {
  assert.deepEqual(networks.of('a'), { segments: { [A]: 'true' } });
  assert.deepEqual(networks.of('a', 'b'), { segments: { [A]: 'true', [B]: 'true' } });
});

test('of several topologies each names networks that will do', () => {
  assert.deepEqual(required({ requisite: [{ segments: { [A]: 'true' } }] }), new Set(['a']));
  const both = [{ segments: { [A]: 'true', 'example.net/zone': 'z' } }, { segments: { [B]: 'true' } }];
  assert.deepEqual(required({ requisite: both, preferred: both.toReversed() }), new Set(['a', 'b']));
});

test('what is not the key of a network, or not its one value, is none', () => {
  for (const segments of [
    {},
    { 'example.net/network-a': 'true' },
    { 'rds.rose-csi.io/zone': 'true' },
    { [A]: 'false' },
  ]) {
    assert.deepEqual(required({ requisite: [{ segments }] }), new Set());
  }
});

test('keys are compared whatever their case', () => {
  assert.deepEqual(given({ 'RDS.rose-csi.io/Network-A': 'true' }), new Set(['a']));
});

test('a preference alone leaves every network allowed', () => {
  assert.equal(required({ preferred: [{ segments: { [A]: 'true' } }] }), undefined);
  assert.equal(networks.required('accessibility_requirements', undefined), undefined);
});

test('without a topology, or with an empty one, every network is allowed', () => {
  assert.equal(given(), undefined);
  assert.equal(given({}), undefined);
  assert.deepEqual(given({ [B]: 'true' }), new Set(['b']));
  assert.deepEqual(given({ 'example.net/zone': 'z' }), new Set());
});

test('requirements that say nothing, and segments that are too long, are invalid', () => {
  const invalid = (message: string) => ({ name: 'StorageError', kind: 'invalid', message: `${message} [DRV-INVALID]` });
  assert.throws(
    () => required({}),
    invalid('accessibility_requirements: neither requisite nor preferred topologies are given'),
  );
  const long = { segments: { zone: 'x'.repeat(4093) } };
  for (const field of ['requisite', 'preferred'] as const) {
    assert.throws(
      () => required({ [field]: [{ segments: { zone: 'a' } }, long] }),
      invalid(`accessibility_requirements.${field}[1].segments has 4097 bytes; CSI allows 4096`),
    );
  }
  assert.throws(() => given(long.segments), invalid('accessible_topology.segments has 4097 bytes; CSI allows 4096'));
});
