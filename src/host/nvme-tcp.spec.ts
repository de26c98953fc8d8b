import assert from 'node:assert/strict';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeIdOfHost, nqnOf, publicationNqn } from '../storage/ids.ts';
import { DEFAULT_TUNING, type NvmeTarget } from './attachment.ts';
import { DEV_FILESYSTEM, isSame } from './block-device.ts';
import { isOf } from './device-owner.ts';
import { fabricsOptions, tellController } from './nvme-fabrics.ts';
import { NvmeTcp } from './nvme-tcp.ts';
import { FakeSysfs } from './sysfs.fixture.ts';

const HOST_ID = '11111111-2222-5333-8444-555555555555';
const HOST = nodeIdOfHost(HOST_ID);
const NQN = publicationNqn(nqnOf('00000000-0000-4000-8000-000000000001'), 'ffffffff');
const THIRD = publicationNqn(nqnOf('00000000-0000-4000-8000-000000000003'), 'ffffffff');
const OTHER = 'nqn.2026-11.io.rose-csi:pvc-00000000-0000-4000-8000-000000000002';
const NEIGHBOUR = 'nqn.2000-02.com.mikrotik:root-of-this-host';
const TARGET: NvmeTarget = { nqn: NQN, address: '192.0.2.1', port: 4420, bytes: 2n ** 21n, tuning: DEFAULT_TUNING };
const TIMES = { connectMs: 5000, liveMs: 300, goneMs: 300 };
const NEVER_ABORTED = new AbortController().signal;

const attachment = (fake: FakeSysfs) => new NvmeTcp(HOST, fake.host, fake.places, TIMES);

/** Bash that makes what a connect makes. */
const CONNECTS = `
  mkdir -p $SYS/class/nvme/nvme3 $SYS/block/nvme3n1/device
  for where in class/nvme/nvme3 block/nvme3n1/device; do echo ${NQN} > $SYS/$where/subsysnqn; done
  cd $SYS/block/nvme3n1; echo 1 > nsid; echo 4096 > size; echo 0 > ro; echo 259:9 > dev; echo 7 > diskseq
  echo live > $SYS/class/nvme/nvme3/state`;

const OPTIONS = fabricsOptions(HOST, TARGET, TARGET.address);

test('the options: our own host NQN and host id together, finite times, nothing that is left to discovery', () => {
  assert.deepEqual(OPTIONS.split(','), [
    'transport=tcp',
    'traddr=192.0.2.1',
    'trsvcid=4420',
    `nqn=${NQN}`,
    `hostnqn=${HOST}`,
    `hostid=${HOST_ID}`,
    'ctrl_loss_tmo=600',
    'reconnect_delay=5',
    'keep_alive_tmo=15',
    'nr_io_queues=4',
  ]);
});

test('a volume is connected once; the next call finds it', async (t) => {
  const fake = await FakeSysfs.make(t);
  await fake.kernel(CONNECTS);
  const nvme = attachment(fake);
  const device = await nvme.connect(TARGET, NEVER_ABORTED);
  assert.deepEqual(device, {
    path: `${fake.places.dev}/nvme3n1`,
    number: '259:9',
    bytes: 2n ** 21n,
    readOnly: false,
    sequence: '7',
  });
  assert.ok(isSame(device, await nvme.connect(TARGET, NEVER_ABORTED)));
  assert.deepEqual(await fake.writes(), [`dev/nvme-fabrics ${OPTIONS}`]);
});

test('a connect that fails says what the kernel said, and is no trouble when the connection is there', async (t) => {
  const fake = await FakeSysfs.make(t);
  const nvme = attachment(fake);
  await fake.kernel('echo "tee: $1: Connection refused" >&2; exit 1');
  await assert.rejects(nvme.connect(TARGET, NEVER_ABORTED), {
    kind: 'unavailable',
    message: / on 192\.0\.2\.1:4420: .*: nvme-connect ended with status 1: .*Connection refused.*\[NODE-CONNECT\]$/,
  });
  await fake.kernel(`${CONNECTS}; echo "already connected" >&2; exit 1`);
  assert.equal((await nvme.connect(TARGET, NEVER_ABORTED)).number, '259:9');
});

