import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { StorageError } from '../storage/errors.ts';
import { nqnOf } from '../storage/ids.ts';
import type { Mount } from './mountinfo.ts';
import { Mounts } from './mounts.ts';
import { NodeHealth } from './node-health.ts';
import { NvmeTcp } from './nvme-tcp.ts';
import { FakeSysfs } from './sysfs.fixture.ts';

const UUID = '7a0f3c52-9d1e-4a6b-8c2f-0e5d4b3a2c1f';
const VOLUME = { id: `rds1:pvc-${UUID}`, uuid: UUID, nqn: nqnOf(UUID) };
const NQN = `${VOLUME.nqn}-0123abcd`;
const PATH = '/var/lib/kubelet/pods/1/mount';
const ADDRESS = 'traddr=192.0.2.1,trsvcid=4420';

/** Mounts that a test makes up, as the kernel would list them. */
class MadeUpMounts extends Mounts {
  all: Mount[] = [];
  override async list(): Promise<Mount[]> {
    return this.all;
  }
}

/** The filesystem of a device of this number, as a pod sees it. */
function mountOf(device: string, superOptions: readonly string[] = ['rw'], type = 'ext4'): Mount {
  return {
    id: '2',
    parent: '1',
    device,
    root: '/',
    mountPoint: PATH,
    options: ['rw'],
    type,
    source: '/dev/x',
    superOptions,
  };
}

async function startHealth(t: TestContext) {
  const sysfs = await FakeSysfs.make(t);
  await sysfs.kernel('exit 1');
  await sysfs.addController(NQN, 'nvme0', 'live', ADDRESS);
  await sysfs.addNamespace({ nqn: NQN, name: 'nvme0n1', sectors: 2048 });
  const mounts = new MadeUpMounts(sysfs.host);
  mounts.all = [mountOf('259:1')];
  const attachment = new NvmeTcp('nqn.2014-08.org.nvmexpress:uuid:x', sysfs.host, sysfs.places);
  const health = new NodeHealth({ host: sysfs.host, attachment, mounts }, sysfs.places);
  const conditions = async (paths: readonly string[] = [PATH]) =>
    (await health.look(VOLUME, paths)).conditions.map(({ code, detail }) => `${code} ${detail}`.trim());
  const ext4 = async (errors: string) => {
    const directory = join(sysfs.places.sys, 'fs/ext4/nvme0n1');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'errors_count'), `${errors}\n`);
  };
  return { sysfs, mounts, health, conditions, ext4 };
}

test('a volume that works has no condition, wherever it is looked for, and whether ext4 shows a count or not', async (t) => {
  const { conditions, ext4 } = await startHealth(t);
  assert.deepEqual([await conditions(), await conditions([]), await conditions(['/elsewhere'])], [[], [], []]);
  await ext4('0');
  assert.deepEqual(await conditions(), []);
});

test('a connection that is not live is lost, and then nothing else is asked, which could hang', async (t) => {
  const { sysfs, conditions, ext4, health } = await startHealth(t);
  await ext4('3');
  health.hasBytes(VOLUME, 2n ** 40n);
  for (const state of ['connecting', 'resetting', 'deleting', 'dead']) {
    await sysfs.addController(NQN, 'nvme1', state, ADDRESS).catch(() => undefined);
    await sysfs.remove('nvme0', 'nvme0c0n1');
    assert.deepEqual(await conditions(), ['ConnectionLost the kernel is reconnecting'], state);
    await sysfs.remove('nvme1', 'nvme1c1n1');
  }
});

test('one connection of several that works is enough', async (t) => {
  const { sysfs, conditions } = await startHealth(t);
  await sysfs.addController(NQN, 'nvme1', 'connecting', ADDRESS);
  assert.deepEqual(await conditions(), []);
});

