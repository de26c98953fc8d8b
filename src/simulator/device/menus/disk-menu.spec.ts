import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Value } from '../../console/value.ts';
import { quirkyDevice } from '../../quirks/quirky-device.testing.ts';
import { type DeviceUnderTest, MIB, openDevice } from '../device.testing.ts';

const DISK = '/disk';
const FILE = { type: 'file', slot: 'pvc-1', 'file-path': '/pool/v-1/volume.img' };

async function deviceWithVolume(t: TestContext): Promise<DeviceUnderTest> {
  const device = await openDevice(t);
  await device.add('/disk/btrfs/subvolume', { fs: 'pool', name: 'v-1' });
  return device;
}

/** A refusal must also leave everything as it was. */
async function assertRefused(device: DeviceUnderTest, args: Readonly<Record<string, Value>>, text: RegExp) {
  const before = await device.rows(DISK);
  const files = await device.rows('/file');
  await assert.rejects(device.add(DISK, args), { name: 'DeviceFailure', message: text });
  assert.deepEqual(await device.rows(DISK), before);
  assert.deepEqual(await device.rows('/file'), files);
}

test('the drive of a pool', async (t) => {
  const device = await openDevice(t);
  const row = await device.row(DISK, 'nvme1');
  const props = Object.fromEntries(row?.props ?? []);
  assert.equal(props['type'], 'hardware');
  assert.equal(props['fs'], 'btrfs');
  assert.equal(props['fs-label'], 'pool');
  assert.equal(props['mounted'], true);
  assert.equal(props['mount-point'], 'pool');
  assert.equal(props['size'], 2n ** 40n);
  assert.equal(props['free'], 2n ** 40n);
  assert.equal(props['fs-uuid'], await device.get('/disk/btrfs/filesystem', 'pool', 'uuid'));
  await assert.rejects(device.run(DISK, 'remove', 'nvme1'), /the simulator does not carry out/);
});

test('an absent file is made, sparse, and its item has the keys of a file disk', async (t) => {
  const device = await deviceWithVolume(t);
  await device.add(DISK, { ...FILE, 'file-size': 10_737_418_240n, 'mount-filesystem': false });
  const row = await device.row(DISK, 'pvc-1');
  assert.equal(row?.id, '*2');
  assert.deepEqual([...(row?.props.keys() ?? [])].sort(), [
    'acquired',
    'block-device',
    'compress',
    'disabled',
    'empty',
    'encrypted',
    'file-offset',
    'file-path',
    'file-size',
    'formatting',
    'free',
    'fs',
    'guid-partition-table',
    'iscsi-export',
    'media-interface',
    'media-sharing',
    'model',
    'mount-filesystem',
    'mount-read-only',
    'mounted',
    'nfs-sharing',
    'nvme-tcp-export',
    'parent',
    'partition',
    'raid-master',
    'raid-member',
    'raid-member-failed',
    'sector-size',
    'self-encrypted-and-locked',
    'self-encryption-enabled',
    'self-encryption-supported',
    'size',
    'slot',
    'slot-default',
    'smb-sharing',
    'swap',
    'swap-enabled',
    'type',
  ]);
  assert.equal(row?.props.get('size'), 10_737_418_240n);
  assert.equal(row?.props.get('free'), 10_737_418_240n);
  const image = await stat(join(device.stateDir, 'pools/pool/v-1/volume.img'));
  assert.equal(image.size, 10_737_418_240);
  assert.ok(image.blocks * 512 < MIB);
});

test('mount-filesystem is on unless it is switched off, and then nothing can be exported', async (t) => {
  const device = await deviceWithVolume(t);
  await device.add(DISK, FILE);
  assert.equal(await device.get(DISK, 'pvc-1', 'mount-filesystem'), true);
  await assert.rejects(device.run(DISK, 'set', 'pvc-1', { 'nvme-tcp-export': 'yes' }), /mount-filesystem=yes/);
  await device.run(DISK, 'set', 'pvc-1', { 'mount-filesystem': 'no', 'nvme-tcp-export': 'yes' });
  assert.equal(await device.get(DISK, 'pvc-1', 'nvme-tcp-export'), true);
});

test('the first export brings port, NQN and allow-list, which then stay', async (t) => {
  const device = await deviceWithVolume(t);
  await device.add(DISK, { ...FILE, 'mount-filesystem': 'no', 'nvme-tcp-export': 'yes' });
  await device.run(DISK, 'set', 'pvc-1', { 'nvme-tcp-export': false });
  assert.equal(await device.get(DISK, 'pvc-1', 'nvme-tcp-server-port'), 4420n);
  assert.equal(await device.get(DISK, 'pvc-1', 'nvme-tcp-server-nqn'), 'nqn.2000-02.com.mikrotik:pvc-1');
  assert.equal(await device.get(DISK, 'pvc-1', 'nvme-tcp-server-allow-host-name'), '');
});

