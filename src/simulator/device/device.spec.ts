import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { MIB, openDevice, temporaryDirectory, testOnBackends } from './device.testing.ts';

const MENUS = ['/disk', '/disk/btrfs/filesystem', '/disk/btrfs/subvolume', '/file', '/system/identity'];
const POOL = { label: 'pool', mountPoint: 'pool', sizeBytes: 2 ** 40 };

testOnBackends('everything is the same after a restart', async (t, options) => {
  const stateDir = await temporaryDirectory(t);
  const before = await openDevice(t, { ...options, stateDir });
  const nqn = await before.addVolume('v-1', 4 * MIB);
  await before.device.blocks.write(nqn, MIB, Buffer.from('kept'));
  await before.snapshot('v-1', 's-1');
  await before.add('/file', { name: 'pool/notes.txt', contents: 'kept' });
  await before.run('/disk', 'comment', 'v-1', { comment: 'kept' });
  await before.device.menus.find('/system/identity')?.run('set', [], new Map([['name', 'kept']]));
  const rows = await Promise.all(MENUS.map((path) => before.rows(path)));
  const pools = before.device.pools();
  await before.device.close();

  const after = await openDevice(t, { ...options, stateDir });
  assert.deepEqual(await Promise.all(MENUS.map((path) => after.rows(path))), rows);
  assert.deepEqual(after.device.pools(), pools);
  assert.equal((await after.device.blocks.read(nqn, MIB, 4)).toString(), 'kept');
});

test('what the journal does not know is swept at start', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const before = await openDevice(t, { stateDir });
  await before.addVolume('v-1', MIB);
  await before.device.close();
  await mkdir(join(stateDir, 'pools/pool/partial/deep'), { recursive: true });
  await writeFile(join(stateDir, 'pools/pool/partial/volume.img'), 'x');
  await writeFile(join(stateDir, 'pools/pool/v-1/stray'), 'x');
  await mkdir(join(stateDir, 'tmp/snapshot-x'), { recursive: true });

  const after = await openDevice(t, { stateDir });
  assert.deepEqual(await readdir(join(stateDir, 'pools/pool'), { recursive: true }), ['v-1', 'v-1/volume.img']);
  assert.deepEqual(await readdir(join(stateDir, 'tmp')), []);
  assert.equal(after.device.pools()[0]?.used, 0);
});

test('a state directory that lost files is refused', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const before = await openDevice(t, { stateDir });
  await before.addVolume('v-1', MIB);
  await before.device.close();
  await rm(join(stateDir, 'pools/pool/v-1/volume.img'));
  await assert.rejects(openDevice(t, { stateDir }), /lost pool\/v-1\/volume\.img/);
});

test('a pool is recognised by its uuid and cannot be left out', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const uuid = '11111111-2222-3333-4444-555555555555';
  const before = await openDevice(t, { stateDir, pools: [{ ...POOL, uuid }] });
  assert.equal(before.device.pools()[0]?.uuid, uuid);
  await before.device.close();
  const other = uuid.replaceAll('1', '9');
  await assert.rejects(openDevice(t, { stateDir, pools: [{ ...POOL, uuid: other }] }), /has the uuid 11111111/);
  await assert.rejects(openDevice(t, { stateDir, pools: [{ ...POOL, label: 'another' }] }), /has a pool pool/);
  const after = await openDevice(t, { stateDir, pools: [POOL, { ...POOL, label: 'two', mountPoint: 'two' }] });
  assert.deepEqual(
    after.device.pools().map((pool) => pool.label),
    ['pool', 'two'],
  );
  assert.notEqual(await after.row('/disk', 'nvme2'), undefined);
});

test('two simulators do not share a state directory', async (t) => {
  const stateDir = await temporaryDirectory(t);
  await openDevice(t, { stateDir });
  await assert.rejects(openDevice(t, { stateDir }), /another simulator uses/);
});

test('pools that cannot be', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const cases: readonly [object, RegExp][] = [
    [{ label: '../x' }, /pool label/],
    [{ label: '..' }, /pool label/],
    [{ mountPoint: 'a/b' }, /mount/],
    [{ uuid: 'X' }, /not a lower-case UUID/],
    [{ sizeBytes: 0 }, /positive number of bytes/],
    [{ path: '/mnt' }, /--backend btrfs/],
  ];
  for (const [change, text] of cases) {
    await assert.rejects(openDevice(t, { stateDir, pools: [{ ...POOL, ...change }] }), text);
  }
  await assert.rejects(openDevice(t, { stateDir, pools: [] }), /at least one pool/);
  await assert.rejects(openDevice(t, { stateDir, pools: [POOL, POOL] }), /two pools/);
});

test('of two that want one name at once, one wins', async (t) => {
  const device = await openDevice(t);
  const add = () => device.add('/disk/btrfs/subvolume', { fs: 'pool', name: 'v-1' });
  const results = await Promise.allSettled([add(), add(), add()]);
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
  const attach = () => device.attach('v-1', { 'file-size': BigInt(MIB) });
  const attached = await Promise.allSettled([attach(), attach(), attach()]);
  assert.equal(attached.filter((result) => result.status === 'fulfilled').length, 1);
  assert.equal((await device.rows('/disk')).length, 2);
});