test('a device that the kernel has given up while it is mounted is a lost connection, and one that is not there is none', async (t) => {
  const { sysfs, conditions, health, mounts } = await startHealth(t);
  await sysfs.remove('nvme0', 'nvme0c0n1', 'nvme0n1');
  assert.deepEqual(await conditions(), ['ConnectionLost the kernel has given it up']);
  mounts.all = [];
  assert.deepEqual(await conditions(), []);
  await assert.rejects(
    health.examine(VOLUME, [PATH]),
    (error: unknown) => error instanceof StorageError && error.code === 'NODE-ABSENT',
  );
  await sysfs.addController(NQN, 'nvme0', 'connecting', ADDRESS);
  assert.deepEqual(await conditions(), ['ConnectionLost the kernel is connecting']);
});

test('a look at a path where nothing of the volume is mounted any more said that all is well', async (t) => {
  const { mounts, health, ext4, sysfs } = await startHealth(t);
  await ext4('1');
  const examined = async () => (await health.look(VOLUME, [PATH])).examined;
  const all = ['FilesystemDamaged', 'ConnectionLost', 'DeviceReadOnly', 'FilesystemGaveUp', 'FilesystemErrorRecorded'];
  assert.deepEqual(await examined(), all);
  for (const left of [[], [mountOf('0:40', ['ro'], 'tmpfs')]]) {
    mounts.all = left;
    assert.deepEqual(await examined(), ['ConnectionLost']);
  }
  mounts.all = [mountOf('259:1')];
  await ext4('nonsense');
  assert.deepEqual(await examined(), all.slice(0, -1), 'what is no number says nothing');
  await sysfs.remove('nvme0', 'nvme0c0n1');
  assert.deepEqual(await examined(), ['FilesystemDamaged', 'ConnectionLost']);
});

test('a volume that is mounted elsewhere than at the paths of a call was called well without a look', async (t) => {
  const { mounts, health, ext4 } = await startHealth(t);
  await ext4('1');
  mounts.all = [{ ...mountOf('0:40', ['rw'], 'tmpfs'), mountPoint: '/other' }, mountOf('259:1')];
  for (const paths of [['/gone'], ['/other'], ['/other', PATH], []]) {
    const { conditions } = await health.examine(VOLUME, paths);
    assert.deepEqual(
      conditions.map(({ code }) => code),
      ['FilesystemErrorRecorded'],
      paths.join(),
    );
  }
  mounts.all = [];
  assert.deepEqual((await health.examine(VOLUME, [PATH])).examined, ['ConnectionLost'], 'it is not mounted');
});

test('a mount of something else at the path says nothing of the volume', async (t) => {
  const { sysfs, conditions, mounts, ext4 } = await startHealth(t);
  await ext4('1');
  mounts.all = [mountOf('0:40', ['ro'], 'tmpfs')];
  assert.deepEqual(await conditions(), []);
  await sysfs.remove('nvme0', 'nvme0c0n1', 'nvme0n1');
  assert.deepEqual(await conditions(), []);
});

test('errors that ext4 has recorded are counted, and one that has given up is that alone', async (t) => {
  const { conditions, mounts, ext4, sysfs } = await startHealth(t);
  const device = join(sysfs.places.dev, 'nvme0n1');
  await ext4('2');
  assert.deepEqual(await conditions(), [`FilesystemErrorRecorded 2 on ${device}`]);
  mounts.all = [mountOf('259:1', ['rw', 'emergency_ro'])];
  assert.deepEqual(await conditions(), [`FilesystemGaveUp ext4 on ${device} (emergency_ro)`]);
  mounts.all = [mountOf('259:1', ['rw'], 'ext4')];
  await ext4('nonsense');
  assert.deepEqual(await conditions(), [], 'what is no number says nothing');
});

