import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../device/device.testing.ts';
import type { ExportedDisk } from './export-target.ts';
import { LoopTarget } from './loop.ts';

const MiB = 2 ** 20;

/** A disk to export, or undefined with the test skipped, in CI failed. */
async function diskForTest(t: TestContext, name = 'image'): Promise<ExportedDisk | undefined> {
  if (process.geteuid?.() !== 0 || !existsSync('/dev/loop-control')) {
    if (process.env['CI'] === 'true') throw new Error('loop devices need root and /dev/loop-control');
    t.skip('NOT RUN: loop devices need root and /dev/loop-control');
    return undefined;
  }
  const file = join(await temporaryDirectory(t), name);
  writeFileSync(file, Buffer.alloc(MiB, name));
  return { nqn: `nqn.test:${name}`, file, size: MiB, readOnly: false, allowHostName: '' };
}

const sizeOf = (device: string) => Number(execFileSync('blockdev', ['--getsize64', device], { encoding: 'utf8' }));
const isBacked = (file: string) => execFileSync('losetup', ['--associated', file], { encoding: 'utf8' }) !== '';

async function targetForTest(t: TestContext, ...disks: readonly ExportedDisk[]): Promise<LoopTarget> {
  const target = new LoopTarget();
  t.after(() => target.close());
  await target.sync(disks);
  return target;
}

test('each host has a device of its own, and the same one each time', async (t) => {
  const disk = await diskForTest(t);
  if (disk === undefined) return;
  const target = await targetForTest(t, disk);
  const one = await target.attach(disk.nqn, 'a');
  assert.deepEqual(await target.attach(disk.nqn, 'a'), one);
  const other = await target.attach(disk.nqn, 'b');
  assert.notEqual(other.device, one.device);
  assert.deepEqual(target.attachments, [one, other]);
  await target.detach(disk.nqn, 'a');
  await target.detach(disk.nqn, 'a');
  assert.deepEqual(target.attachments, [other]);
});

test('what is not exported, or to another host, is not attached', async (t) => {
  const disk = await diskForTest(t);
  if (disk === undefined) return;
  const target = await targetForTest(t, { ...disk, allowHostName: 'a' });
  await assert.rejects(target.attach('nqn.test:none', 'a'), { status: 403, code: 'not-exported' });
  await assert.rejects(target.attach(disk.nqn, 'b'), { status: 403, code: 'not-allowed' });
  await target.attach(disk.nqn, 'a');
});

test('a device grows with its image, and goes with its export', async (t) => {
  const disk = await diskForTest(t);
  if (disk === undefined) return;
  const target = await targetForTest(t, disk);
  const { device } = await target.attach(disk.nqn, 'a');
  truncateSync(disk.file, 2 * MiB);
  await target.sync([{ ...disk, size: 2 * MiB }]);
  assert.equal(sizeOf(device), 2 * MiB);
  await target.sync([]);
  assert.deepEqual(target.attachments, []);
  assert.equal(isBacked(disk.file), false);
});

test('all devices go when the device is switched off', async (t) => {
  const [one, other] = [await diskForTest(t, 'one'), await diskForTest(t, 'other')];
  if (one === undefined || other === undefined) return;
  const target = await targetForTest(t, one, other);
  for (const { nqn } of [one, other]) await target.attach(nqn, 'a');
  await target.close();
  assert.deepEqual([isBacked(one.file), isBacked(other.file)], [false, false]);
});

test('a read-only export is a read-only device', async (t) => {
  const disk = await diskForTest(t);
  if (disk === undefined) return;
  const target = await targetForTest(t, { ...disk, readOnly: true });
  const { device } = await target.attach(disk.nqn, 'a');
  assert.equal(execFileSync('blockdev', ['--getro', device], { encoding: 'utf8' }).trim(), '1');
});
