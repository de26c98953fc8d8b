import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { examine, signatureOf } from '../../src/host/blankness.ts';
import type { BlockDevice } from '../../src/host/block-device.ts';
import { type Processes, processes } from '../../src/host/processes.ts';
import { telltaleRegions } from '../../src/host/superblocks.ts';
import { hasProgram } from '../support/capability.ts';

const MiB = 2 ** 20;
/** The least that mkfs.xfs makes. */
const XFS_BYTES = 300 * MiB;
const directory = mkdtempSync(join(tmpdir(), 'rose-csi-blank-'));
after(() => rmSync(directory, { recursive: true }));
const host = processes();
const { signal } = new AbortController();
let number = 0;

function hasMkfs(t: TestContext): boolean {
  return ['mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs'].every((name) => hasProgram(t, name, ['-V']));
}

/** A sparse file in the place of a device: dd, blkid and wipefs read it in the same way. */
function image(bytes = 256 * MiB): BlockDevice {
  number += 1;
  const path = join(directory, `${number}.img`);
  writeFileSync(path, '');
  truncateSync(path, bytes);
  return { path, number: `7:${number}`, bytes: BigInt(bytes), readOnly: false, sequence: `${number}` };
}

async function write(device: BlockDevice, offset: number, bytes: Uint8Array): Promise<void> {
  const file = await open(device.path, 'r+');
  await file.write(bytes, 0, bytes.length, offset);
  await file.close();
}

async function formatted(make: readonly string[], bytes?: number): Promise<BlockDevice> {
  const device = image(bytes);
  const [program = '', ...args] = make;
  await host.run(program, [...args, device.path]);
  return device;
}

const MKFS = {
  ext4: ['mkfs.ext4', '-q', '-F'],
  xfs: ['mkfs.xfs', '-q'],
  btrfs: ['mkfs.btrfs', '-q'],
} as const;

/** Programs of this test instead of the real ones; what is not among them is real. */
function pretending(programs: Readonly<Record<string, string>>): Processes {
  number += 1;
  const bin = join(directory, `bin-${number}`);
  mkdirSync(bin);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return processes(['env', `PATH=${bin}:${process.env['PATH']}`]);
}

for (const bytes of [MiB, 16 * MiB, 256 * MiB, 2 ** 40, 3 * 2 ** 40 + MiB]) {
  test(`zeros are blank: ${bytes} bytes`, async () => {
    const { trace, superblock, others } = await examine(host, image(bytes), signal);
    assert.deepEqual({ trace, superblock, others }, { trace: undefined, superblock: undefined, others: [] });
  });
}

for (const filesystem of ['ext4', 'xfs', 'btrfs'] as const) {
  test(`${filesystem} is found, with its id`, async (t) => {
    if (!hasMkfs(t)) return;
    const device = await formatted(MKFS[filesystem], XFS_BYTES);
    const { trace, superblock } = await examine(host, device, signal);
    assert.notEqual(trace, undefined);
    const uuid = (await host.run('blkid', ['-p', '-o', 'value', '-s', 'UUID', device.path])).text;
    assert.equal(superblock?.filesystem, filesystem);
    assert.equal(superblock?.uuid, uuid);
    assert.equal(superblock?.intact, filesystem !== 'btrfs');
    await write(device, filesystem === 'xfs' ? 300 : 1024 + 300, Buffer.of(1));
    assert.equal((await examine(host, device, signal)).superblock?.intact, false, 'a damaged one is not');
    await write(device, filesystem === 'xfs' ? 300 : 1024 + 300, Buffer.of(0));
    assert.deepEqual(await signatureOf(host, device, signal), { type: filesystem, other: '' });
  });

  for (const bytes of [filesystem === 'xfs' ? XFS_BYTES : 128 * MiB, 1024 * MiB]) {
    test(`zeros everywhere but a backup superblock are not blank: ${filesystem}, ${bytes} bytes`, async (t) => {
      if (!hasMkfs(t)) return;
      const source = await formatted(MKFS[filesystem], bytes);
      const device = image(bytes);
      const original = await open(source.path, 'r');
      for (const { offset, length } of telltaleRegions(source.bytes).slice(1, -1)) {
        const { buffer } = await original.read(Buffer.alloc(length), 0, length, Number(offset));
        await write(device, Number(offset), buffer);
      }
      await original.close();
      const { trace, superblock, others } = await examine(host, device, signal);
      assert.match(trace ?? '', /is not zero/);
      assert.equal(superblock, undefined);
      assert.ok(others.length > 0, 'it is distinguished from what mkfs leaves partial');
    });
  }
}

