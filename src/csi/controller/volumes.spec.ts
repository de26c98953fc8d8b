import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { StorageError } from '../../storage/errors.ts';
import type { CapacityRange, CreateVolumeRequest, Volume } from '../../storage/storage.ts';
import { type CreateVolumeRequestSchema, VolumeCapability_AccessMode_Mode as Mode } from '../gen/csi_pb.js';
import { block, filesystem, refusal, startController, volume } from '../services.fixture.ts';

type Init = MessageInitShape<typeof CreateVolumeRequestSchema>;
const GiB = 1n << 30n;
const segments = (topologies: readonly { segments: object }[]) => topologies.map((topology) => topology.segments);
const minimal: Init = { name: 'pvc-1', volumeCapabilities: [filesystem()] };
const fromSnapshot = { type: { case: 'snapshot', value: { snapshotId: 'rds:snap-1' } } } as const;
const fromVolume = { type: { case: 'volume', value: { volumeId: 'rds:pvc-0' } } } as const;

/** A client, and what it made the storage create. */
async function startCreating(t: Parameters<typeof startController>[0], made: Volume = volume) {
  const requests: CreateVolumeRequest[] = [];
  const client = await startController(t, {
    createVolume: async (request) => {
      requests.push(request);
      return made;
    },
  });
  return { client, requests };
}

test('CreateVolume, with as little as possible', async (t) => {
  const { client, requests } = await startCreating(t);
  const reply = await client.createVolume(minimal);
  assert.deepEqual(requests, [{ name: 'pvc-1', capacity: { requiredBytes: 0n, limitBytes: 0n } }]);
  assert.equal(reply.volume?.volumeId, 'rds:pvc-1');
  assert.equal(reply.volume.capacityBytes, GiB);
  assert.deepEqual(reply.volume.volumeContext, { formatVersion: '1', blank: 'true' });
  assert.equal(reply.volume.contentSource, undefined);
  assert.deepEqual(segments(reply.volume.accessibleTopology), [{ 'rds.rose-csi.io/network-default': 'true' }]);
});

test('CreateVolume, with everything', async (t) => {
  const { client, requests } = await startCreating(t);
  const reply = await client.createVolume({
    name: 'pvc-1',
    capacityRange: { requiredBytes: GiB, limitBytes: 2n * GiB },
    volumeCapabilities: [filesystem(Mode.SINGLE_NODE_MULTI_WRITER, 'xfs'), block(Mode.MULTI_NODE_MULTI_WRITER)],
    parameters: {
      backend: 'rds',
      pool: 'tank',
      fsType: 'xfs',
      ioQueues: '4',
      'csi.storage.k8s.io/pvc/name': 'data',
      'csi.storage.k8s.io/pvc/namespace': 'shop',
      'csi.storage.k8s.io/pv/name': 'pvc-1',
    },
    secrets: { password: 'x' },
    accessibilityRequirements: {
      requisite: [{ segments: { zone: 'a', 'rds.rose-csi.io/network-default': 'true' } }],
      preferred: [{ segments: { zone: 'a', 'rds.rose-csi.io/network-default': 'true' } }],
    },
  });
  const capacity = { requiredBytes: GiB, limitBytes: 2n * GiB };
  const networks = new Set(['default']);
  assert.deepEqual(requests, [
    { name: 'pvc-1', capacity, backend: 'rds', pool: 'tank', networks, description: 'shop/data' },
  ]);
  const { volumeContext } = reply.volume ?? {};
  assert.deepEqual(volumeContext, { formatVersion: '1', blank: 'true', fsType: 'xfs', ioQueues: '4' });
});

