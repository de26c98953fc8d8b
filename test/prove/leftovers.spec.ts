import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identity } from '../../src/storage/ids.ts';
import { leftovers, marksOf } from './leftovers.ts';

test('what is left is of this run, by its owner or its name, and was not there before', () => {
  const { owner } = identity('rds.rose-csi.io', 'rose-prove-0badcafe', []);
  const ours = [
    { name: `pvc-1-${owner}-n0` },
    { name: 'pvc-1', path: `/pool/snap-1-${owner}-2/volume.img` },
    { name: '<FS_ROOT>/rose-prove-0badcafe-item' },
    { name: 'rose-doctor-2' },
  ];
  const before = [{ name: 'pvc-1-00000000-n0' }, { name: 'rose-doctor-1' }];
  const others = [
    { name: 'pvc-2-00000000-n0' },
    { name: 'Documents', path: `/pool/${owner}/volume.img` },
    { name: 'rose-prove-11111111-item' },
    { name: 'rose-prove-0badcafe1-item' },
  ];
  const { run, doctor } = marksOf('rose-prove-0badcafe');
  assert.deepEqual(leftovers(before, [...before, ...others, ...ours], [...run, doctor]), ours);
  assert.deepEqual(leftovers(before, [...before, ...others, ...ours], run), ours.slice(0, 3));
});