test('data behind zeros is found at the end of the first MiB and at the end of the device', async () => {
  for (const offset of [MiB - 1, 255 * MiB, 256 * MiB - 1]) {
    const device = image();
    await write(device, offset, Buffer.of(1));
    assert.equal((await examine(host, device, signal)).trace, `the byte at ${offset} is not zero`);
  }
});

test('a partition table alone is not blank', async () => {
  const device = image();
  const entry = Buffer.alloc(66);
  entry.set([0, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0]);
  entry.set([0x55, 0xaa], 64);
  await write(device, 446, entry);
  assert.deepEqual(await signatureOf(host, device, signal), { type: '', other: 'a partition table (dos)' });
  assert.notEqual((await examine(host, device, signal)).trace, undefined);
});

test('two filesystems in one place are a contradiction, not nothing', async (t) => {
  if (!hasMkfs(t)) return;
  const device = await formatted(MKFS.ext4);
  const xfs = await formatted(MKFS.xfs, XFS_BYTES);
  const file = await open(xfs.path, 'r');
  const { buffer } = await file.read(Buffer.alloc(512), 0, 512, 0);
  await file.close();
  await write(device, 0, buffer);
  assert.equal((await signatureOf(host, device, signal))?.other, 'several contradicting signatures');
});

const unreadable: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a read fails': { dd: 'echo "dd: error reading: Input/output error" >&2; exit 1' },
  'a read is short': { dd: 'exit 0' },
  'a probe cannot read, and ends as if it had found nothing': {
    blkid: 'echo "blkid: error: /dev/x: Input/output error" >&2; exit 2',
  },
  'a probe fails': { blkid: 'exit 4' },
  'the second probe fails': { wipefs: 'exit 1' },
};
for (const [what, programs] of Object.entries(unreadable)) {
  test(`unreadable is not blank: ${what}`, async () => {
    await assert.rejects(examine(pretending(programs), image(), signal), {
      kind: 'unavailable',
      message: /cannot be read.*\[NODE-LOST\]$/,
    });
  });
}

test('a device that goes while the probes look is not blank', async () => {
  const gone = join(directory, 'gone');
  const dd = `[ -e ${gone} ] && { echo "No such device" >&2; exit 1; }; exec /bin/dd "$@"`;
  const programs = { dd, wipefs: `touch ${gone}; exit 0` };
  await assert.rejects(examine(pretending(programs), image(), signal), { kind: 'unavailable' });
});

test('a device that is slower than the caller is patient is not blank', async () => {
  const caller = new AbortController();
  const slow = examine(pretending({ dd: 'exec sleep 600' }), image(), caller.signal);
  setImmediate(() => caller.abort());
  await assert.rejects(slow, { kind: 'unavailable', message: /the caller has gone/ });
});

test('a filesystem that was mounted once shows it', async (t) => {
  if (!hasMkfs(t)) return;
  const device = await formatted(MKFS.ext4);
  assert.equal((await examine(host, device, signal)).superblock?.unused, true);
  const copy = `${device.path}.mounted`;
  copyFileSync(device.path, copy);
  await host.run('debugfs', ['-w', '-R', 'set_super_value mnt_count 1', copy]);
  assert.equal((await examine(host, { ...device, path: copy }, signal)).superblock?.unused, false);
});
