import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { MIB } from './device.testing.ts';
import { testOnStores, writeTo } from './stores.testing.ts';

const LENGTH = 3 * MIB + 17;
const readOnly = { nested: [], readOnly: true };
const writable = { nested: [], readOnly: false };

testOnStores(
  'a snapshot has the bytes of its source, before and after a restart',
  async ({ store, directory, reopen }) => {
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
          await writeTo(store, `${source}/volume.img`, offset, Buffer.from(data).subarray(0, LENGTH - offset));
        }
        const snapshotting = restart ? await reopen() : store;
        await snapshotting.snapshotSubvolume('pool', source, copy, readOnly);
        const path = (name: string) => join(directory, name, 'volume.img');
        assert.ok((await readFile(path(copy))).equals(await readFile(path(source))));
      }),
      { numRuns: 20 },
    );
  },
);

testOnStores('source, snapshot and clone go their own ways', async ({ store, directory }) => {
  const content = async (name: string) =>
    (await readFile(join(directory, name, 'volume.img'))).subarray(0, 4).toString();
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', 2 * MIB);
  await writeTo(store, 'v-1/volume.img', 0, Buffer.from('then'));
  await store.snapshotSubvolume('pool', 'v-1', 's-1', readOnly);
  await writeTo(store, 'v-1/volume.img', 0, Buffer.from('now.'));
  await store.snapshotSubvolume('pool', 's-1', 'v-2', writable);
  await writeTo(store, 'v-2/volume.img', 0, Buffer.from('mine'));
  assert.deepEqual(await Promise.all(['v-1', 's-1', 'v-2'].map(content)), ['now.', 'then', 'mine']);
  await store.remove('pool', 'v-1');
  assert.deepEqual(await Promise.all(['s-1', 'v-2'].map(content)), ['then', 'mine']);
  await store.remove('pool', 's-1');
  assert.equal(await content('v-2'), 'mine');
  await store.grow('pool', 'v-2/volume.img', 5 * MIB);
  assert.equal((await store.usage('pool', 'v-2/volume.img')).length, 5 * MIB);
});

testOnStores('a file is cut off or lengthened, and what was cut off reads as zeros', async ({ store, directory }) => {
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', MIB);
  await writeTo(store, 'v-1/volume.img', 0, Buffer.alloc(MIB, 'x'));
  await store.truncate('pool', 'v-1/volume.img', 3);
  await store.truncate('pool', 'v-1/volume.img', 2 * MIB);
  const content = await readFile(join(directory, 'v-1/volume.img'));
  assert.ok(content.equals(Buffer.concat([Buffer.from('xxx'), Buffer.alloc(2 * MIB - 3)])));
  assert.equal((await store.usage('pool', 'v-1/volume.img')).length, 2 * MIB);
});

testOnStores('a file that was not written takes no space, one that was takes about that', async ({ store }) => {
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', 1024 * MIB);
  assert.deepEqual(await store.usage('pool', 'v-1/volume.img'), { length: 1024 * MIB, allocated: 0 });
  assert.deepEqual(await store.extents('pool', 'v-1/volume.img'), []);
  await writeTo(store, 'v-1/volume.img', 900 * MIB, Buffer.alloc(MIB, 1));
  const { allocated } = await store.usage('pool', 'v-1/volume.img');
  assert.ok(allocated >= MIB && allocated < 2 * MIB, `${allocated}`);
  await store.snapshotSubvolume('pool', 'v-1', 's-1', readOnly);
  assert.deepEqual(await store.extents('pool', 's-1/volume.img'), [{ offset: 900 * MIB, length: MIB }]);
});

testOnStores('what cannot be made leaves nothing', async ({ store, directory }) => {
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', 1);
  await store.createSubvolume('pool', 'v-2');
  await assert.rejects(store.createSubvolume('pool', 'v-1'), { code: 'EEXIST' });
  await assert.rejects(store.snapshotSubvolume('pool', 'v-1', 'v-2', readOnly), { code: 'EEXIST' });
  await assert.rejects(store.createFile('pool', 'v-1/volume.img', 2), { code: 'EEXIST' });
  await assert.rejects(store.createFile('pool', 'v-1/odd.img', 1.5), { code: 'ERR_OUT_OF_RANGE' });
  await assert.rejects(store.snapshotSubvolume('pool', 'missing', 's-1', readOnly), { code: 'ENOENT' });
  await assert.rejects(store.snapshotSubvolume('pool', 'v-1', 'no/such/place', readOnly), { code: 'ENOENT' });
  assert.deepEqual((await readdir(directory, { recursive: true })).sort(), ['v-1', 'v-1/volume.img', 'v-2']);
});

testOnStores('removing twice is fine, and takes along all that is inside', async ({ store }) => {
  await store.createSubvolume('pool', 'a');
  await store.createFile('pool', 'a/volume.img', 1);
  await store.createDirectory('pool', 'a/dir');
  await store.createSubvolume('pool', 'a/dir/b');
  await store.snapshotSubvolume('pool', 'a/dir/b', 'a/c', readOnly);
  await store.remove('pool', 'a');
  await store.remove('pool', 'a');
  assert.deepEqual(await store.list('pool'), []);
});
