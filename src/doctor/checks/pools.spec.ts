import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonRow } from '../../routeros/index.ts';
import { contextAnswering } from '../console.fixture.ts';
import { POOL_CHECKS, problemOf } from './pools.ts';

const pool = { label: 'pool', uuid: '5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f' };
const disk = { slot: 'nvme1', fs: 'btrfs', 'fs-label': 'pool', 'mount-point': '/pool', size: 1 << 30, free: 1 << 29 };

async function found(id: string, rows: readonly JsonRow[]) {
  const check = POOL_CHECKS.find((candidate) => candidate.id === id);
  assert.ok(check);
  return check.run(contextAnswering(rows));
}

test('why a configured pool cannot be used', () => {
  const other = { ...pool, uuid: '99999999-8888-7777-6666-555555555555' };
  const cases: readonly [readonly JsonRow[], readonly JsonRow[], RegExp][] = [
    [[pool], [disk], /^undefined$/],
    [[], [disk], /^pool pool: no Btrfs filesystem has this label \[RC-POOL\]$/],
    [[pool, other], [disk], /2 Btrfs filesystems have this label/],
    [[other], [disk], /its uuid is 99999999/],
    [[pool], [], /it is not mounted/],
    [[pool], [disk, disk], /mounted 2 times/],
    [[pool], [{ ...disk, 'mount-read-only': true }], /mount-read-only=yes \[RDS-REFUSED\]$/],
    [[pool], [{ ...disk, 'mount-point': 'elsewhere' }], /mounted at elsewhere, configured is pool/],
  ];
  for (const [filesystems, mounted, problem] of cases)
    assert.match(`${problemOf({ filesystems, mounted }, pool)}`, problem);
});

test('all Btrfs filesystems of the RDS are reported as a part of the configuration', async () => {
  const spare = { label: 'spare', uuid: '11111111-2222-3333-4444-555555555555' };
  const { lines } = await found('pools', [pool, spare, disk]);
  assert.deepEqual(lines?.slice(2), [
    '  - label: pool',
    '    uuid: 5d1c9a43-0b5e-4c39-8f4e-2a7b1c3d4e5f',
    '    mountPoint: pool',
    '  # not mounted:',
    '  #   label: spare',
    '  #   uuid: 11111111-2222-3333-4444-555555555555',
  ]);
  assert.deepEqual((await found('pools', [])).lines, ['The RDS has no Btrfs filesystem.']);
});

test('free space below the reserve cannot be used, a tenth is tight', async () => {
  const [GIB, TIB] = [2 ** 30, 2 ** 40];
  assert.equal((await found('space', [pool, { ...disk, size: TIB, free: TIB / 2 }])).verdict, 'fits');
  assert.equal((await found('space', [pool, { ...disk, size: TIB, free: TIB / 16 }])).verdict, 'differs');
  assert.equal((await found('space', [pool, { ...disk, size: TIB, free: GIB - 1 }])).verdict, 'unusable');
  assert.equal((await found('space', [pool, { ...disk, free: null }])).verdict, 'unusable');
  assert.equal((await found('space', [pool])).verdict, 'unusable');
});