test('a preference alone allows every network, and the answer says which it is', async (t) => {
  const { client, requests } = await startCreating(t, { ...volume, network: 'rack-2' });
  const preferred = [{ segments: { 'rds.rose-csi.io/network-default': 'true' } }];
  const reply = await client.createVolume({ ...minimal, accessibilityRequirements: { preferred } });
  assert.deepEqual(requests, [{ name: 'pvc-1', capacity: { requiredBytes: 0n, limitBytes: 0n } }]);
  assert.deepEqual(segments(reply.volume?.accessibleTopology ?? []), [{ 'rds.rose-csi.io/network-rack-2': 'true' }]);
});

test('CreateVolume from a source echoes it, also when it was made before, and is never blank', async (t) => {
  for (const volumeContentSource of [fromSnapshot, fromVolume]) {
    // As the storage answers when it finds the volume already there.
    const { client, requests } = await startCreating(t, volume);
    const reply = await client.createVolume({ ...minimal, volumeContentSource });
    const { case: kind, value } = volumeContentSource.type;
    assert.deepEqual(requests[0]?.source, value);
    assert.equal(reply.volume?.contentSource?.type.case, kind);
    assert.partialDeepStrictEqual(reply.volume?.contentSource?.type.value, value);
    assert.deepEqual(reply.volume?.volumeContext, { formatVersion: '1' });
  }
});

test('a raw block volume was called blank, so that a node could have formatted it', async (t) => {
  const { client } = await startCreating(t);
  const contextFor = async (...volumeCapabilities: NonNullable<Init['volumeCapabilities']>) =>
    (await client.createVolume({ ...minimal, volumeCapabilities })).volume?.volumeContext;
  assert.deepEqual(await contextFor(block()), { formatVersion: '1' });
  assert.deepEqual(await contextFor(block(), block(Mode.MULTI_NODE_MULTI_WRITER)), { formatVersion: '1' });
  assert.deepEqual(await contextFor(block(), filesystem()), { formatVersion: '1', blank: 'true' });
});

test('sizes above 2^53 are exact', async (t) => {
  const requiredBytes = 2n ** 53n + 1n;
  const limitBytes = 2n ** 63n - 1n;
  const { client, requests } = await startCreating(t, { ...volume, capacityBytes: limitBytes - 2n });
  const capacityRange = { requiredBytes, limitBytes };
  const reply = await client.createVolume({ ...minimal, capacityRange, volumeCapabilities: [block()] });
  assert.deepEqual(requests[0]?.capacity, { requiredBytes, limitBytes });
  assert.equal(reply.volume?.capacityBytes, 9_223_372_036_854_775_805n);
});

test('names of CSI: 128 bytes, any script, no control characters', async (t) => {
  const { client, requests } = await startCreating(t);
  for (const name of ['x'.repeat(128), 'ж'.repeat(64), 'tab\t, line\nand return\r']) {
    await client.createVolume({ ...minimal, name });
    assert.equal(requests.at(-1)?.name, name);
  }
  const cases: [string, string][] = [
    ['', 'name is missing'],
    ['x'.repeat(129), 'name has 129 bytes; CSI allows 128'],
    ['ж'.repeat(65), 'name has 130 bytes; CSI allows 128'],
    ['a\u0000', 'name contains a control character'],
    ['a\u001b[31m', 'name contains a control character'],
    ['a\u007f', 'name contains a control character'],
    ['a\u0085', 'name contains a control character'],
  ];
  for (const [name, message] of cases) {
    await assert.rejects(client.createVolume({ ...minimal, name }), refusal(status.INVALID_ARGUMENT, message));
  }
});

