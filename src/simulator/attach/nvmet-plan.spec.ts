import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExportedDisk } from './export-target.ts';
import { plan } from './nvmet-plan.ts';

const disk: ExportedDisk = { nqn: 'nqn.a', file: '/pool/a/volume.img', size: 1, readOnly: false, allowHostName: '' };
const offered = new Map([[disk.nqn, disk]]);

test('what is offered as it shall be is left alone', () => {
  assert.deepEqual(plan(offered, [{ ...disk }]), []);
});

test('a new export is offered, one that ended is withdrawn before', () => {
  const other = { ...disk, nqn: 'nqn.b' };
  assert.deepEqual(plan(offered, [other]), [
    { do: 'withdraw', nqn: 'nqn.a' },
    { do: 'offer', disk: other },
  ]);
});

test('a growth does not disturb the connected host', () => {
  const grown = { ...disk, size: 2 };
  assert.deepEqual(plan(offered, [grown]), [{ do: 'resize', disk: grown }]);
});

for (const change of [{ file: '/pool/b/volume.img' }, { allowHostName: 'nqn.host' }, { readOnly: true }]) {
  test(`an export with another ${Object.keys(change)[0]} is withdrawn and offered again`, () => {
    const changed = { ...disk, ...change };
    assert.deepEqual(plan(offered, [changed]), [
      { do: 'withdraw', nqn: 'nqn.a' },
      { do: 'offer', disk: changed },
    ]);
  });
}
