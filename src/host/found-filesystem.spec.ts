/** On sparse files in place of devices. */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasProgram } from '../../test/support/capability.ts';
import { filesystemOn } from './found-filesystem.ts';
import { processes } from './processes.ts';

const BYTES = 320 * 2 ** 20;
const host = processes();

async function image(t: TestContext, program: 'mkfs.ext4' | 'mkfs.xfs') {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-found-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'device');
  writeFileSync(path, '');
  truncateSync(path, BYTES);
  await host.run(program, ['-q', path]);
  const device = { path, number: '7:0', bytes: BigInt(BYTES), readOnly: false, sequence: '' };
  return {
    put(offset: number, bytes: Uint8Array) {
      const file = openSync(path, 'r+');
      writeSync(file, bytes, 0, bytes.length, offset);
      closeSync(file);
    },
    found: () => filesystemOn(host, device, new AbortController().signal),
  };
}

/** The superblock of MD RAID with metadata 0.90, at the end of a device. */
function raid(): Buffer {
  const superblock = Buffer.alloc(4096);
  superblock.writeUInt32LE(0xa92b4efc, 0);
  superblock.writeUInt32LE(90, 8);
  return superblock;
}

/** The same with metadata 1.2, which `mdadm --create` puts over an XFS and leaves the superblock before it. */
function newRaid(): Buffer {
  const superblock = Buffer.alloc(4096);
  superblock.writeUInt32LE(0xa92b4efc, 0);
  superblock.writeUInt32LE(1, 4);
  superblock.writeBigUInt64LE(8n, 144);
  // The sum of its words.
  superblock.writeUInt32LE(0xa92b4efc + 1 + 8, 216);
  return superblock;
}

for (const [filesystem, program] of [
  ['ext4', 'mkfs.ext4'],
  ['xfs', 'mkfs.xfs'],
] as const) {
  test(`what a file can hold must not decide what is mounted: ${filesystem}`, async (t) => {
    if (!hasProgram(t, program, ['-V'])) return;
    const one = await image(t, program);
    assert.deepEqual(await one.found(), { kind: 'filesystem', filesystem, isAlone: true });
    one.put(BYTES - 65_536, raid());
    assert.deepEqual(
      await one.found(),
      { kind: 'filesystem', filesystem, isAlone: false },
      'blkid sees a member of a RAID',
    );
  });

  test(`a damaged superblock vouches for nothing, and what lies where no file can contradicts it: ${filesystem}`, async (t) => {
    if (!hasProgram(t, program, ['-V'])) return;
    const one = await image(t, program);
    one.put(4096, newRaid());
    assert.deepEqual(await one.found(), {
      kind: 'other',
      what: `a superblock of ${filesystem} beside linux_raid_member at byte 4096`,
    });
    one.put(4096, Buffer.alloc(4096));
    one.put(BYTES - 65_536, raid());
    one.put(filesystem === 'ext4' ? 1024 + 300 : 300, Buffer.of(1));
    assert.match(
      JSON.stringify(await one.found()),
      new RegExp(`superblock of ${filesystem} with a checksum that is wrong or missing`),
    );
  });
}
