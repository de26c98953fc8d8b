import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { StorageError } from '../../storage/errors.ts';
import type { PageRequest, Volume } from '../../storage/storage.ts';
import { VolumeCapability_AccessMode_Mode as Mode } from '../gen/csi_pb.js';
import { block, filesystem, refusal, startController, volume } from '../services.fixture.ts';

const published: Volume = { ...volume, publishedNodeIds: ['node-a', 'node-b'] };
const restored: Volume = { ...volume, id: 'rds:pvc-2', network: 'rack-2', source: { snapshotId: 'rds:snap-1' } };

test('ControllerGetVolume', async (t) => {
  const client = await startController(t, {
    getVolume: async (id) => {
      if (id === 'rds:pvc-1') return published;
      throw new StorageError('RC-NOVOL', id);
    },
  });
  const reply = await client.controllerGetVolume({ volumeId: 'rds:pvc-1' });
  assert.equal(reply.volume?.volumeId, 'rds:pvc-1');
  assert.equal(reply.volume.capacityBytes, 1n << 30n);
  assert.deepEqual(reply.volume.accessibleTopology[0]?.segments, { 'rds.rose-csi.io/network-default': 'true' });
  assert.deepEqual(reply.status?.publishedNodeIds, ['node-a', 'node-b']);
  await assert.rejects(client.controllerGetVolume({}), refusal(status.INVALID_ARGUMENT, 'volume_id is missing'));
  await assert.rejects(
    client.controllerGetVolume({ volumeId: 'rds:pvc-9' }),
    refusal(status.NOT_FOUND, /^rds:pvc-9: the volume is not on the RDS\. /),
  );
});

test('ListVolumes', async (t) => {
  const pages: PageRequest[] = [];
  const client = await startController(t, {
    listVolumes: async (page) => {
      pages.push(page);
      if (page.token === 'bad') throw new StorageError('DRV-TOKEN', '');
      return { entries: [published, restored], nextToken: 'next' };
    },
  });
  const { entries, nextToken } = await client.listVolumes({ maxEntries: 2, startingToken: 'here' });
  assert.equal(nextToken, 'next');
  const seen = entries.map((entry) => [
    entry.volume?.volumeId,
    entry.status?.publishedNodeIds,
    entry.volume?.contentSource?.type.case,
    entry.volume?.accessibleTopology.flatMap(({ segments }) => Object.keys(segments)),
  ]);
  assert.deepEqual(seen, [
    ['rds:pvc-1', ['node-a', 'node-b'], undefined, ['rds.rose-csi.io/network-default']],
    ['rds:pvc-2', [], 'snapshot', ['rds.rose-csi.io/network-rack-2']],
  ]);
  await client.listVolumes({});
  await client.listVolumes({ maxEntries: 2 ** 31 - 1 });
  // More would not fit into the 4 MiB that Go clients take.
  assert.deepEqual(pages, [
    { maxEntries: 2, token: 'here' },
    { maxEntries: 4000, token: '' },
    { maxEntries: 4000, token: '' },
  ]);
  await assert.rejects(
    client.listVolumes({ startingToken: 'bad' }),
    refusal(status.ABORTED, /^the page token is not from a list of this driver\. /),
  );
  await assert.rejects(
    client.listVolumes({ maxEntries: -1 }),
    refusal(status.INVALID_ARGUMENT, 'max_entries is negative: -1'),
  );
});

test('the longest page fits into one message', async (t) => {
  const id = (kind: string, n: number, length: number) => `${kind}-${n}`.padEnd(length, 'x');
  const client = await startController(
    t,
    {
      listVolumes: async ({ maxEntries }) => ({
        entries: Array.from({ length: maxEntries }, (_, n) => ({
          id: id('rds:pvc', n, 128),
          capacityBytes: 2n ** 62n,
          source: { volumeId: id('rds:pvc', n, 128) },
          network: 'x'.repeat(50),
          publishedNodeIds: [id('node', n, 256), id('node', n + 1, 256)],
        })),
        nextToken: '',
      }),
    },
    [],
    { driverName: 'x'.repeat(63) },
  );
  assert.equal((await client.listVolumes({})).entries.length, 4000);
});

