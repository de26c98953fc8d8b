import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ControllerServiceCapability_RPC_Type as Rpc } from '../gen/csi_pb.js';
import { grpcStatus, startController } from '../services.fixture.ts';

test('the controller advertises what it can do, and nothing else', async (t) => {
  const client = await startController(t, {});
  const { capabilities } = await client.controllerGetCapabilities({});
  const names = capabilities.map(({ type }) => type.case === 'rpc' && Rpc[type.value.type]);
  assert.deepEqual(names.sort(), [
    'CLONE_VOLUME',
    'CREATE_DELETE_SNAPSHOT',
    'CREATE_DELETE_VOLUME',
    'EXPAND_VOLUME',
    'GET_CAPACITY',
    'GET_SNAPSHOT',
    'GET_VOLUME',
    'GET_VOLUME_HEALTH',
    'LIST_SNAPSHOTS',
    'LIST_VOLUMES',
    'LIST_VOLUMES_PUBLISHED_NODES',
    'LIST_VOLUME_HEALTH',
    'PUBLISH_UNPUBLISH_VOLUME',
    'SINGLE_NODE_MULTI_WRITER',
  ]);
});

test('what is not advertised is UNIMPLEMENTED', async (t) => {
  const client = await startController(t, {});
  const request = { volumeId: 'rds:pvc-1' };
  await assert.rejects(client.controllerModifyVolume(request), grpcStatus(status.UNIMPLEMENTED, /ModifyVolume/i));
});
