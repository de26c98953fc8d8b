import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { MIB, temporaryDirectory } from './device.testing.ts';
import { dataExtents, parseFilefrag, scanForData } from './extents.ts';

const TABLE = `Filesystem type is: ef53
File size of volume.img is 10000000 (10000000 blocks of 1 bytes)
 ext:     logical_offset:        physical_offset: length:   expected: flags:
   0:        0..    4095: 12957007872..12957011967:   4096:
   1:     4096..    8191: 12957020000..12957024095:   4096: 12957011968:
   2:  9998336..10002431: 12957030000..12957034095:   4096: 12957024096: last,eof
volume.img: 3 extents found
`;

async function writeSparse(path: string, size: number, writes: Readonly<Record<number, string>>): Promise<void> {
  const file = await open(path, 'w');
  await file.truncate(size);
  for (const [offset, text] of Object.entries(writes)) await file.write(text, Number(offset));
  await file.close();
}

test('the table of filefrag: neighbours are joined, the end is cut to the length', () => {
  assert.deepEqual(parseFilefrag(TABLE, 10_000_000), [
    { offset: 0, length: 8192 },
    { offset: 9_998_336, length: 1664 },
  ]);
});

test('reading finds the chunks that are not zero', async (t) => {
  const path = join(await temporaryDirectory(t), 'image');
  await writeSparse(path, 5 * MIB + 3, { [MIB + 7]: 'x', [2 * MIB]: 'y', [5 * MIB + 2]: 'z' });
  assert.deepEqual(await scanForData(path, 5 * MIB + 3), [
    { offset: MIB, length: 2 * MIB },
    { offset: 5 * MIB, length: 3 },
  ]);
});

test('what was just written is within an extent', async (t) => {
  const path = join(await temporaryDirectory(t), 'image');
  await writeSparse(path, 1024 * MIB, { [700 * MIB]: 'x' });
  const extents = await dataExtents(path);
  assert.ok(extents.some(({ offset, length }) => offset <= 700 * MIB && 700 * MIB < offset + length));
  assert.ok(extents.reduce((sum, { length }) => sum + length, 0) <= 2 * MIB);
});

test('a file that no one wrote to has none', async (t) => {
  const path = join(await temporaryDirectory(t), 'image');
  await writeSparse(path, 1024 * MIB, {});
  assert.deepEqual(await dataExtents(path), []);
});