test('GetCapacity', async (t) => {
  const places: object[] = [];
  const client = await startController(t, {
    capacity: async (where) => {
      places.push(where);
      return 2n ** 53n + 1n;
    },
  });
  const parameters = { backend: 'rds', pool: 'tank', fsType: 'xfs' };
  const one = await client.getCapacity({ parameters, accessibleTopology: {} });
  assert.deepEqual([one.availableCapacity, one.maximumVolumeSize], [9_007_199_254_740_993n, 9_007_199_254_740_993n]);
  const all = await client.getCapacity({});
  assert.deepEqual([all.availableCapacity, all.maximumVolumeSize], [9_007_199_254_740_993n, undefined]);
  await client.getCapacity({ accessibleTopology: { segments: { 'rds.rose-csi.io/network-rack-2': 'true' } } });
  await client.getCapacity({ accessibleTopology: { segments: { zone: 'a' } } });
  assert.deepEqual(places, [
    { backend: 'rds', pool: 'tank' },
    {},
    { networks: new Set(['rack-2']) },
    { networks: new Set() },
  ]);
  await assert.rejects(
    client.getCapacity({ accessibleTopology: { segments: { zone: 'x'.repeat(4093) } } }),
    refusal(status.INVALID_ARGUMENT, 'accessible_topology.segments has 4097 bytes; CSI allows 4096'),
  );
  await assert.rejects(
    client.getCapacity({ parameters: { pol: 'tank' } }),
    refusal(status.INVALID_ARGUMENT, /^parameters of the StorageClass: "pol" unknown/),
  );
  await assert.rejects(
    client.getCapacity({ volumeCapabilities: [filesystem(Mode.MULTI_NODE_READER_ONLY)] }),
    refusal(status.INVALID_ARGUMENT, /^volume_capabilities\[0\]: access mode MULTI_NODE_READER_ONLY/),
  );
});

test('ValidateVolumeCapabilities confirms what can be had', async (t) => {
  const client = await startController(t, { getVolume: async () => volume });
  const request = {
    volumeId: 'rds:pvc-1',
    volumeContext: { formatVersion: '1', blank: 'true' },
    volumeCapabilities: [filesystem(Mode.SINGLE_NODE_WRITER, 'xfs'), block(Mode.MULTI_NODE_MULTI_WRITER)],
    parameters: { pool: 'tank' },
  };
  const { confirmed, message } = await client.validateVolumeCapabilities(request);
  assert.equal(message, '');
  assert.deepEqual(confirmed?.volumeContext, request.volumeContext);
  assert.deepEqual(confirmed.parameters, request.parameters);
  assert.deepEqual(
    confirmed.volumeCapabilities.map(({ accessType, accessMode }) => [accessType.case, accessMode?.mode]),
    [
      ['mount', Mode.SINGLE_NODE_WRITER],
      ['block', Mode.MULTI_NODE_MULTI_WRITER],
    ],
  );
});

test('ValidateVolumeCapabilities confirms raw block volumes as they were made before, called blank, and as they are made now', async (t) => {
  const client = await startController(t, { getVolume: async () => volume });
  for (const volumeContext of [{ formatVersion: '1', blank: 'true' }, { formatVersion: '1' }, {}]) {
    const request = { volumeId: 'rds:pvc-1', volumeContext, volumeCapabilities: [block()] };
    assert.deepEqual((await client.validateVolumeCapabilities(request)).confirmed?.volumeContext, volumeContext);
  }
});

test('ValidateVolumeCapabilities says what cannot be had', async (t) => {
  const client = await startController(t, { getVolume: async () => restored });
  const request = { volumeId: 'rds:pvc-2', volumeCapabilities: [filesystem()] };
  const cases: [Parameters<typeof client.validateVolumeCapabilities>[0], RegExp][] = [
    [{ volumeCapabilities: [filesystem(), filesystem(1, 'zfs')] }, /^filesystem "zfs" is not offered/],
    [{ volumeCapabilities: [block(Mode.MULTI_NODE_SINGLE_WRITER)] }, /^access mode MULTI_NODE_SINGLE_WRITER/],
    [{ volumeContext: { formatVersion: '1', blank: 'true' } }, /made from a source/],
    [{ parameters: { pol: 'x' } }, /^parameters of the StorageClass: "pol" unknown/],
    [{ mutableParameters: { iops: '1' } }, /^mutable_parameters are not supported/],
  ];
  for (const [change, reason] of cases) {
    const { confirmed, message } = await client.validateVolumeCapabilities(Object.assign({}, request, change));
    assert.equal(confirmed, undefined);
    assert.match(message, reason);
  }
});

test('ValidateVolumeCapabilities needs a volume and capabilities', async (t) => {
  const client = await startController(t, {
    getVolume: async () => {
      throw new StorageError('RC-NOVOL', 'rds:pvc-1');
    },
  });
  const request = { volumeId: 'rds:pvc-1', volumeCapabilities: [filesystem()] };
  const cases: [Parameters<typeof client.validateVolumeCapabilities>[0], status, RegExp | string][] = [
    [request, status.NOT_FOUND, /^rds:pvc-1: the volume is not on the RDS\. /],
    [{ ...request, volumeId: '' }, status.INVALID_ARGUMENT, 'volume_id is missing'],
    [{ ...request, volumeCapabilities: [] }, status.INVALID_ARGUMENT, 'volume_capabilities is missing'],
    [
      { ...request, volumeCapabilities: [{ accessType: { case: 'block', value: {} } }] },
      status.INVALID_ARGUMENT,
      'volume_capabilities[0]: access_mode is missing',
    ],
  ];
  for (const [wrong, code, message] of cases) {
    await assert.rejects(client.validateVolumeCapabilities(wrong), refusal(code, message));
  }
});
