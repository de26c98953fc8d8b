import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMountinfo } from './mountinfo.ts';

test('a line with optional fields', () => {
  const line = '36 35 98:0 /sub /mnt rw,noatime shared:7 master:1 - ext4 /dev/nvme0n1 rw,errors=continue\n';
  assert.deepEqual(parseMountinfo(line), [
    {
      id: '36',
      parent: '35',
      device: '98:0',
      root: '/sub',
      mountPoint: '/mnt',
      options: ['rw', 'noatime'],
      type: 'ext4',
      source: '/dev/nvme0n1',
      superOptions: ['rw', 'errors=continue'],
    },
  ]);
});

test('a line without optional fields, and one with an empty source', () => {
  const [plain, empty] = parseMountinfo('1 1 0:4 / / rw - proc proc rw\n2 1 0:5 / /x rw - tmpfs  rw\n');
  assert.equal(plain?.type, 'proc');
  assert.equal(empty?.source, '');
});

test('a mount of someone else in an unexpected form must not hide the others', () => {
  const ours = '36 35 98:0 / /mnt rw - ext4 /dev/nvme0n1 rw';
  const foreign = [
    // Docker Desktop.
    String.raw`2260 190 0:311 / /Docker/host rw,noatime - 9p drvfs rw,dirsync,aname=drvfs;path=C:\Program Files\Docker\resources;symlinkroot=/mnt/,mmap,access=client,msize=262144,trans=virtio`,
    '37 35 0:40 / /a rw - fuse.thing thing ',
    '38 35 0:41 / /b rw - fuse.thing thing',
    '39 35 0:42 /sub /c rw ext4 /dev/x rw',
    'what a newline in an option leaves',
  ];
  const mounts = parseMountinfo(`${foreign.join('\n')}\n${ours}\n`);
  assert.deepEqual(
    mounts.map(({ mountPoint }) => mountPoint),
    ['/Docker/host', '/a', '/b', '/mnt'],
  );
  assert.equal(mounts[0]?.type, '9p');
});

test('the file of this machine', () => {
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  assert.ok(mounts.some(({ mountPoint, type }) => mountPoint === '/proc' && type === 'proc'));
});

const escaped = (path: string) =>
  path.replace(/[ \t\n\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

test('every path comes through as it was, whatever is in it', () => {
  const path = fc
    .array(fc.oneof(fc.constantFrom(' ', '\t', '\n', '\\', '#', '-', ' - ', '\\040', 'ä'), fc.string()))
    .map((parts) => `/${parts.join('').replace(/[^\S \t\n]/g, '_')}`);
  fc.assert(
    fc.property(path, path, path, fc.array(fc.constantFrom('shared:1', 'master:2', 'unbindable')), (a, b, c, tags) => {
      const line = ['9 8 7:6', escaped(a), escaped(b), 'ro', ...tags, '-', 'xfs', escaped(c), 'ro'].join(' ');
      const [mount] = parseMountinfo(`${line}\n`);
      assert.deepEqual([mount?.root, mount?.mountPoint, mount?.source], [a, b, c]);
    }),
  );
});

test('a path with what JavaScript takes for white space was not found, and its mount stayed forever', () => {
  for (const odd of ['\u00a0', '\u3000', '\r', '\v', '\u2028', '\ufeff']) {
    const [mount] = parseMountinfo(`1 1 7:0 / /a${odd}b rw shared:1 - ext4 /dev/loop0 rw,x=${odd}\n`);
    assert.equal(mount?.mountPoint, `/a${odd}b`);
    assert.deepEqual(mount.superOptions, ['rw', `x=${odd}`]);
  }
});