test('without file-size an existing file is attached as it is, an absent one is made empty', async (t) => {
  const device = await deviceWithVolume(t);
  await device.add(DISK, FILE);
  assert.equal(await device.get(DISK, 'pvc-1', 'size'), 0n);
  await device.run(DISK, 'set', 'pvc-1', { 'file-size': '3M' });
  await device.run(DISK, 'remove', 'pvc-1');
  await device.add(DISK, { ...FILE, 'file-size': 'auto' });
  assert.equal(await device.get(DISK, 'pvc-1', 'size'), BigInt(3 * MIB));
});

test('file-size over an existing file is refused', async (t) => {
  const device = await deviceWithVolume(t);
  await device.add(DISK, { ...FILE, 'file-size': '1M' });
  await device.run(DISK, 'remove', 'pvc-1');
  await assertRefused(device, { ...FILE, 'file-size': '1M' }, /file already exists/);
});

test('removing an item keeps its file, also when it is exported', async (t) => {
  const device = await openDevice(t);
  await device.addVolume('v-1', MIB);
  await device.run(DISK, 'remove', 'v-1');
  assert.equal(await device.row(DISK, 'v-1'), undefined);
  assert.equal(await device.get('/file', 'pool/v-1/volume.img', 'size'), BigInt(MIB));
  assert.deepEqual(device.device.pools()[0]?.strayFiles, ['v-1/volume.img']);
});

test('a file grows and never shrinks', async (t) => {
  const device = await deviceWithVolume(t);
  await device.add(DISK, { ...FILE, 'file-size': BigInt(MIB) });
  await device.run(DISK, 'set', 'pvc-1', { 'file-size': `${2 * MIB}` });
  assert.equal(await device.get(DISK, 'pvc-1', 'size'), BigInt(2 * MIB));
  await assert.rejects(
    device.run(DISK, 'set', 'pvc-1', { 'file-size': BigInt(MIB) }),
    /invalid value for argument file-size/,
  );
  assert.equal(await device.get(DISK, 'pvc-1', 'size'), BigInt(2 * MIB));
});

test('a disabled item has no size and is not exported', async (t) => {
  const device = await openDevice(t);
  const nqn = await device.addVolume('v-1', MIB);
  await device.run(DISK, 'disable', 'v-1');
  assert.equal(await device.get(DISK, 'v-1', 'size'), undefined);
  assert.deepEqual(device.device.blocks.namespaces(), []);
  await device.run(DISK, 'enable', 'v-1');
  assert.deepEqual(device.device.blocks.namespaces(), [{ nqn, size: MIB, slot: 'v-1', readOnly: false }]);
});

test('two exports with one NQN are refused, also by way of enable', async (t) => {
  const device = await openDevice(t);
  const nqn = await device.addVolume('v-1', MIB);
  await device.addVolume('v-2', MIB);
  await assert.rejects(device.run(DISK, 'set', 'v-2', { 'nvme-tcp-server-nqn': nqn }), /already exported by v-1/);
  await device.run(DISK, 'disable', 'v-1');
  await device.run(DISK, 'set', 'v-2', { 'nvme-tcp-server-nqn': nqn });
  await assert.rejects(device.run(DISK, 'enable', 'v-1'), /already exported by v-2/);
});

test('copy-from takes over settings and no data', async (t) => {
  const device = await openDevice(t);
  const nqn = await device.addVolume('v-1', 2 * MIB);
  await device.device.blocks.write(nqn, 0, Buffer.from('precious'));
  await device.run(DISK, 'set', 'v-1', { comment: 'taken over', 'nvme-tcp-export': 'no' });
  await device.add('/disk/btrfs/subvolume', { fs: 'pool', name: 'copy' });
  const copy = await device.attach('copy', { 'copy-from': 'v-1' });
  assert.equal(await device.get(DISK, 'copy', 'comment'), 'taken over');
  assert.equal(await device.get(DISK, 'copy', 'size'), BigInt(2 * MIB));
  assert.deepEqual(await device.device.blocks.read(copy, 0, 2 * MIB), Buffer.alloc(2 * MIB));
});

