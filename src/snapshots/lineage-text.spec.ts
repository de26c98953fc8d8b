import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printAge } from '../cli/print-age.ts';
import { printSize } from '../failures/print-size.ts';
import { from, OWNER, snapshot, uuid, volume } from './lineage.fixture.ts';
import { lineage } from './lineage.ts';
import { printLineage } from './lineage-text.ts';

const SECONDS = 1_790_000_000n;
const NOW = Number(SECONDS) * 1_000 + 3 * 86_400_000;
const inventory = {
  volumes: [
    volume(1, { kind: 'new' }, { publishedNodeIds: ['node'] }),
    volume(2, from('snapshot', 1), { sizeBytes: 3n * 2n ** 29n }),
    volume(3, from('snapshot', 9), { sizeBytes: undefined, state: 'no-disk-item' }),
  ],
  snapshots: [
    snapshot(1, 1, SECONDS),
    snapshot(2, 1, SECONDS + 259_100n, { duplicates: ['snap-x'] }),
    snapshot(3, 2, SECONDS + 172_800n, {
      name: { ...snapshot(3, 2).name, owner: 'bbbbbbbb', createdAtSeconds: SECONDS + 172_800n },
    }),
  ],
};
const branches = lineage(inventory);

test('the tree shows size and age of each object, and what is unusual', () => {
  assert.equal(
    printLineage(branches, { now: NOW, owner: OWNER, width: 100 }),
    [
      `rds1:pvc-${uuid(1)}              1 GiB      in use`,
      `├─ rds1:snap-${uuid(1)}          1 GiB  3d`,
      `│  └─ rds1:pvc-${uuid(2)}      1.5 GiB`,
      `│     └─ rds1:snap-${uuid(3)}    1 GiB  1d  adopted from bbbbbbbb`,
      `└─ rds1:snap-${uuid(2)}          1 GiB  1m  1 left of a race`,
      `rds1:snap-${uuid(9)}                        gone`,
      `└─ rds1:pvc-${uuid(3)}               ?      no disk item`,
      '',
    ].join('\n'),
  );
});

test('no line is longer than the terminal is wide, and every id is whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 80, max: 200 }), (width) => {
      const text = printLineage(branches, { now: NOW, owner: OWNER, width });
      for (const line of text.split('\n')) assert.ok(line.length <= width, line);
      for (const { id } of [...inventory.volumes, ...inventory.snapshots]) assert.ok(text.includes(id), id);
    }),
  );
});

test('the id of a deep branch was cut off; now size and age stand below it', () => {
  const chain = Array.from({ length: 11 }, (_, at) =>
    volume(at + 1, at === 0 ? { kind: 'new' } : from('volume', at), { sizeBytes: 10n * 2n ** 30n }),
  );
  const lines = printLineage(lineage({ volumes: chain, snapshots: [] }), { now: NOW, owner: OWNER, width: 80 }).split(
    '\n',
  );
  assert.deepEqual(lines.slice(-3), [`${' '.repeat(27)}└─ rds1:pvc-${uuid(11)}`, `${' '.repeat(32)}10 GiB`, '']);
});

test('sizes and ages are short', () => {
  const sizes = [0n, 1023n, 1024n, 1536n, 2n ** 30n, 10n * 2n ** 40n + 1n, 2n ** 62n].map(printSize);
  assert.deepEqual(sizes, ['0 B', '1023 B', '1 KiB', '1.5 KiB', '1 GiB', '10 TiB', '4 EiB']);
  const ages = [-5_000, 0, 59_999, 60_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000, 400 * 86_400_000];
  assert.deepEqual(ages.map(printAge), ['0s', '0s', '59s', '1m', '59m', '1h', '23h', '1d', '400d']);
});