test('a message about a node without the kernel module blamed the network', async (t) => {
  const fake = await FakeSysfs.make(t);
  const file = join(fake.places.dev, 'nvme-fabrics');
  await rm(file);
  await assert.rejects(attachment(fake).connect(TARGET, NEVER_ABORTED), {
    kind: 'unavailable',
    message: /nvme-tcp is not loaded: .*there is no .*\/nvme-fabrics.*modprobe nvme-tcp.*\[NODE-MODULE\]$/,
  });
  await assert.rejects(stat(file), { code: 'ENOENT' }, 'a file in its place would keep the device from being made');
});

test('a name is resolved, since the kernel takes addresses only', async (t) => {
  const fake = await FakeSysfs.make(t);
  await fake.kernel(CONNECTS);
  await attachment(fake).connect({ ...TARGET, address: 'localhost' }, NEVER_ABORTED);
  assert.match((await fake.writes()).join(), /,traddr=(?:127\.0\.0\.1|::1),/);
  await assert.rejects(attachment(fake).connect({ ...TARGET, nqn: THIRD, address: 'rds.invalid' }, NEVER_ABORTED), {
    kind: 'unavailable',
    message: /the name rds\.invalid leads to no address.*\[NODE-CONNECT\]$/,
  });
  assert.equal((await fake.writes()).length, 1);
});

test('a connection that is not live is not used, nor is one without a size', async (t) => {
  const fake = await FakeSysfs.make(t);
  const nvme = attachment(fake);
  await fake.kernel('exit 9');
  await fake.addController(NQN, 'nvme0', 'connecting');
  await fake.addNamespace({ nqn: NQN, name: 'nvme0n1' });
  await assert.rejects(nvme.connect(TARGET, NEVER_ABORTED), { kind: 'unavailable', message: /nvme0 is connecting/ });
  await fake.remove('nvme0', 'nvme0c0n1', 'nvme0n1');
  await fake.addController(NQN, 'nvme0');
  await fake.addNamespace({ nqn: NQN, name: 'nvme0n1', sectors: 0 });
  await assert.rejects(nvme.connect(TARGET, NEVER_ABORTED), { kind: 'unavailable', message: /nvme0 is live/ });
  assert.deepEqual(await fake.writes(), []);
});

test('a connection to another RDS is never taken for the one that is asked for', async (t) => {
  const target = { ...TARGET, address: '2001:db8::1' };
  for (const [address, ok] of [
    ['traddr=2001:db8::1,trsvcid=4420,src_addr=2001:db8::7', true],
    ['traddr=2001:0db8:0:0::0001,trsvcid=4420', true],
    ['traddr=2001:db8::2,trsvcid=4420,src_addr=2001:db8::1', false],
    ['traddr=2001:db8::1,trsvcid=4421', false],
    ['', true],
  ] as const) {
    const fake = await FakeSysfs.make(t);
    await fake.kernel('exit 9');
    await fake.addController(NQN, 'nvme0', 'live', address);
    await fake.addNamespace({ nqn: NQN, name: 'nvme0n1' });
    const connection = attachment(fake).connect(target, NEVER_ABORTED);
    if (ok) assert.equal((await connection).number, '259:1');
    else
      await assert.rejects(connection, {
        kind: 'unavailable',
        message: /: 2001:db8::\S+ \(nvme0\), not 2001:db8::1:4420\. .*\[NODE-OTHER\]$/,
      });
  }
});

