import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { MIB, temporaryDirectory } from './device.testing.ts';
import { FilesStore } from './files-store.ts';

const LENGTH = 3 * MIB + 17;

async function openStore(t: TestContext) {
  const directory = await temporaryDirectory(t);
  const store = await FilesStore.open(directory);
  await store.ensurePool('pool');
  return { directory, store, reopen: () => FilesStore.open(directory) };
}

async function write(store: FilesStore, path: string, offset: number, data: Buffer): Promise<void> {
  const file = await store.openFile('pool', path);
  try {
    await file.write(offset, data);
  } finally {
    await file.close();
  }
}

test('a snapshot has the bytes of its source, before and after a restart', async (t) => {
  const { store, directory, reopen } = await openStore(t);
  const writes = fc.array(fc.tuple(fc.integer({ min: 0, max: LENGTH - 1 }), fc.uint8Array({ maxLength: 9000 })), {
    maxLength: 6,
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(writes, fc.boolean(), async (changes, restart) => {
      run += 1;
      const [source, copy] = [`v-${run}`, `s-${run}`];
      await store.createSubvolume('pool', source);
      await store.createFile('pool', `${source}/volume.img`, LENGTH);
      for (const [offset, data] of changes) {
        await write(store, `${source}/volume.img`, offset, Buffer.from(data).subarray(0, LENGTH - offset));
      }
      const snapshotting = restart ? await reopen() : store;
      await snapshotting.snapshotSubvolume('pool', source, copy, []);
      const path = (name: string) => join(directory, 'pools/pool', name, 'volume.img');
      assert.ok((await readFile(path(copy))).equals(await readFile(path(source))));
    }),
    { numRuns: 20 },
  );
});

test('a snapshot of a snapshot knows where the data is', async (t) => {
  const { store } = await openStore(t);
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', 1024 * MIB);
  await write(store, 'v-1/volume.img', 900 * MIB, Buffer.from('data'));
  await store.snapshotSubvolume('pool', 'v-1', 's-1', []);
  await store.snapshotSubvolume('pool', 's-1', 'v-2', []);
  await write(store, 'v-2/volume.img', 0, Buffer.from('more'));
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

test('what cannot be made leaves nothing', async (t) => {
  const { store, directory } = await openStore(t);
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', 1);
  await assert.rejects(store.createSubvolume('pool', 'v-1'), { code: 'EEXIST' });
  await assert.rejects(store.createFile('pool', 'v-1/volume.img', 2), { code: 'EEXIST' });
  await assert.rejects(store.createFile('pool', 'v-1/odd.img', 1.5), { code: 'ERR_OUT_OF_RANGE' });
  await assert.rejects(store.snapshotSubvolume('pool', 'missing', 's-1', []), { code: 'ENOENT' });
  await assert.rejects(store.snapshotSubvolume('pool', 'v-1', 'no/such/place', []), { code: 'ENOENT' });
  assert.deepEqual(await readdir(join(directory, 'pools/pool'), { recursive: true }), ['v-1', 'v-1/volume.img']);
  assert.deepEqual(await readdir(join(directory, 'tmp')), []);
});

test('removing twice is fine', async (t) => {
  const { store } = await openStore(t);
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', 1);
  await store.remove('pool', 'v-1');
  await store.remove('pool', 'v-1');
  assert.deepEqual(await store.list('pool'), []);
});
