import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { btrfsPool } from '../../../test/support/btrfs-pool.ts';
import { until } from '../../../test/support/until.ts';
import { MIB, openDevice, temporaryDirectory } from './device.testing.ts';
import { openBtrfs, writeTo } from './stores.testing.ts';

const run = promisify(execFile);
const options = { nested: [], readOnly: true };

/** @param body Gets a directory on a mounted Btrfs filesystem. */
function testOnBtrfs(name: string, body: (t: TestContext, path: string) => Promise<void>): void {
  test(name, async (t) => {
    const path = btrfsPool(t, 2 ** 34);
    if (path !== undefined) await body(t, path);
  });
}

const pools = (path: string) => ({ backend: 'btrfs' as const, pools: [{ label: 'pool', mountPoint: 'pool', path }] });
const rootIn = (path: string) => join(path, 'rose-csi-simulator-pool/root');

testOnBtrfs('the filesystem itself refuses writes to what is read-only', async (t, path) => {
  const { store, directory } = await openBtrfs(t, path);
  const image = join(directory, 's-1/volume.img');
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', MIB);
  await store.snapshotSubvolume('pool', 'v-1', 's-1', options);
  await assert.rejects(open(image, 'r+'), { code: 'EROFS' });
  await store.setReadOnly('pool', 's-1', false);
  await writeTo(store, 's-1/volume.img', 0, Buffer.from('x'));
  await store.setReadOnly('pool', 's-1', true);
  await assert.rejects(writeFile(join(directory, 's-1/new'), ''), { code: 'EROFS' });
});

testOnBtrfs('neighbours on the filesystem are neither listed nor touched', async (t, path) => {
  await run('btrfs', ['subvolume', 'create', join(path, 'neighbour')]);
  await writeFile(join(path, 'neighbour/precious'), 'kept');
  await writeFile(join(path, 'notes.txt'), 'kept');
  await run('btrfs', ['subvolume', 'create', join(path, 'rose-csi-simulator-other')]);
  const { store, directory, reopen } = await openBtrfs(t, path);
  await store.createSubvolume('pool', 'v-1');
  for (const outside of ['', '../x', 'v-1/../../x', '/x', 'v-1//x']) {
    await assert.rejects(store.remove('pool', outside), /is not a path in the pool/, outside);
  }
  const again = await reopen();
  assert.deepEqual(
    (await again.list('pool')).map((entry) => entry.path),
    ['v-1'],
  );
  await again.remove('pool', 'v-1');
  assert.deepEqual(await readdir(directory), []);
  assert.equal(await readFile(join(path, 'neighbour/precious'), 'utf8'), 'kept');
  const all = ['neighbour', 'notes.txt', 'rose-csi-simulator-other', 'rose-csi-simulator-pool'];
  assert.deepEqual((await readdir(path)).sort(), all);
});

testOnBtrfs('a pool belongs to one state directory', async (t, path) => {
  await openBtrfs(t, path);
  const stateDir = await temporaryDirectory(t);
  await assert.rejects(
    openDevice(t, { stateDir, ...pools(path) }),
    /belongs to the simulator with the state directory/,
  );
});

test('what is no Btrfs is refused with advice', async (t) => {
  const stateDir = await temporaryDirectory(t);
  await assert.rejects(
    openDevice(t, { stateDir, ...pools('/proc') }),
    /not on a Btrfs filesystem.*mkfs\.btrfs pool\.img/,
  );
  await assert.rejects(openDevice(t, { stateDir, ...pools('/no/such') }), /there is no \/no\/such; to make one/);
  const pathless = { ...pools(''), pools: [{ label: 'pool', mountPoint: 'pool' }] };
  await assert.rejects(openDevice(t, { stateDir, ...pathless }), /needs path=/);
});

testOnBtrfs('what is left over or half-set is repaired at start', async (t, path) => {
  const root = rootIn(path);
  const setting = { stateDir: await temporaryDirectory(t), ...pools(path) };
  const before = await openDevice(t, setting);
  await before.addVolume('v-1', MIB);
  await before.snapshot('v-1', 's-1');
  await before.device.close();
  await run('btrfs', ['subvolume', 'snapshot', '-r', join(root, 'v-1'), join(root, 'partial')]);
  await run('btrfs', ['property', 'set', '-t', 'subvol', join(root, 's-1'), 'ro', 'false']);
  await run('btrfs', ['property', 'set', '-t', 'subvol', join(root, 'v-1'), 'ro', 'true']);
  const after = await openDevice(t, setting);
  assert.deepEqual(after.device.pools()[0]?.subvolumes, ['v-1', 's-1']);
  assert.deepEqual((await readdir(root)).sort(), ['s-1', 'v-1']);
  await assert.rejects(open(join(root, 's-1/volume.img'), 'r+'), { code: 'EROFS' });
  await after.device.blocks.write('nqn.2026-11.test:v-1', 0, Buffer.from('x'));
});

