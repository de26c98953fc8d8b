import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverOf, depthOf, isStackedOn } from './mount-cover.ts';
import { parseMountinfo } from './mountinfo.ts';

/** Mounts by id, parent and point, each with what hides it. */
function covers(...mounts: readonly (readonly [id: number, parent: number, point: string])[]) {
  const text = mounts.map(([id, parent, point]) => `${id} ${parent} 0:${id} / ${point} rw - tmpfs none rw`).join('\n');
  const all = parseMountinfo(text);
  return Object.fromEntries(all.map((mount) => [mount.id, coverOf(mount, all)?.id]).filter(([, cover]) => cover));
}

test('a mount on a directory hides what is mounted below it, and all that is mounted in there', () => {
  assert.deepEqual(covers([1, 0, '/'], [2, 1, '/a/b'], [3, 2, '/a/b/c'], [4, 1, '/a']), { 2: '4', 3: '4' });
});

test('what is mounted in the upper mount is seen, and so is what has a similar name', () => {
  assert.deepEqual(covers([1, 0, '/'], [2, 1, '/a'], [3, 2, '/a/b'], [4, 1, '/ab'], [5, 3, '/a/b/c']), {});
});

test('a mount that was mounted over hides what is in it, not itself', () => {
  const points = [
    [1, 0, '/'],
    [2, 1, '/a'],
    [3, 2, '/a/b'],
    [4, 2, '/a'],
  ] as const;
  assert.deepEqual(covers(...points), { 3: '4' });
});

test('a mount on the root directory hides nothing from a process that was there before', () => {
  assert.deepEqual(covers([1, 1, '/'], [2, 1, '/a'], [3, 1, '/']), {});
});

test('the mount on which no one can tell what is mounted hides nothing: a line of mountinfo in an unknown form', () => {
  assert.deepEqual(covers([1, 0, '/'], [3, 2, '/a/b/c'], [4, 3, '/a/b/c/d']), {});
});

test('of mounts on one point the visible one is that which is mounted on the others, in whichever order they are listed', () => {
  const all = parseMountinfo(['3 2', '2 1', '1 0'].map((ids) => `${ids} 0:1 / /a rw - tmpfs none rw`).join('\n'));
  assert.deepEqual(
    all.map((mount) => [mount.id, depthOf(mount, all), isStackedOn(mount, all)]),
    [
      ['3', 2, false],
      ['2', 1, true],
      ['1', 0, true],
    ],
  );
});
