import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkMap } from './chunk-map.ts';

const CHUNK = 256 * 1024;
const LENGTH = 40 * CHUNK + 100;
const write = fc
  .tuple(fc.integer({ min: 0, max: LENGTH - 1 }), fc.integer({ min: 0, max: 3 * CHUNK }))
  .map(([offset, length]) => ({ offset, length: Math.min(length, LENGTH - offset) }));

test('extents cover every write, are aligned to chunks, ascending and apart', () => {
  fc.assert(
    fc.property(fc.array(write), (writes) => {
      const extents = ChunkMap.of(writes).extents(LENGTH);
      for (const { offset, length } of writes) {
        const holder = extents.find((extent) => extent.offset <= offset && offset < extent.offset + extent.length);
        assert.ok(length === 0 || (holder !== undefined && offset + length <= holder.offset + holder.length));
      }
      for (const [index, { offset, length }] of extents.entries()) {
        const next = extents[index + 1]?.offset ?? LENGTH + 1;
        assert.ok(offset % CHUNK === 0 && length > 0 && offset + length < next && offset + length <= LENGTH);
      }
      const touched = new Set(writes.filter(({ length }) => length > 0).flatMap(chunksOf));
      assert.equal(extents.flatMap(chunksOf).length, touched.size);
    }),
  );
});

test('a copy and its origin change apart from each other', () => {
  const origin = ChunkMap.of([{ offset: 0, length: 1 }]);
  const copy = origin.copy();
  const second = copy.copy();
  copy.mark(CHUNK, 1);
  origin.mark(2 * CHUNK, 1);
  assert.deepEqual(origin.extents(LENGTH).flatMap(chunksOf), [0, 2]);
  assert.deepEqual(copy.extents(LENGTH).flatMap(chunksOf), [0, 1]);
  assert.deepEqual(second.extents(LENGTH).flatMap(chunksOf), [0]);
});

test('nothing lies beyond the end of the file', () => {
  assert.deepEqual(ChunkMap.of([{ offset: 0, length: LENGTH }]).extents(10), [{ offset: 0, length: 10 }]);
});

function chunksOf({ offset, length }: { readonly offset: number; readonly length: number }): number[] {
  const first = Math.floor(offset / CHUNK);
  const last = Math.floor((offset + length - 1) / CHUNK);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