test('a full filesystem fails as the device does and leaves nothing partial', async (t) => {
  // Data and metadata share the space, so that there is none for either once it is used up.
  const path = btrfsPool(t, 128 * MIB, ['--mixed']);
  if (path === undefined) return;
  const under = await openDevice(t, pools(path));
  const [pool] = under.device.pools();
  assert.equal(pool?.size, 128 * MIB);
  const nqn = await under.addVolume('v-1', 1024 * MIB);
  let offset = 0;
  const fill = async (length: number) => {
    for (; ; offset += length) await under.device.blocks.write(nqn, offset, Buffer.alloc(length, 1));
  };
  for (const length of [MIB, 64 * 1024, 4096]) await assert.rejects(fill(length), { code: 'no-space' });
  const { free = 0 } = under.device.pools()[0] ?? {};
  assert.ok(free < 2 * MIB, `${free} free`);
  await assert.rejects(under.snapshot('v-1', 's-1'), {
    name: 'DeviceFailure',
    message: 'BTRFS_IOC_SNAP_CREATE failed: No space left on device',
  });
  const addition = under.add('/disk/btrfs/subvolume', { fs: 'pool', name: 'v-2' });
  await assert.rejects(addition, { message: 'BTRFS_IOC_SUBVOL_CREATE failed: No space left on device' });
  assert.deepEqual(under.device.pools()[0]?.subvolumes, ['v-1']);
  assert.deepEqual(await readdir(rootIn(path), { recursive: true }), ['v-1', 'v-1/volume.img']);

  await under.run('/disk', 'remove', 'v-1');
  await under.run('/disk/btrfs/subvolume', 'remove', 'v-1');
  // Btrfs gives space back in the background, in two transactions.
  await until(async () => {
    await run('btrfs', ['filesystem', 'sync', path]);
    return (under.device.pools()[0]?.free ?? 0) > 64 * MIB;
  });
  await under.addVolume('v-2', MIB);
});

testOnBtrfs('the pool is as large as the filesystem, or as it claims', async (t, path) => {
  const stateDir = await temporaryDirectory(t);
  const { device } = await openDevice(t, { stateDir, ...pools(path) });
  const [real] = device.pools();
  assert.ok(real !== undefined && real.size === 2 ** 34 && real.free > 2 ** 33 && real.free < real.size);
  await device.close();
  const small = pools(path).pools.map((pool) => ({ ...pool, sizeBytes: 8 * MIB }));
  const under = await openDevice(t, { stateDir, backend: 'btrfs', pools: small });
  const nqn = await under.addVolume('v-1', 64 * MIB);
  await under.device.blocks.write(nqn, 0, Buffer.alloc(5 * MIB, 1));
  const [pool] = under.device.pools();
  assert.deepEqual([pool?.size, pool?.free], [8 * MIB, 3 * MIB]);
  await assert.rejects(under.device.blocks.write(nqn, 0, Buffer.alloc(4 * MIB, 1)), { code: 'no-space' });
  await assert.rejects(under.snapshot('v-1', 's-1'), /No space left on device/);
});

testOnBtrfs('a start waits for the process that a killed simulator left at work', async (t, path) => {
  const { directory, reopen } = await openBtrfs(t, path);
  // It waits for something to receive.
  const left = execFile('btrfs', ['receive', directory]);
  const ended = once(left, 'exit');
  try {
    await until(async () => (await readFile(`/proc/${left.pid}/cmdline`, 'utf8')).startsWith('btrfs'));
    let isOpen = false;
    const opening = reopen().then(() => {
      isOpen = true;
    });
    // Each of these takes longer than a start that does not wait.
    for (let i = 0; i < 5; i += 1) await run('btrfs', ['--version']);
    assert.equal(isOpen, false);
    left.kill('SIGKILL');
    await ended;
    await opening;
  } finally {
    left.kill('SIGKILL');
  }
});

testOnBtrfs('the two hundredth snapshot takes no longer than the first ones', async (t, path) => {
  const { store } = await openBtrfs(t, path);
  await store.createSubvolume('pool', 'v-1');
  await store.createFile('pool', 'v-1/volume.img', 1024 * MIB);
  await writeTo(store, 'v-1/volume.img', 0, Buffer.alloc(32 * MIB, 1));
  const times: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    const begin = performance.now();
    await store.snapshotSubvolume('pool', 'v-1', `s-${i}`, options);
    times.push(performance.now() - begin);
  }
  const median = (some: readonly number[]) => some.toSorted((a, b) => a - b)[some.length >> 1] ?? 0;
  const [early, late] = [median(times.slice(0, 50)), median(times.slice(-50))];
  assert.ok(late < 3 * early, `${early} ms at first, ${late} ms at last`);
});