test('CreateVolume refuses what is missing, wrong or not offered', async (t) => {
  const client = await startController(t, {});
  const cases: [string, Init, string | RegExp][] = [
    ['negative size', { capacityRange: { requiredBytes: -1n } }, 'capacity_range.required_bytes is negative: -1'],
    ['negative limit', { capacityRange: { limitBytes: -1n } }, 'capacity_range.limit_bytes is negative: -1'],
    [
      'limit below size',
      { capacityRange: { requiredBytes: 3n, limitBytes: 2n } },
      'capacity_range: limit_bytes 2 is less than required_bytes 3',
    ],
    ['no capability', { volumeCapabilities: [] }, 'volume_capabilities is missing'],
    [
      'no access type',
      { volumeCapabilities: [filesystem(), { accessMode: { mode: 1 } }] },
      'volume_capabilities[1]: access_type (block or mount) is missing',
    ],
    [
      'access mode',
      { volumeCapabilities: [filesystem(Mode.MULTI_NODE_MULTI_WRITER)] },
      /^volume_capabilities\[0\]: access mode MULTI_NODE_MULTI_WRITER is offered for raw block/,
    ],
    ['filesystem', { volumeCapabilities: [filesystem(1, 'btrfs')] }, /^volume_capabilities\[0\]: filesystem "btrfs"/],
    [
      'mount options',
      {
        volumeCapabilities: [
          { accessMode: { mode: 1 }, accessType: { case: 'mount', value: { mountFlags: ['ro,bind'] } } },
        ],
      },
      'volume_capabilities[0]: mount_flags: mount option "bind" is not offered',
    ],
    [
      'unknown parameter',
      { parameters: { pol: 'tank' } },
      /^parameters of the StorageClass: "pol" unknown; did you mean "pool"\? known: backend, pool, /,
    ],
    [
      'two filesystems',
      { parameters: { fsType: 'ext4' }, volumeCapabilities: [filesystem(1, 'xfs')] },
      'parameters of the StorageClass: "fsType" is "ext4", but a volume capability asks for "xfs"',
    ],
    ['empty source', { volumeContentSource: {} }, 'volume_content_source: neither a snapshot nor a volume is given'],
    [
      'no snapshot id',
      { volumeContentSource: { type: { case: 'snapshot', value: {} } } },
      'volume_content_source.snapshot.snapshot_id is missing',
    ],
    [
      'no volume id',
      { volumeContentSource: { type: { case: 'volume', value: {} } } },
      'volume_content_source.volume.volume_id is missing',
    ],
    [
      'no topology',
      { accessibilityRequirements: {} },
      'accessibility_requirements: neither requisite nor preferred topologies are given',
    ],
    [
      'long topology',
      { accessibilityRequirements: { preferred: [{ segments: { zone: 'x'.repeat(4093) } }] } },
      'accessibility_requirements.preferred[0].segments has 4097 bytes; CSI allows 4096',
    ],
    ['mutable', { mutableParameters: { iops: '1' } }, 'mutable_parameters are not supported; given: "iops"'],
  ];
  for (const [name, change, message] of cases) {
    await t.test(name, () =>
      assert.rejects(
        client.createVolume(Object.assign({}, minimal, change)),
        refusal(status.INVALID_ARGUMENT, message),
      ),
    );
  }
});

test('what the storage says is passed on', async (t) => {
  const client = await startController(t, {
    createVolume: async () => {
      throw new StorageError('RC-SMALL', 'rds:snap-1', '2147483648');
    },
  });
  await assert.rejects(
    client.createVolume(minimal),
    refusal(status.OUT_OF_RANGE, /^rds:snap-1: the source has 2 GiB, /),
  );
});

test('DeleteVolume', async (t) => {
  const deleted: string[] = [];
  const client = await startController(t, {
    deleteVolume: async (id) => {
      deleted.push(id);
    },
  });
  await client.deleteVolume({ volumeId: 'rds:pvc-1' });
  await client.deleteVolume({ volumeId: 'garbage' });
  assert.deepEqual(deleted, ['rds:pvc-1', 'garbage']);
  await assert.rejects(client.deleteVolume({}), refusal(status.INVALID_ARGUMENT, 'volume_id is missing'));
  await assert.rejects(
    client.deleteVolume({ volumeId: 'x'.repeat(129) }),
    refusal(status.INVALID_ARGUMENT, 'volume_id has 129 bytes; CSI allows 128'),
  );
});

