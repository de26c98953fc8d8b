import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { HandClock } from '../../clock.testing.ts';
import type { Row } from '../../console/menu.ts';
import { MIB, openDevice, poolDirectory, testOnBackends } from '../device.testing.ts';

const SUBVOLUME = '/disk/btrfs/subvolume';

test('rows of the root, a subvolume and its snapshot', async (t) => {
  const device = await openDevice(t, { clock: new HandClock('2026-01-02T03:04:05.600Z') });
  await device.add(SUBVOLUME, { fs: 'pool', name: 'v-1' });
  await device.snapshot('v-1', 's-1');
  const [root, volume, snapshot] = await device.rows(SUBVOLUME);
  assert.equal(root?.props.get('name'), '<FS_ROOT>');
  assert.equal(root?.props.get('default'), true);
  const shown = (row: Row | undefined) => ({ ...Object.fromEntries(row?.props ?? []), uuid: '' });
  const common = {
    fs: 'pool',
    'top-level': '<FS_ROOT>',
    'creation-time': '2026-01-02 03:04:05',
    uuid: '',
    mount: false,
    mounted: false,
    default: false,
    dead: false,
  };
  assert.deepEqual(shown(volume), {
    ...common,
    name: 'v-1',
    fullname: 'v-1',
    parent: '',
    snapshot: false,
    'read-only': false,
    'subvolume-id': 256n,
    generation: 2n,
  });
  assert.deepEqual(shown(snapshot), {
    ...common,
    name: 's-1',
    fullname: 's-1',
    parent: 'v-1',
    snapshot: true,
    'read-only': true,
    'subvolume-id': 257n,
    generation: 3n,
  });
  assert.equal(snapshot?.id, '*3');
});

test('the parent is blanked when the source goes, and stays so when the name comes back', async (t) => {
  const device = await openDevice(t);
  await device.add(SUBVOLUME, { fs: 'pool', name: 'v-1' });
  await device.snapshot('v-1', 's-1');
  assert.equal(await device.get(SUBVOLUME, 's-1', 'parent'), 'v-1');
  await device.run(SUBVOLUME, 'remove', 'v-1');
  assert.equal(await device.get(SUBVOLUME, 's-1', 'parent'), '');
  await device.add(SUBVOLUME, { fs: 'pool', name: 'v-1' });
  assert.equal(await device.get(SUBVOLUME, 's-1', 'parent'), '');
  assert.equal(await device.get(SUBVOLUME, 's-1', 'snapshot'), true);
});

test('what add refuses', async (t) => {
  const device = await openDevice(t);
  await device.add(SUBVOLUME, { fs: 'pool', name: 'v-1' });
  await device.snapshot('v-1', 's-1');
  await device.add('/file', { name: 'pool/plain', type: 'directory' });
  const cases: readonly [Readonly<Record<string, string>>, RegExp][] = [
    [{ name: 'x' }, /fs must be specified/],
    [{ fs: 'pool' }, /name must be specified/],
    [{ fs: 'other', name: 'x' }, /^input does not match any value of fs$/],
    [{ fs: 'pool', name: 'x', parent: 'missing' }, /^input does not match any value of parent$/],
    [{ fs: 'pool', name: 'v-1' }, /^BTRFS_IOC_SUBVOL_CREATE failed: File exists$/],
    [{ fs: 'pool', name: 'plain' }, /^BTRFS_IOC_SUBVOL_CREATE failed: File exists$/],
    [{ fs: 'pool', name: 's-1', parent: 'v-1' }, /^BTRFS_IOC_SNAP_CREATE failed: File exists$/],
    [{ fs: 'pool', name: 'missing/x' }, /No such file or directory/],
    [{ fs: 'pool', name: 's-1/x' }, /Read-only file system/],
    [{ fs: 'pool', name: 'a/b/c' }, /^invalid value for argument name$/],
    [{ fs: 'pool', name: '../x' }, /^invalid value for argument name$/],
    [{ fs: 'pool', name: 'x'.repeat(256) }, /^invalid value for argument name$/],
    [{ fs: 'pool', name: 'x', mount: 'yes' }, /the simulator does not carry out/],
  ];
  const before = await device.rows(SUBVOLUME);
  for (const [args, message] of cases) {
    await assert.rejects(device.add(SUBVOLUME, args), { name: 'DeviceFailure', message }, JSON.stringify(args));
  }
  assert.deepEqual(await device.rows(SUBVOLUME), before);
});

testOnBackends('snapshots inside another subvolume, as in the snapshot guide of the vendor', async (t, options) => {
  const device = await openDevice(t, options);
  await device.add(SUBVOLUME, { fs: 'pool', name: 'Documents' });
  await device.add(SUBVOLUME, { fs: 'pool', name: 'Snapshots' });
  await device.add(SUBVOLUME, { fs: 'pool', parent: 'Documents', name: 'Snapshots/Documents-22012025' });
  const name = 'Documents-22012025';
  assert.equal(await device.get(SUBVOLUME, name, 'fullname'), 'Snapshots/Documents-22012025');
  assert.equal(await device.get(SUBVOLUME, name, 'top-level'), 'Snapshots');
  assert.equal(await device.get('/file', 'pool/Snapshots/Documents-22012025', 'type'), 'directory');
  await assert.rejects(
    device.run(SUBVOLUME, 'remove', 'Snapshots'),
    /^DeviceFailure: BTRFS_IOC_SNAP_DESTROY failed: Directory not empty$/,
  );
  await device.run(SUBVOLUME, 'remove', name);
  await device.run(SUBVOLUME, 'remove', 'Snapshots');
});

