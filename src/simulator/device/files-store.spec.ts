import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { MIB, temporaryDirectory } from './device.testing.ts';
import { FilesStore } from './files-store.ts';
import { writeTo } from './stores.testing.ts';

const options = { nested: [], readOnly: true };

test('a snapshot of a snapshot knows where the data is', async (t) => {
  const store = await FilesStore.open(await temporaryDirectory(t));
  await store.ensurePool('pool');
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', 1024 * MIB);
  await writeTo(store, 'v-1/volume.img', 900 * MIB, Buffer.from('data'));
  await store.snapshotSubvolume('pool', 'v-1', 's-1', options);
  await store.snapshotSubvolume('pool', 's-1', 'v-2', options);
  await writeTo(store, 'v-2/volume.img', 0, Buffer.from('more'));
  const chunk = 256 * 1024;
  assert.deepEqual(await store.extents('pool', 's-1/volume.img'), [{ offset: 900 * MIB, length: chunk }]);
  assert.deepEqual(await store.extents('pool', 'v-2/volume.img'), [
    { offset: 0, length: chunk },
    { offset: 900 * MIB, length: chunk },
  ]);
  const { length, allocated } = await store.usage('pool', 'v-2/volume.img');
  assert.equal(length, 1024 * MIB);
  assert.ok(allocated > 0 && allocated < MIB);
});

test('a snapshot that cannot be made leaves no copy', async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await FilesStore.open(directory);
  await store.ensurePool('pool');
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', 1);
  await assert.rejects(store.snapshotSubvolume('pool', 'v-1', 'no/such/place', options), { code: 'ENOENT' });
  assert.deepEqual(await readdir(join(directory, 'tmp')), []);
});
