import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeviceUnderTest, MIB, openDevice, testOnBackends } from './device.testing.ts';

const SUBVOLUME = '/disk/btrfs/subvolume';
const POOL = 'pool';

/** Names of the living subvolumes that are listed, the root's included. */
async function listed(device: DeviceUnderTest): Promise<unknown[]> {
  const rows = await device.rows(SUBVOLUME);
  return rows.filter(({ props }) => props.get('dead') === false).map(({ props }) => props.get('name'));
}

/** The text of the refusal, or nothing where there is none. */
async function refusal(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  );
}

testOnBackends('a full pool has no free space and refuses what needs some; removing works', async (t, options) => {
  const device = await openDevice(t, options);
  const { device: rds } = device;
  const nqn = await device.addVolume('v-1', MIB);
  await device.snapshot('v-1', 's-1');
  rds.conditions.set({ pool: POOL, full: true });
  assert.equal(await device.get('/disk', 'nvme1', 'free'), 0n);
  assert.match(await refusal(device.add(SUBVOLUME, { fs: POOL, name: 'x' })), /SUBVOL_CREATE failed: No space/);
  assert.match(await refusal(device.snapshot('v-1', 's-2')), /SNAP_CREATE failed: No space/);
  assert.match(await refusal(device.run('/disk', 'set', 'v-1', { 'file-size': 2n * 2n ** 20n })), /No space/);
  const file = { type: 'file', slot: 'x', 'file-path': 'pool/v-1/other.img', 'file-size': 1n };
  assert.match(await refusal(device.add('/disk', file)), /No space/);
  assert.match(await refusal(device.add('/file', { name: 'pool/x', type: 'directory' })), /No space/);
  await assert.rejects(rds.blocks.write(nqn, 0, Buffer.from('x')), { code: 'no-space' });
  await device.run('/disk', 'set', 'v-1', { comment: 'still settable' });
  await device.run(SUBVOLUME, 'remove', 's-1');

  rds.conditions.heal();
  await rds.blocks.write(nqn, 0, Buffer.from('x'));
  await device.snapshot('v-1', 's-2');
  assert.notEqual(await device.get('/disk', 'nvme1', 'free'), 0n);
});

testOnBackends('a read-only pool refuses every change of its own, and none of disk items', async (t, options) => {
  const device = await openDevice(t, options);
  const { device: rds } = device;
  const nqn = await device.addVolume('v-1', MIB);
  await device.snapshot('v-1', 's-1');
  await device.add('/file', { name: 'pool/kept', type: 'file' });
  rds.conditions.set({ pool: POOL, readOnly: true });
  const file = { type: 'file', slot: 'x', 'file-path': 'pool/v-1/other.img', 'file-size': 1n };
  const refusals = [
    device.add(SUBVOLUME, { fs: POOL, name: 'x' }),
    device.snapshot('v-1', 's-2'),
    device.run(SUBVOLUME, 'set', 's-1', { 'read-only': 'no' }),
    device.run(SUBVOLUME, 'remove', 's-1'),
    device.add('/disk', file),
    device.run('/disk', 'set', 'v-1', { 'file-size': 2n * 2n ** 20n }),
    device.add('/file', { name: 'pool/x', type: 'directory' }),
    device.run('/file', 'remove', 'pool/kept'),
  ];
  for (const refused of refusals) assert.match(await refusal(refused), /Read-only file system/);
  await assert.rejects(rds.blocks.write(nqn, 0, Buffer.from('x')), { code: 'read-only' });
  assert.equal((await rds.blocks.read(nqn, 0, 1)).length, 1);
  await device.run('/disk', 'set', 'v-1', { 'nvme-tcp-export': 'no', comment: 'settable' });
  await device.run('/disk', 'remove', 'v-1');
  await device.attach('v-1');
  assert.deepEqual(await listed(device), ['<FS_ROOT>', 'v-1', 's-1']);
});

test('an unmounted pool is known and cannot be reached', async (t) => {
  const device = await openDevice(t);
  const { device: rds } = device;
  const nqn = await device.addVolume('v-1', MIB);
  const [before] = rds.pools();
  rds.conditions.set({ pool: POOL, mounted: false });
  const row = await device.row('/disk', 'nvme1');
  const shown = ['mounted', 'mount-point', 'free', 'use', 'fs-label'].map((name) => row?.props.get(name));
  assert.deepEqual(shown, [false, undefined, undefined, undefined, POOL]);
  assert.equal((await device.rows('/disk/btrfs/filesystem')).length, 1);
  assert.deepEqual(await listed(device), []);
  assert.deepEqual(await device.rows('/file'), []);
  assert.equal(await device.get('/disk', 'v-1', 'size'), undefined);
  await assert.rejects(rds.blocks.read(nqn, 0, 1), { code: 'not-exported' });
  assert.match(await refusal(device.add(SUBVOLUME, { fs: POOL, name: 'x' })), /No such file or directory/);
  assert.match(await refusal(device.snapshot('v-1', 's-1')), /parent/);
  assert.match(await refusal(device.attach('v-2')), /file-path/);
  await device.run('/disk', 'set', 'v-1', { comment: 'settable' });
  assert.deepEqual(rds.pools(), [before], 'nothing is lost, and nothing is stray');

  rds.conditions.set({ pool: POOL, mounted: true });
  assert.deepEqual(await listed(device), ['<FS_ROOT>', 'v-1']);
  assert.equal(await device.get('/disk', 'v-1', 'size'), BigInt(MIB));
  assert.equal((await rds.blocks.read(nqn, 0, 1)).length, 1);
});