test('the device is the one of the NQN, whatever name it has today', async (t) => {
  const fake = await FakeSysfs.make(t);
  const nvme = attachment(fake);
  await fake.addNamespace({ nqn: NQN, name: 'nvme0n1', sequence: 1 });
  const first = await nvme.find(NQN);
  assert.ok(first);
  await fake.remove('nvme0n1');
  await fake.addNamespace({ nqn: OTHER, name: 'nvme0n1', sequence: 2 });
  await fake.addNamespace({ nqn: NQN, name: 'nvme1n1', sequence: 3 });
  assert.equal((await nvme.find(NQN))?.path, `${fake.places.dev}/nvme1n1`);
  const other = await nvme.find(OTHER);
  assert.equal(other?.path, first.path);
  assert.ok(!isSame(first, other), 'the same name and number do not make it the same device');
});

test('another namespace of the subsystem is not the volume, two of them at once are none', async (t) => {
  const fake = await FakeSysfs.make(t);
  const nvme = attachment(fake);
  await fake.addNamespace({ nqn: NQN, name: 'nvme0n2', nsid: 2 });
  assert.equal(await nvme.find(NQN), undefined);
  assert.deepEqual(await nvme.connected(NQN), [NQN]);
  await fake.addNamespace({ nqn: NQN, name: 'nvme0n1' });
  await fake.addNamespace({ nqn: NQN, name: 'nvme1n1' });
  await assert.rejects(nvme.find(NQN), { kind: 'unavailable', message: /\[NODE-TWO\]$/ });
});

test('a namespace of a kernel without multipath belongs to its controller', async (t) => {
  const fake = await FakeSysfs.make(t);
  await fake.addController(NQN, 'nvme0');
  await fake.addNamespace({ nqn: NQN, name: 'nvme0n1' });
  const device = await attachment(fake).find(NQN);
  assert.equal(device?.path, `${fake.places.dev}/nvme0n1`);
});

test('a disconnect goes by NQN, is proven, and leaves neighbours alone', async (t) => {
  const fake = await FakeSysfs.make(t);
  const nvme = attachment(fake);
  for (const [index, nqn] of [NEIGHBOUR, NQN, OTHER].entries()) {
    await fake.addController(nqn, `nvme${index}`);
    await fake.addNamespace({ nqn, name: `nvme${index}n1` });
  }
  await fake.kernel('rm -r $SYS/class/nvme/nvme1 $SYS/block/nvme1n1');
  await nvme.disconnect(NQN);
  assert.deepEqual(await fake.writes(), ['nvme1/delete_controller 1']);
  for (const nqn of [NEIGHBOUR, OTHER]) assert.equal(await nvme.isLive(nqn), true);
  await nvme.disconnect(NQN);
  assert.equal((await fake.writes()).length, 1, 'nothing is done to what is not connected');
});

test('a controller that the kernel gave to another subsystem between the look and the write was disconnected', async (t) => {
  const fake = await FakeSysfs.make(t);
  await fake.kernel('true');
  await fake.addController(OTHER, 'nvme0');
  await tellController(fake.host, fake.places, { name: 'nvme0', nqn: NQN }, 'disconnect');
  await tellController(fake.host, fake.places, { name: 'nvme7', nqn: NQN }, 'disconnect');
  assert.deepEqual(await fake.writes(), []);
});

test('a disconnect that the kernel refuses says why', async (t) => {
  const fake = await FakeSysfs.make(t);
  await fake.addController(NQN, 'nvme0');
  await fake.kernel('echo "tee: $1: Permission denied" >&2; exit 1');
  await assert.rejects(attachment(fake).disconnect(NQN), {
    kind: 'unavailable',
    message:
      /: nvme0; nvme-disconnect ended with status 1: tee: delete_controller: Permission denied\. .*\[NODE-DISCONNECT\]$/,
  });
});

test('a disconnect that left something is not believed, although it ended well', async (t) => {
  const fake = await FakeSysfs.make(t);
  await fake.addController(NQN, 'nvme0');
  await fake.addNamespace({ nqn: NQN, name: 'nvme0n1' });
  await fake.kernel('rm -r $SYS/class/nvme/nvme0');
  await assert.rejects(attachment(fake).disconnect(NQN), {
    kind: 'unavailable',
    message: /: nvme0n1\. .*\[NODE-DISCONNECT\]$/,
  });
});