test('ControllerExpandVolume', async (t) => {
  const calls: [string, CapacityRange][] = [];
  const client = await startController(t, {
    expandVolume: async (id, capacity) => {
      calls.push([id, capacity]);
      return 2n ** 53n + 1n;
    },
  });
  const request = { volumeId: 'rds:pvc-1', capacityRange: { requiredBytes: GiB } };
  const grown = async (volumeCapability?: ReturnType<typeof block>) => {
    const { capacityBytes, nodeExpansionRequired } = await client.controllerExpandVolume(
      volumeCapability ? { ...request, volumeCapability } : request,
    );
    assert.equal(capacityBytes, 9_007_199_254_740_993n);
    return nodeExpansionRequired;
  };
  assert.equal(await grown(), true);
  assert.equal(await grown(filesystem()), true);
  assert.equal(await grown(block()), false);
  assert.deepEqual(calls[0], ['rds:pvc-1', { requiredBytes: GiB, limitBytes: 0n }]);

  const cases: [Parameters<typeof client.controllerExpandVolume>[0], string | RegExp][] = [
    [{ ...request, volumeId: '' }, 'volume_id is missing'],
    [{ volumeId: 'x' }, 'capacity_range is missing'],
    [{ volumeId: 'x', capacityRange: {} }, 'capacity_range is missing'],
    [{ volumeId: 'x', capacityRange: { requiredBytes: -1n } }, /is negative/],
    [{ ...request, volumeCapability: {} }, /^volume_capability: access_type/],
  ];
  for (const [wrong, message] of cases) {
    await assert.rejects(client.controllerExpandVolume(wrong), refusal(status.INVALID_ARGUMENT, message));
  }
  assert.equal(calls.length, 3);
});

test('a claim that no node could serve is refused when it is made, with the size that can be had', async (t) => {
  const { client, requests } = await startCreating(t);
  const MiB = 1n << 20n;
  const create = (fsType: string, requiredBytes: bigint, extra: Extract<Init, { $typeName?: never }> = {}) =>
    client.createVolume({
      name: 'pvc-1',
      capacityRange: { requiredBytes },
      parameters: { fsType },
      volumeCapabilities: [filesystem()],
      ...extra,
    });
  await assert.rejects(
    create('xfs', 299n * MiB),
    refusal(status.OUT_OF_RANGE, /too small for xfs; the least is 300Mi/),
  );
  const named = { parameters: {}, volumeCapabilities: [filesystem(Mode.SINGLE_NODE_WRITER, 'xfs')] };
  await assert.rejects(create('', MiB, named), refusal(status.OUT_OF_RANGE, /the least is 300Mi/));
  const limited = { capacityRange: { requiredBytes: 0n, limitBytes: 64n * MiB } };
  await assert.rejects(create('xfs', 0n, limited), refusal(status.OUT_OF_RANGE, /the least is 300Mi/));
  await assert.rejects(create('ext4', 51n << 40n), refusal(status.OUT_OF_RANGE, /the most is 50Ti \(use xfs\)/));
  assert.deepEqual(requests, []);
  await create('xfs', 300n * MiB);
  await create('xfs', 0n);
  await create('xfs', MiB, { volumeContentSource: fromSnapshot });
  await create('xfs', MiB, { volumeCapabilities: [block()] });
  assert.equal(requests.length, 4);
});

test('a growth beyond what the filesystem can have is refused before the volume grows', async (t) => {
  let grown = 0;
  const client = await startController(t, {
    expandVolume: async () => {
      grown += 1;
      return 51n << 40n;
    },
  });
  const expand = (fsType: string) =>
    client.controllerExpandVolume({
      volumeId: 'rds:pvc-1',
      capacityRange: { requiredBytes: 51n << 40n },
      volumeCapability: filesystem(Mode.SINGLE_NODE_WRITER, fsType),
    });
  await assert.rejects(expand('ext4'), refusal(status.OUT_OF_RANGE, /the most is 50Ti/));
  assert.equal(grown, 0);
  await expand('xfs');
  assert.equal(grown, 1);
});