test('a pool that was swapped has its label, another uuid and nothing in it', async (t) => {
  const device = await openDevice(t);
  const { device: rds } = device;
  const nqn = await device.addVolume('v-1', MIB);
  const uuid = '00000000-1111-2222-3333-444444444444';
  rds.conditions.set({ pool: POOL, swappedFor: uuid });
  assert.equal(await device.get('/disk/btrfs/filesystem', POOL, 'uuid'), uuid);
  const row = await device.row('/disk', 'nvme1');
  const shown = ['mounted', 'mount-point', 'fs-label', 'fs-uuid'].map((name) => row?.props.get(name));
  assert.deepEqual(shown, [true, POOL, POOL, uuid]);
  assert.equal(row?.props.get('free'), row?.props.get('size'));
  assert.deepEqual(await listed(device), ['<FS_ROOT>']);
  assert.deepEqual(
    (await device.rows('/file')).map(({ props }) => props.get('name')),
    [POOL],
  );
  assert.equal(await device.get('/disk', 'v-1', 'size'), undefined);
  await assert.rejects(rds.blocks.write(nqn, 0, Buffer.from('x')), { code: 'not-exported' });
  assert.notEqual(await refusal(device.add(SUBVOLUME, { fs: POOL, name: 'x' })), '');

  rds.conditions.set({ pool: POOL, swappedFor: null });
  assert.notEqual(await device.get('/disk/btrfs/filesystem', POOL, 'uuid'), uuid);
  assert.deepEqual(await listed(device), ['<FS_ROOT>', 'v-1']);
});

test('a removed subvolume stays listed as dead for a while, and its space comes back at the end', async (t) => {
  const device = await openDevice(t);
  const { device: rds } = device;
  const nqn = await device.addVolume('v-1', 4 * MIB);
  await rds.blocks.write(nqn, 0, Buffer.alloc(MIB, 'x'));
  await device.snapshot('v-1', 's-1');
  const [before] = rds.pools();
  const id = (await device.row(SUBVOLUME, 's-1'))?.id;
  rds.conditions.set({ pool: POOL, removalMs: 3_600_000 });
  await device.run(SUBVOLUME, 'remove', 's-1');
  assert.equal(await device.get(SUBVOLUME, 's-1', 'dead'), true);
  assert.equal((await device.row(SUBVOLUME, 's-1'))?.id, id);
  assert.deepEqual(await listed(device), ['<FS_ROOT>', 'v-1']);
  assert.equal(rds.pools()[0]?.free, before?.free);
  assert.deepEqual(rds.pools()[0]?.subvolumes, ['v-1']);
  assert.match(await refusal(device.run(SUBVOLUME, 'remove', 's-1')), /no such item/);
  await device.snapshot('v-1', 's-1');
  assert.equal((await listed(device)).length, 3, 'the name is free at once');

  rds.conditions.set({ pool: POOL, removalMs: 20 });
  const free = rds.pools()[0]?.free ?? 0;
  const { length } = await device.rows(SUBVOLUME);
  // The dead one of before has the same name and comes last.
  const living = (await device.rows(SUBVOLUME)).find(({ props }) => props.get('name') === 's-1');
  await device.device.menus.find(SUBVOLUME)?.run('remove', [living?.id ?? ''], new Map());
  while ((await device.rows(SUBVOLUME)).length === length) await new Promise((resolve) => setImmediate(resolve));
  assert.ok((rds.pools()[0]?.free ?? 0) > free);
});

test('a pool that lacks a device, and one whose disk fails, show it in their rows and work on', async (t) => {
  const device = await openDevice(t);
  const { conditions, blocks } = device.device;
  const nqn = await device.addVolume('v-1', MIB);
  const shown = async () => {
    const [filesystem, disk] = [await device.row('/disk/btrfs/filesystem', POOL), await device.row('/disk', 'nvme1')];
    return [
      ...['missing-devs', 'total-devs', 'corruption-errors', 'write-errors'].map((name) => filesystem?.props.get(name)),
      ...['critical-warning', 'io-errors', 'unrecovered-integrity-errors'].map((name) => disk?.props.get(name)),
    ];
  };
  assert.deepEqual(await shown(), [false, 1n, 0n, 0n, 0n, 0n, 0n]);
  conditions.set({ pool: POOL, missingDevice: true, deviceErrors: 3, criticalWarning: 4, ioErrors: 7 });
  assert.deepEqual(await shown(), [true, 2n, 3n, 0n, 4n, 7n, 0n]);
  await blocks.write(nqn, 0, Buffer.from('x'));
});

test('conditions add up, and a pool that is not there has none', async (t) => {
  const { device } = await openDevice(t);
  device.conditions.set({ pool: POOL, full: true });
  device.conditions.set({ pool: POOL, readOnly: true });
  device.conditions.set({ pool: POOL, full: false });
  const well = {
    full: false,
    readOnly: false,
    mounted: true,
    swappedFor: null,
    removalMs: 0,
    missingDevice: false,
    deviceErrors: 0,
    criticalWarning: 0,
    ioErrors: 0,
  };
  assert.deepEqual(device.conditions.of(POOL), { ...well, readOnly: true });
  assert.throws(() => device.conditions.set({ pool: 'other', full: true }), /there is no pool other, only pool/);
  device.conditions.heal();
  assert.deepEqual(device.conditions.of(POOL), well);
});

test('a restart clears the log', async (t) => {
  const device = await openDevice(t);
  await device.device.menus.find('/log')?.run('info', [], new Map([['message', 'x']]));
  assert.equal((await device.rows('/log')).length, 1);
  await device.device.restart();
  assert.deepEqual(await device.rows('/log'), []);
});
