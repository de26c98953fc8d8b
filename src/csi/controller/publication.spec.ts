import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { ControllerPublishRequest } from '../../storage/storage.ts';
import { VolumeCapability_AccessMode_Mode as Mode } from '../gen/csi_pb.js';
import { block, filesystem, refusal, startController } from '../services.fixture.ts';

const target = { address: '192.0.2.1', port: 4420, nqn: 'nqn.2026-11.io.rose-csi:pvc-1', bytes: 1n << 30n };
const request = { volumeId: 'rds:pvc-1', nodeId: 'nqn:node', volumeCapability: filesystem() };

test('ControllerPublishVolume reports the node where the volume is', async (t) => {
  const requests: ControllerPublishRequest[] = [];
  const client = await startController(t, {
    publishVolume: async (publication) => {
      requests.push(publication);
      return target;
    },
  });
  const { publishContext } = await client.controllerPublishVolume(request);
  assert.deepEqual(publishContext, { ...target, port: '4420', bytes: '1073741824' });
  await client.controllerPublishVolume({ ...request, readonly: true });
  await client.controllerPublishVolume({ ...request, volumeCapability: filesystem(Mode.SINGLE_NODE_READER_ONLY) });
  await client.controllerPublishVolume({ ...request, volumeCapability: block(Mode.MULTI_NODE_MULTI_WRITER) });
  const ids = { volumeId: 'rds:pvc-1', nodeId: 'nqn:node' };
  assert.deepEqual(requests, [
    { ...ids, mode: 'writer' },
    { ...ids, mode: 'reader' },
    { ...ids, mode: 'reader' },
    { ...ids, mode: 'shared' },
  ]);
});

test('ControllerPublishVolume refuses what is missing or not offered', async (t) => {
  const client = await startController(t, {});
  const { volumeCapability: _, ...incapable } = request;
  const cases: [string, Parameters<typeof client.controllerPublishVolume>[0], string | RegExp][] = [
    ['volume id', { ...request, volumeId: '' }, 'volume_id is missing'],
    ['node id', { ...request, nodeId: '' }, 'node_id is missing'],
    ['long node id', { ...request, nodeId: 'x'.repeat(257) }, 'node_id has 257 bytes; CSI allows 256'],
    ['capability', incapable, 'volume_capability is missing'],
    ['shared filesystem', { ...request, volumeCapability: filesystem(Mode.MULTI_NODE_MULTI_WRITER) }, /raw block/],
  ];
  for (const [name, wrong, message] of cases) {
    await t.test(name, () =>
      assert.rejects(client.controllerPublishVolume(wrong), refusal(status.INVALID_ARGUMENT, message)),
    );
  }
});

test('ControllerUnpublishVolume, from one node or from all', async (t) => {
  const calls: [string, string][] = [];
  const client = await startController(t, {
    unpublishVolume: async (volumeId, nodeId) => {
      calls.push([volumeId, nodeId]);
    },
  });
  const nodeId = 'n'.repeat(256);
  await client.controllerUnpublishVolume({ volumeId: 'rds:pvc-1', nodeId });
  await client.controllerUnpublishVolume({ volumeId: 'rds:pvc-1' });
  assert.deepEqual(calls, [
    ['rds:pvc-1', nodeId],
    ['rds:pvc-1', ''],
  ]);
  await assert.rejects(
    client.controllerUnpublishVolume({ nodeId }),
    refusal(status.INVALID_ARGUMENT, 'volume_id is missing'),
  );
  await assert.rejects(
    client.controllerUnpublishVolume({ volumeId: 'x', nodeId: 'x'.repeat(257) }),
    refusal(status.INVALID_ARGUMENT, 'node_id has 257 bytes; CSI allows 256'),
  );
});
