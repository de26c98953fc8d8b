import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathOption } from '../data-plane/qemu.ts';
import { checkImage } from './machine.ts';

test('what no machine boots from was waited for until its time was over', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'rose-csi-prove-'));
  t.after(() => rm(folder, { recursive: true }));
  const image = join(folder, 'chr.img');
  const sector = Buffer.alloc(512);
  for (const [content, message] of [
    [Buffer.from('PK\x03\x04'), /chr\.img is a \.zip: unzip it, and give the \.img in it/],
    [Buffer.from('QFI\xfb'), /is no raw image of a disk that boots/],
    [sector, /is no raw image of a disk that boots/],
  ] as const) {
    await writeFile(image, content);
    await assert.rejects(checkImage(image), message);
  }
  await assert.rejects(checkImage(folder), /is no raw image of a disk that boots/);
  await assert.rejects(checkImage(join(folder, 'none')), /ENOENT/);
  sector.writeUInt16LE(0xaa55, 510);
  await writeFile(image, sector);
  await checkImage(image);
});

test('a comma in the path of an image began another option of qemu', () => {
  assert.equal(pathOption('/a,snapshot=off/chr.img'), '/a,,snapshot=off/chr.img');
});