test('a device that became read-only is reported where it is mounted to be written', async (t) => {
  const { sysfs, conditions, mounts } = await startHealth(t);
  await writeFile(join(sysfs.places.sys, 'block/nvme0n1/ro'), '1\n');
  assert.deepEqual(await conditions(), [`DeviceReadOnly ${join(sysfs.places.dev, 'nvme0n1')}`]);
  mounts.all = [mountOf('259:1', ['ro'])];
  assert.deepEqual(await conditions(), [], 'it was mounted so');
});

test('an ext4 that became read-only because of its device made the device seem to have recovered', async (t) => {
  const { sysfs, mounts, health } = await startHealth(t);
  await writeFile(join(sysfs.places.sys, 'block/nvme0n1/ro'), '1\n');
  const seen = async (...superOptions: string[]) => {
    mounts.all = [mountOf('259:1', superOptions)];
    const { conditions, examined } = await health.look(VOLUME, [PATH]);
    return [conditions.map(({ code }) => code), examined.includes('DeviceReadOnly')];
  };
  assert.deepEqual(await seen('rw'), [['DeviceReadOnly'], true]);
  assert.deepEqual(await seen('ro'), [[], false]);
  assert.deepEqual(await seen('rw', 'emergency_ro'), [['DeviceReadOnly', 'FilesystemGaveUp'], true]);
});

test('a device with less than the volume had is reported, as far as its size is known', async (t) => {
  const { conditions, health } = await startHealth(t);
  assert.deepEqual(await conditions(), []);
  health.hasBytes(VOLUME, 2n ** 20n);
  assert.deepEqual(await conditions(), []);
  health.hasBytes(VOLUME, 2n ** 21n);
  assert.deepEqual(await conditions(), ['DeviceSmaller 1 MiB of 2 MiB']);
  health.hasBytes(VOLUME, 2n ** 20n);
  assert.deepEqual(await conditions(), ['DeviceSmaller 1 MiB of 2 MiB'], 'what Kubernetes keeps may be older');
  health.isGone(VOLUME);
  assert.deepEqual(await conditions(), []);
});

test('a namespace whose size the kernel has not read yet was called smaller than its volume', async (t) => {
  const { sysfs, conditions, health } = await startHealth(t);
  health.hasBytes(VOLUME, 2n ** 20n);
  await writeFile(join(sysfs.places.sys, 'block/nvme0n1/size'), '0\n');
  assert.deepEqual(await conditions(), []);
});

test('a filesystem that e2fsck did not repair is remembered until the volume is staged, other failures are not', async (t) => {
  const { conditions, health } = await startHealth(t);
  health.notStaged(VOLUME, new StorageError('NODE-CONNECT', VOLUME.id));
  assert.deepEqual(await conditions(), []);
  health.notStaged(VOLUME, new StorageError('NODE-DAMAGED', VOLUME.id, 'e2fsck says so'));
  assert.deepEqual(await conditions(), ['FilesystemDamaged e2fsck says so']);
  health.hasBytes(VOLUME, 1n);
  assert.deepEqual(await conditions(), []);
});

test('storage is unreachable when not one connection to it works, and others are not counted', async (t) => {
  const { sysfs, health } = await startHealth(t);
  const other = (number: number) => `${nqnOf(UUID.replace('7a0f', `000${number}`))}-0123abcd`;
  await sysfs.addController(other(1), 'nvme1', 'connecting', ADDRESS);
  assert.deepEqual(await health.unreachable(), []);
  await sysfs.addController(other(2), 'nvme2', 'connecting', 'traddr=192.0.2.2,trsvcid=4420');
  await sysfs.addController('nqn.2000-02.com.mikrotik:other', 'nvme3', 'dead', 'traddr=192.0.2.3,trsvcid=4420');
  await sysfs.addController(other(4), 'nvme4', 'dead');
  assert.deepEqual(await health.unreachable(), ['192.0.2.2:4420']);
  await rm(join(sysfs.places.sys, 'class/nvme', basename('nvme0')), { recursive: true });
  assert.deepEqual(await health.unreachable(), ['192.0.2.1:4420', '192.0.2.2:4420']);
});
