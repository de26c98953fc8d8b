import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { holdsBackup, primarySuperblock, telltaleRegions } from './superblocks.ts';

const MiB = 1024n ** 2n;
const GiB = 1024n ** 3n;

/** Whether some region covers `length` bytes at `offset`. */
function covers(bytes: bigint, offset: bigint, length = 4096n): boolean {
  return telltaleRegions(bytes).some(
    (region) => region.offset <= offset && offset + length <= region.offset + BigInt(region.length),
  );
}

test('both ends, and the backup superblocks of ext4 with every block size, of XFS and of Btrfs', () => {
  const bytes = 512n * GiB;
  for (const offset of [
    0n,
    bytes - MiB,
    MiB - 4096n,
    ...[1n, 3n, 5n, 7n, 9n, 25n, 27n, 49n, 81n].flatMap((group) => [
      group * 8n * MiB + 1024n,
      group * 32n * MiB,
      group * 128n * MiB,
    ]),
    bytes / 4n,
    bytes / 2n,
    (bytes / 4n) * 3n,
    64n * 1024n,
    64n * MiB,
    256n * GiB,
  ]) {
    assert.ok(covers(bytes, offset), `${offset}`);
  }
});

test('above 4 TiB XFS has a superblock at every TiB', () => {
  const bytes = 6n * 1024n * GiB;
  for (const tebibytes of [1n, 2n, 3n, 4n, 5n]) assert.ok(covers(bytes, tebibytes * 1024n * GiB));
});

test('every region is within the device and can be read directly', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 1n << 44n), (sectors) => {
      const bytes = (sectors * 512n) % (16n << 40n) || 512n;
      const regions = telltaleRegions(bytes);
      for (const { offset, length } of regions) {
        assert.equal(offset % 4096n, 0n);
        assert.ok(length > 0 && length < 2 * 2 ** 20 && offset + BigInt(length) <= bytes);
      }
      assert.equal(regions.at(-1)?.offset === undefined, false);
      assert.ok(covers(bytes, bytes - 512n, 512n));
      assert.ok(regions.length < 200);
    }),
  );
});

test('zeros and noise are no superblock', () => {
  assert.equal(primarySuperblock(Buffer.alloc(2 ** 20)), undefined);
  assert.equal(holdsBackup(Buffer.alloc(8192, 0xa5)), false);
  assert.equal(primarySuperblock(Buffer.alloc(100)), undefined);
});