test('what add refuses, and that it then leaves nothing', async (t) => {
  const device = await deviceWithVolume(t);
  await device.add(DISK, FILE);
  const other = { type: 'file', slot: 'pvc-2', 'file-path': '/pool/v-1/other.img' };
  const cases: readonly [Readonly<Record<string, Value>>, RegExp][] = [
    [{ slot: 'pvc-2' }, /^failure: type must be specified$/],
    [{ type: 'ramdisk' }, /the simulator does not carry out/],
    [{ type: 'file' }, /file-path must be specified/],
    [{ ...other, slot: 'x'.repeat(33) }, /^invalid value for argument slot/],
    [{ ...other, slot: 'two words' }, /^invalid value for argument slot/],
    [{ ...other, slot: 'pvc-1' }, /^failure: already have such entry$/],
    [{ ...other, slot: 'nvme1' }, /^failure: already have such entry$/],
    [{ ...other, 'file-path': '/pool/missing/x.img' }, /no such directory/],
    [{ ...other, 'file-path': '/elsewhere/x.img' }, /^invalid value for argument file-path/],
    [{ ...other, 'file-path': '/pool/v-1/../x.img' }, /^invalid value for argument file-path/],
    [{ ...other, 'file-path': '/pool/v-1' }, /is a directory/],
    [{ ...other, 'file-path': 'pool/v-1/volume.img' }, /already used by pvc-1/],
    [{ ...other, 'file-size': '1.5G' }, /^invalid value for argument file-size/],
    [{ ...other, 'file-size': -1n }, /^invalid value for argument file-size/],
    [{ ...other, 'mount-filesystem': 'maybe' }, /^invalid value for argument mount-filesystem/],
    [{ ...other, 'nvme-tcp-server-port': 65_536n }, /^invalid value for argument nvme-tcp-server-port/],
    [{ ...other, 'nvme-tcp-server-nqn': 'no nqn' }, /^invalid value for argument nvme-tcp-server-nqn/],
    [{ ...other, 'nvme-tcp-port': 4420n }, /the simulator does not carry out/],
    [{ ...other, comment: 'x'.repeat(256) }, /^invalid value for argument comment/],
    [{ ...other, 'copy-from': 'nothing' }, /^input does not match any value of copy-from$/],
    [{ ...other, nonsense: 'x' }, /^bad parameter nonsense$/],
  ];
  for (const [args, text] of cases) await assertRefused(device, args, text);
});

test('a slot of 32 characters is taken, and without one it comes from the path', async (t) => {
  const device = await deviceWithVolume(t);
  await device.add(DISK, { ...FILE, slot: 'x'.repeat(32) });
  await device.add(DISK, { type: 'file', 'file-path': '/pool/v-1/two.img' });
  assert.notEqual(await device.row(DISK, 'x'.repeat(32)), undefined);
  assert.notEqual(await device.row(DISK, 'file-pool-v-1-two.img'), undefined);
});

test('an image in a read-only snapshot cannot be attached', async (t) => {
  const device = await openDevice(t);
  await device.addVolume('v-1', MIB);
  await device.snapshot('v-1', 's-1');
  await assertRefused(device, { ...FILE, 'file-path': '/pool/s-1/volume.img' }, /Read-only file system/);
});

test('slot, path and type of an item cannot be changed', async (t) => {
  const device = await deviceWithVolume(t);
  await device.add(DISK, FILE);
  for (const name of ['slot', 'file-path', 'type']) {
    await assert.rejects(device.run(DISK, 'set', 'pvc-1', { [name]: 'x' }), /the simulator does not carry out/);
  }
});

test('comment and unset', async (t) => {
  const device = await deviceWithVolume(t);
  await device.add(DISK, FILE);
  await device.run(DISK, 'comment', 'pvc-1', { comment: 'rose-csi node=a' });
  assert.equal(await device.get(DISK, 'pvc-1', 'comment'), 'rose-csi node=a');
  await device.run(DISK, 'unset', 'pvc-1', { 'value-name': 'comment' });
  assert.equal(await device.get(DISK, 'pvc-1', 'comment'), undefined);
});

test('an empty list of items and an id that is gone are errors', async (t) => {
  const device = await openDevice(t);
  const menu = device.device.menus.find(DISK);
  await assert.rejects(async () => menu?.run('remove', [], new Map()), /^DeviceFailure: expected item id$/);
  await assert.rejects(async () => menu?.run('remove', ['*99'], new Map()), /^DeviceFailure: no such item \(4\)$/);
  await assert.rejects(async () => menu?.run('format', ['*1'], new Map()), /the simulator does not carry out/);
});

test('print detail of an exported item has the pairs of hardware, in their order', async (t) => {
  const { run } = await quirkyDevice(t, ['slot-limit-40']);
  await run(
    '/disk/btrfs/subvolume/add fs=pool name=v; /disk/add type=file slot=pvc-test-123 file-path=/pool/v/test.img file-size=50G mount-filesystem=no nvme-tcp-export=yes',
  );
  const printed = (await run('/disk/print detail where slot="pvc-test-123"')).replaceAll(/\|? +/g, ' ');
  assert.ok(
    printed.endsWith(
      [
        ' type=file slot="pvc-test-123" slot-default="" parent="" fs=- model="/pool/v/test.img"',
        'size=53 687 091 200 mount-filesystem=no mount-read-only=no compress=no sector-size=512',
        'raid-master=none nvme-tcp-export=yes nvme-tcp-server-port=4420',
        'nvme-tcp-server-nqn="nqn.2000-02.com.mikrotik:pvc-test-123" nvme-tcp-server-allow-host-name=""',
        'iscsi-export=no nfs-sharing=no smb-sharing=no media-sharing=no media-interface=none swap=no',
        'file-path=/pool/v/test.img file-size=50.0GiB file-offset=0',
      ].join(' '),
    ),
    printed,
  );
});