test('a parent of two possible meanings is refused', async (t) => {
  const device = await openDevice(t);
  await device.add(SUBVOLUME, { fs: 'pool', name: 'a' });
  await device.add(SUBVOLUME, { fs: 'pool', name: 'b' });
  await device.add(SUBVOLUME, { fs: 'pool', name: 'a/same' });
  await device.add(SUBVOLUME, { fs: 'pool', name: 'b/same' });
  await assert.rejects(device.snapshot('same', 's-1'), /input does not match any value of parent/);
});

testOnBackends(
  'a snapshot leaves nested subvolumes out, and that of the root takes plain files only',
  async (t, options) => {
    const device = await openDevice(t, options);
    await device.add(SUBVOLUME, { fs: 'pool', name: 'v-1' });
    await device.add(SUBVOLUME, { fs: 'pool', name: 'v-1/inner' });
    await device.add('/file', { name: 'pool/v-1/dir', type: 'directory' });
    await device.add('/file', { name: 'pool/v-1/dir/a.txt', contents: 'a' });
    await device.add('/file', { name: 'pool/v-1/inner/b.txt', contents: 'b' });
    await device.add('/file', { name: 'pool/root.txt', contents: 'root' });
    await device.snapshot('v-1', 's-1');
    await device.snapshot('<FS_ROOT>', 'root-1');
    await device.snapshot('v-1', 'v-2', false);
    await device.add(SUBVOLUME, { fs: 'pool', name: 'v-2/inner' });
    const names = (await device.rows('/file')).map((row) => row.props.get('name'));
    const copied = names.filter((name) => /^pool\/(s-1|root-1|v-2)\//.test(String(name)));
    const ofVolume = (name: string) => [`pool/${name}/dir`, `pool/${name}/dir/a.txt`];
    assert.deepEqual(copied.sort(), ['pool/root-1/root.txt', ...ofVolume('s-1'), ...ofVolume('v-2'), 'pool/v-2/inner']);
    const kept = await readdir(poolDirectory(device.stateDir, options), { recursive: true });
    assert.deepEqual(
      kept
        .filter((path) => /^(s-1|root-1|v-2)\//.test(path))
        .map((path) => `pool/${path}`)
        .sort(),
      copied,
    );
  },
);

testOnBackends('a subvolume in use is not removed; afterwards it takes its files along', async (t, options) => {
  const device = await openDevice(t, options);
  await device.addVolume('v-1', MIB);
  await assert.rejects(
    device.run(SUBVOLUME, 'remove', 'v-1'),
    /^DeviceFailure: BTRFS_IOC_SNAP_DESTROY failed: Device or resource busy$/,
  );
  await device.run('/disk', 'remove', 'v-1');
  await device.run(SUBVOLUME, 'remove', 'v-1');
  assert.deepEqual(
    (await device.rows('/file')).map((row) => row.props.get('name')),
    ['pool'],
  );
});

testOnBackends('nothing is removed from a read-only container', async (t, options) => {
  const device = await openDevice(t, options);
  await device.add(SUBVOLUME, { fs: 'pool', name: 'a' });
  await device.add(SUBVOLUME, { fs: 'pool', name: 'a/inner' });
  await device.run(SUBVOLUME, 'set', 'a', { 'read-only': 'yes' });
  await assert.rejects(device.run(SUBVOLUME, 'remove', 'inner'), /SNAP_DESTROY failed: Read-only file system/);
  await device.run(SUBVOLUME, 'set', 'a', { 'read-only': 'no' });
  await device.run(SUBVOLUME, 'remove', 'inner');
  await device.run(SUBVOLUME, 'remove', 'a');
});

test('the root cannot be removed, and nothing can be renamed', async (t) => {
  const device = await openDevice(t);
  await device.add(SUBVOLUME, { fs: 'pool', name: 'v-1' });
  await assert.rejects(device.run(SUBVOLUME, 'remove', '<FS_ROOT>'), /Operation not permitted/);
  await assert.rejects(device.run(SUBVOLUME, 'set', 'v-1', { name: 'v-2' }), /the simulator does not carry out/);
});

testOnBackends('a subvolume made writable takes writes, made read-only it refuses them', async (t, options) => {
  const device = await openDevice(t, options);
  await device.addVolume('v-1', MIB);
  await device.snapshot('v-1', 's-1');
  await device.run(SUBVOLUME, 'set', 's-1', { 'read-only': 'no' });
  const nqn = await device.attach('s-1');
  await device.device.blocks.write(nqn, 0, Buffer.from('x'));
  await assert.rejects(device.run(SUBVOLUME, 'set', 's-1', { 'read-only': 'yes' }), /busy/);
});