test('a volume is found by any of its publications, a publication only by its own NQN', async (t) => {
  const fake = await FakeSysfs.make(t);
  const nvme = attachment(fake);
  const [earlier, now] = [`${NQN}-0a0a0a0a`, `${NQN}-0b0b0b0b`];
  await fake.addController(earlier, 'nvme0', 'connecting');
  await fake.addNamespace({ nqn: earlier, name: 'nvme0n1' });
  for (const other of [`${NQN}-not-a-token`, `${OTHER}-0a0a0a0a`])
    await fake.addController(other, `nvme${other.length}`);
  assert.deepEqual(await nvme.connected(NQN), [earlier]);
  assert.equal((await nvme.find(NQN))?.path, `${fake.places.dev}/nvme0n1`);
  assert.equal(await nvme.find(now), undefined);
  assert.deepEqual(await nvme.connected(now), []);
  await fake.kernel('rm -r $SYS/class/nvme/nvme0 $SYS/block/nvme0n1');
  await nvme.disconnect(NQN);
  assert.deepEqual(await fake.writes(), ['nvme0/delete_controller 1']);
});

test('a rescan goes to a controller that works', async (t) => {
  const fake = await FakeSysfs.make(t);
  await fake.kernel('true');
  await fake.addController(NQN, 'nvme0', 'connecting');
  await fake.addController(NQN, 'nvme1');
  await fake.addController(OTHER, 'nvme2');
  await attachment(fake).rescan(NQN);
  assert.deepEqual(await fake.writes(), ['nvme1/rescan_controller 1']);
});

test('whose a mount is must be known by its device, and a device that is gone is lost', async (t) => {
  const fake = await FakeSysfs.make(t);
  await fake.addNamespace({ nqn: `${NQN}-0a0a0a0a`, name: 'nvme0n1', nsid: 1 });
  await fake.addNamespace({ nqn: NEIGHBOUR, name: 'nvme1n1', nsid: 2 });
  await mkdir(join(fake.places.sys, 'dev/block/8:1'), { recursive: true });
  const nvme = attachment(fake);
  assert.deepEqual(await nvme.ownerOf('259:1'), { kind: 'volume', nqn: `${NQN}-0a0a0a0a` });
  assert.deepEqual(await nvme.ownerOf('259:2'), { kind: 'volume', nqn: NEIGHBOUR });
  assert.deepEqual(await nvme.ownerOf('8:1'), { kind: 'other' }, 'a disk of the node');
  assert.deepEqual(await nvme.ownerOf('0:45'), { kind: 'other' }, 'no device at all');
  assert.deepEqual(await nvme.ownerOf('259:7'), { kind: 'lost' });
  const mount = {
    id: '2',
    parent: '1',
    device: '259:1',
    root: '/',
    mountPoint: '/m',
    options: [],
    type: 'ext4',
    source: '',
    superOptions: [],
  };
  assert.equal(await isOf(nvme, NQN, mount), true);
  assert.equal(await isOf(nvme, OTHER, mount), false);
  assert.equal(await isOf(nvme, OTHER, { ...mount, device: '259:7' }), true, 'only its path tells whose it was');
  assert.equal(await isOf(nvme, NQN, { ...mount, type: 'btrfs', device: '259:7' }), false);
  const raw = { ...mount, type: 'devtmpfs', device: DEV_FILESYSTEM, root: '/nvme9n1//deleted' };
  assert.equal(await isOf(nvme, NQN, raw), true);
  assert.equal(await isOf(nvme, NQN, { ...raw, type: 'tmpfs', device: '0:9999' }), false, 'a file of a pod, called so');
  assert.equal(await isOf(nvme, NQN, { ...raw, root: '/null' }), false);
});
