import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { holdersOf } from './holders.ts';
import { FakeSysfs } from './sysfs.fixture.ts';

test('who holds a device must be named: LVM, a mapping over a partition, MD', async (t) => {
  const { places } = await FakeSysfs.make(t);
  const put = async (file: string, text: string) => {
    const path = join(places.sys, 'block', file);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, `${text}\n`);
  };
  await put('nvme0n1/holders/dm-0/name', '');
  await put('nvme0n1/nvme0n1p1/holders/dm-1/name', '');
  await put('nvme0n1/holders/md127/name', '');
  await put('dm-0/dm/name', 'vg-data');
  await put('dm-0/dm/uuid', 'LVM-abc');
  await put('dm-1/dm/name', 'secret');
  await put('dm-1/dm/uuid', 'CRYPT-LUKS2-abc');
  await put('md127/md/level', 'raid1');
  const device = { path: '/dev/nvme0n1', number: '259:0', bytes: 1n, readOnly: false, sequence: '' };
  assert.deepEqual((await holdersOf(device, places)).toSorted(), [
    'dm-0 (vg-data, LVM)',
    'dm-1 (secret, CRYPT)',
    'md127 (MD RAID, raid1)',
  ]);
  assert.deepEqual(await holdersOf({ ...device, path: '/dev/nvme1n1' }, places), []);
});
