import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { StorageError } from '../../storage/errors.ts';
import type { PageRequest } from '../../storage/storage.ts';
import { VolumeHealthErrorType as Type } from '../gen/csi_pb.js';
import { refusal, startController } from '../services.fixture.ts';

test('ControllerGetVolumeHealth says how bad each condition is, and its name', async (t) => {
  const client = await startController(t, {
    volumeHealth: async (id) => {
      if (id === 'rds:pvc-1') return { id, conditions: [] };
      if (id === 'rds:pvc-9') throw new StorageError('RC-NOVOL', id);
      return {
        id,
        conditions: [
          { code: 'ImageSmaller', detail: '1 GiB of 2 GiB' },
          { code: 'DiskItemLost', detail: '' },
          { code: 'PoolDeviceErrors', detail: 'x'.repeat(500) },
        ],
      };
    },
  });
  const well = await client.controllerGetVolumeHealth({ volumeId: 'rds:pvc-1' });
  assert.deepEqual([well.volumeHealth?.volumeId, well.volumeHealth?.healthStatuses], ['rds:pvc-1', []]);
  const { volumeHealth } = await client.controllerGetVolumeHealth({ volumeId: 'rds:pvc-2' });
  const entries = volumeHealth?.healthStatuses ?? [];
  assert.deepEqual(
    entries.map((entry) => [entry.status, entry.reason]),
    [
      [Type.DATA_LOSS, 'ImageSmaller'],
      [Type.INACCESSIBLE, 'DiskItemLost'],
      [Type.DEGRADED, 'PoolDeviceErrors'],
    ],
  );
  assert.equal(entries[0]?.message, 'the image on the RDS is smaller than the volume: 1 GiB of 2 GiB');
  assert.ok(
    entries.every(({ message }) => Buffer.byteLength(message) <= 128),
    'the general limit of CSI',
  );
  await assert.rejects(client.controllerGetVolumeHealth({}), refusal(status.INVALID_ARGUMENT, 'volume_id is missing'));
  await assert.rejects(
    client.controllerGetVolumeHealth({ volumeId: 'rds:pvc-9' }),
    refusal(status.NOT_FOUND, /^rds:pvc-9: the volume is not on the RDS\. /),
  );
});

test('ControllerListVolumeHealth pages as the other lists do', async (t) => {
  const pages: PageRequest[] = [];
  const client = await startController(t, {
    listVolumeHealth: async (page) => {
      pages.push(page);
      if (page.token === 'bad') throw new StorageError('DRV-TOKEN', '');
      return { entries: [{ id: 'rds:pvc-1', conditions: [{ code: 'ExportLost', detail: '' }] }], nextToken: 'next' };
    },
  });
  const { entries, nextToken } = await client.controllerListVolumeHealth({ maxEntries: 2, startingToken: 'here' });
  assert.deepEqual(
    [entries.map(({ volumeId, healthStatuses }) => [volumeId, healthStatuses[0]?.reason]), nextToken],
    [[['rds:pvc-1', 'ExportLost']], 'next'],
  );
  assert.deepEqual(pages, [{ maxEntries: 2, token: 'here' }]);
  await assert.rejects(
    client.controllerListVolumeHealth({ startingToken: 'bad' }),
    refusal(status.ABORTED, /^the page token is not from a list of this driver/),
  );
  await assert.rejects(
    client.controllerListVolumeHealth({ maxEntries: -1 }),
    refusal(status.INVALID_ARGUMENT, 'max_entries is negative: -1'),
  );
});

test('the longest page fits into one message', async (t) => {
  const client = await startController(t, {
    listVolumeHealth: async ({ maxEntries }) => ({
      entries: Array.from({ length: maxEntries }, (_, n) => ({
        id: `rds:pvc-${n}`.padEnd(128, 'x'),
        conditions: (['ImageSmaller', 'PoolDeviceErrors', 'PoolDiskErrors'] as const).map((code) => ({
          code,
          detail: 'x'.repeat(200),
        })),
      })),
      nextToken: '',
    }),
  });
  assert.equal((await client.controllerListVolumeHealth({})).entries.length, 4000);
});
