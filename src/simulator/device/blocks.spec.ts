import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB, openDevice, testOnBackends } from './device.testing.ts';

test('blocks are within the namespace only', async (t) => {
  const under = await openDevice(t);
  const nqn = await under.addVolume('v-1', MIB);
  const { blocks } = under.device;
  await blocks.write(nqn, MIB - 4, Buffer.from('last'));
  assert.deepEqual(await blocks.read(nqn, MIB - 6, 6), Buffer.from('\0\0last'));
  for (const [offset, length] of [
    [MIB, 1],
    [MIB - 4, 5],
    [-1, 2],
  ] as const) {
    await assert.rejects(blocks.read(nqn, offset, length), { code: 'out-of-range' });
  }
  await assert.rejects(blocks.write(nqn, MIB - 3, Buffer.from('last')), { code: 'out-of-range' });
});

test('only what is exported can be reached', async (t) => {
  const under = await openDevice(t);
  const nqn = await under.addVolume('v-1', MIB);
  const { blocks } = under.device;
  await assert.rejects(blocks.read('nqn.2026-11.test:other', 0, 1), { code: 'no-such-namespace' });
  await under.run('/disk', 'set', 'v-1', { 'nvme-tcp-export': false });
  await assert.rejects(blocks.read(nqn, 0, 1), { code: 'not-exported' });
  await assert.rejects(blocks.write(nqn, 0, Buffer.from('x')), { code: 'not-exported' });
});

test('a disk that is read-only cannot be written', async (t) => {
  const under = await openDevice(t);
  const nqn = await under.addVolume('v-1', MIB);
  await under.run('/disk', 'set', 'v-1', { 'mount-read-only': true });
  await assert.rejects(under.device.blocks.write(nqn, 0, Buffer.from('x')), { code: 'read-only' });
  assert.equal(under.device.blocks.namespace(nqn).readOnly, true);
});

test('writes take space from the pool until it is full; removal gives it back', async (t) => {
  const pools = [{ label: 'pool', mountPoint: 'pool', sizeBytes: 4 * MIB }];
  const under = await openDevice(t, { pools });
  const nqn = await under.addVolume('v-1', 100 * MIB);
  const { blocks } = under.device;
  await blocks.write(nqn, 50 * MIB, Buffer.alloc(2 * MIB, 1));
  const free = (await under.get('/disk', 'nvme1', 'free')) ?? 0n;
  assert.ok(typeof free === 'bigint' && free <= BigInt(2 * MIB) && free > BigInt(MIB));
  await assert.rejects(blocks.write(nqn, 0, Buffer.alloc(3 * MIB, 1)), { code: 'no-space' });
  await assert.rejects(
    blocks.write(nqn, 0, Buffer.alloc(MIB, 1)).then(() => under.snapshot('v-1', 's-1')),
    /BTRFS_IOC_SNAP_CREATE failed: No space left on device/,
  );
  await under.run('/disk', 'remove', 'v-1');
  await under.run('/disk/btrfs/subvolume', 'remove', 'v-1');
  assert.equal(await under.get('/disk', 'nvme1', 'free'), BigInt(4 * MIB));
});

testOnBackends('a snapshot keeps what was there, whatever happens to its source', async (t, options) => {
  const under = await openDevice(t, options);
  const { blocks } = under.device;
  const source = await under.addVolume('v-1', 8 * MIB);
  await blocks.write(source, 0, Buffer.alloc(MIB, 'a'));
  await blocks.write(source, 7 * MIB, Buffer.alloc(MIB, 'b'));
  const then = await blocks.read(source, 0, 8 * MIB);
  await under.snapshot('v-1', 's-1');
  await blocks.write(source, 0, Buffer.alloc(2 * MIB, 'c'));
  await under.snapshot('s-1', 'v-2', false);
  const clone = await under.attach('v-2');
  assert.deepEqual(await blocks.read(clone, 0, 8 * MIB), then);

  await blocks.write(clone, 3 * MIB, Buffer.from('only in the clone'));
  await under.run('/disk', 'remove', 'v-1');
  await under.run('/disk/btrfs/subvolume', 'remove', 'v-1');
  await under.snapshot('s-1', 'v-3', false);
  const second = await under.attach('v-3');
  assert.deepEqual(await blocks.read(second, 0, 8 * MIB), then);
  assert.equal(await under.get('/disk/btrfs/subvolume', 'v-3', 'parent'), 's-1');
});

testOnBackends('a snapshot among writes is a point in time', async (t, options) => {
  const under = await openDevice(t, options);
  const { blocks } = under.device;
  const nqn = await under.addVolume('v-1', 4 * MIB);
  // Each round writes the same letter at both ends, first then last: a copy may miss the last one, never the first.
  const last = 4 * MIB - 1;
  const writer = (async () => {
    for (let round = 0; round < 60; round += 1) {
      await blocks.write(nqn, 0, Buffer.from([round]));
      await blocks.write(nqn, last, Buffer.from([round]));
    }
  })();
  for (let i = 0; i < 6; i += 1) await under.snapshot('v-1', `s-${i}`);
  await writer;
  for (let i = 0; i < 6; i += 1) {
    await under.snapshot(`s-${i}`, `v-s-${i}`, false);
    const clone = await under.attach(`v-s-${i}`);
    const [head = 0] = await blocks.read(clone, 0, 1);
    const [tail = 0] = await blocks.read(clone, last, 1);
    assert.ok(head - tail === 0 || head - tail === 1, `head ${head}, tail ${tail}`);
  }
});

testOnBackends('extents name what was written and little else', async (t, options) => {
  const under = await openDevice(t, options);
  const nqn = await under.addVolume('v-1', 1024 * MIB);
  assert.deepEqual(await under.device.blocks.extents(nqn), []);
  await under.device.blocks.write(nqn, 512 * MIB, Buffer.from('x'));
  const extents = await under.device.blocks.extents(nqn);
  assert.equal(extents.length, 1);
  assert.ok((extents[0]?.offset ?? 0) <= 512 * MIB && (extents[0]?.length ?? 0) <= MIB);
});

testOnBackends('growing among writes keeps the new length', async (t, options) => {
  const under = await openDevice(t, options);
  const nqn = await under.addVolume('v-1', MIB);
  const write = () => under.device.blocks.write(nqn, 0, Buffer.alloc(4096, 1));
  const writes = Array.from({ length: 20 }, write);
  const grown = under.run('/disk', 'set', 'v-1', { 'file-size': BigInt(2 * MIB) });
  await Promise.all([...writes, grown, ...Array.from({ length: 20 }, write)]);
  assert.equal(under.device.blocks.namespace(nqn).size, 2 * MIB);
  assert.equal(await under.get('/disk', 'v-1', 'size'), BigInt(2 * MIB));
});

test('a file removed among writes leaves no space behind', async (t) => {
  const under = await openDevice(t);
  const nqn = await under.addVolume('v-1', MIB);
  const writes = Array.from({ length: 20 }, () => under.device.blocks.write(nqn, 0, Buffer.alloc(MIB, 1)));
  await under.run('/disk', 'remove', 'v-1');
  await under.run('/file', 'remove', 'pool/v-1/volume.img');
  await Promise.allSettled(writes);
  assert.equal(await under.get('/disk', 'nvme1', 'free'), 2n ** 40n);
});
