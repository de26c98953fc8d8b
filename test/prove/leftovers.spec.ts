import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identity } from '../../src/storage/ids.ts';
import { leftovers } from './leftovers.ts';

test('what is left is of this run, by its owner or its name, and was not there before', () => {
  const { owner } = identity('rds.rose-csi.io', 'rose-prove-0badcafe', []);
  const ours = [`pvc-1-${owner}-n0`, `/pool/snap-1-${owner}-2/volume.img`, 'rose-prove-0badcafe-item', 'rose-doctor-2'];
  const before = ['pvc-1-00000000-n0', 'rose-doctor-1'];
  const others = ['pvc-2-00000000-n0', 'Documents', 'rose-prove-11111111-item'];
  assert.deepEqual(leftovers(before, [...before, ...others, ...ours], 'rose-prove-0badcafe'), ours);
});
