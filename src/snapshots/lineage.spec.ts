import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { from, snapshot, volume } from './lineage.fixture.ts';
import { type Branch, lineage, through } from './lineage.ts';

/** Ids as nested lists, without what all of them have in common. */
function shape(branches: readonly Branch[]): unknown[] {
  return branches.map(({ thing, children }) => {
    const label = `${thing.kind === 'gone' ? 'gone ' : ''}${thing.id.replace(/^rds1:(\w+)-.*?0*(\d+)$/, '$1 $2')}`;
    return children.length === 0 ? label : [label, shape(children)];
  });
}

test('everything stands below what its bytes came from', () => {
  const volumes = [volume(1), volume(2, from('snapshot', 2)), volume(3, from('volume', 1)), volume(4)];
  const snapshots = [snapshot(2, 1, 20n), snapshot(1, 1, 10n), snapshot(3, 2)];
  assert.deepEqual(shape(lineage({ volumes, snapshots })), [
    ['pvc 1', ['snap 1', ['snap 2', [['pvc 2', ['snap 3']]]], 'pvc 3']],
    'pvc 4',
  ]);
});

test('a source that was deleted stands at the top as gone, once, with all that is left of it', () => {
  const volumes = [volume(2, from('snapshot', 9)), volume(3, from('volume', 8))];
  const snapshots = [snapshot(1, 8), snapshot(2, 8)];
  assert.deepEqual(shape(lineage({ volumes, snapshots })), [
    ['gone pvc 8', ['snap 1', 'snap 2', 'pvc 3']],
    ['gone snap 9', ['pvc 2']],
  ]);
});

test('objects that claim to come from one another make no cycle', () => {
  const volumes = [volume(1, from('volume', 2)), volume(2, from('volume', 1)), volume(3, from('volume', 3))];
  assert.deepEqual(shape(lineage({ volumes, snapshots: [] })), [['pvc 1', ['pvc 2']], 'pvc 3']);
});

test('of a branch is shown what an object came from, itself, and what came from it', () => {
  const volumes = [volume(1), volume(2, from('snapshot', 1)), volume(3, from('snapshot', 1)), volume(4)];
  const all = lineage({ volumes, snapshots: [snapshot(1, 1), snapshot(2, 1), snapshot(3, 2)] });
  assert.deepEqual(shape(through(all, volumes[1]?.id ?? '')), [['pvc 1', [['snap 1', [['pvc 2', ['snap 3']]]]]]]);
  assert.deepEqual(through(all, 'rds1:pvc-x'), []);
});

/** Any inventory of a few objects, whose names may contradict each other in any way. */
const inventories = fc.record({
  volumes: fc.array(
    fc
      .tuple(fc.nat(6), fc.constantFrom('new', 'snapshot', 'volume'), fc.nat(6))
      .map(([number, kind, source]) => volume(number, kind === 'new' ? { kind } : from(kind, source))),
    { maxLength: 12 },
  ),
  snapshots: fc.array(
    fc.tuple(fc.nat(6), fc.nat(6), fc.nat(3)).map(([number, source, time]) => snapshot(number, source, BigInt(time))),
    { maxLength: 12 },
  ),
});

function walk(branches: readonly Branch[]): Branch[] {
  return branches.flatMap((branch) => [branch, ...walk(branch.children)]);
}

test('whatever the names say, each object appears exactly once', () => {
  fc.assert(
    fc.property(inventories, (inventory) => {
      const things = walk(lineage(inventory)).map(({ thing }) => thing);
      const volumes = things.flatMap((thing) => (thing.kind === 'volume' ? [thing.volume] : []));
      const snapshots = things.flatMap((thing) => (thing.kind === 'snapshot' ? [thing.snapshot] : []));
      assert.equal(volumes.length, inventory.volumes.length);
      assert.deepEqual(new Set(volumes), new Set(inventory.volumes));
      assert.equal(snapshots.length, inventory.snapshots.length);
      assert.deepEqual(new Set(snapshots), new Set(inventory.snapshots));
    }),
  );
});

test('what is gone is named once, is not in the inventory, and has something that came from it', () => {
  fc.assert(
    fc.property(inventories, (inventory) => {
      const ids = new Set([...inventory.volumes, ...inventory.snapshots].map(({ id }) => id));
      const branches = lineage(inventory);
      const gone = walk(branches).filter(({ thing }) => thing.kind === 'gone');
      assert.equal(new Set(gone.map(({ thing }) => thing.id)).size, gone.length);
      for (const branch of gone) {
        assert.ok(branches.includes(branch));
        assert.ok(!ids.has(branch.thing.id));
        assert.ok(branch.children.length > 0);
      }
    }),
  );
});
