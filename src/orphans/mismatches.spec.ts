import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../kubernetes/kinds.ts';
import type { BackendObject } from './find.ts';
import { doubtAboutNames, mismatchesIn, renaming } from './mismatches.ts';
import { type References, referencesOf } from './references.ts';

const UUID = '00000000-0000-4000-8000-000000000001';

function volume(backend: string, lacks?: BackendObject['lacks']): BackendObject {
  return {
    id: `${backend}:pvc-${UUID}`,
    kind: lacks === undefined ? 'volume' : 'partial',
    lacks,
    backend,
    pool: 'pool',
    what: 's',
    sizeBytes: 1n,
    owner: '0123abcd',
    source: undefined,
    createdAtSeconds: undefined,
    inUse: false,
    mayBeEmpty: false,
  };
}

/** PersistentVolumes with handles on these backends. */
function named(...backends: readonly string[]): References {
  const items = backends.map((backend) => {
    const csi = { driver: 'd', volumeHandle: `${backend}:pvc-${UUID}` };
    return kinds.volume.schema.parse({ metadata: { name: `on-${backend}` }, spec: { csi } });
  });
  const none = { items: [], resourceVersion: '1' };
  return referencesOf({
    volumes: { items, resourceVersion: '1' },
    contents: none,
    attachments: none,
    claims: none,
    snapshots: none,
  });
}

const told = (objects: readonly BackendObject[], references: References) =>
  mismatchesIn(objects, references).map(({ object: { backend }, as, isCopy }) => [backend, as.split(':')[0], isCopy]);

test('what is on another backend than its reference names is a mismatch', () => {
  assert.deepEqual(told([volume('b')], named('a')), [['b', 'a', false]]);
  assert.deepEqual(told([volume('b')], named('b')), []);
  assert.deepEqual(told([volume('b')], named()), []);
});

test('it is a copy only while the one that is named is there, and whole', () => {
  assert.deepEqual(told([volume('a'), volume('b')], named('a')), [['b', 'a', true]]);
  assert.deepEqual(told([volume('a', 'subvolume'), volume('b')], named('a')), [['b', 'a', false]]);
  assert.deepEqual(told([volume('a'), volume('b', 'disk item')], named('a')), [['b', 'a', true]]);
});

test('two of one uuid, each under its own name, are none; a further name that leads nowhere is one', () => {
  assert.deepEqual(told([volume('a'), volume('b')], named('a', 'b')), []);
  assert.deepEqual(told([volume('b')], named('a', 'b')), [['b', 'a', false]]);
});

test('names are doubted for what is misnamed, and not for copies', () => {
  const copies = mismatchesIn([volume('a'), volume('b')], named('a'));
  assert.equal(doubtAboutNames(copies), undefined);
  const misnamed = mismatchesIn([volume('b')], named('a', 'c'));
  assert.equal(
    doubtAboutNames([...copies, ...misnamed]),
    `PersistentVolume on-a refers to a:pvc-${UUID}, which this configuration calls b:pvc-${UUID}, and so on for 1 more: a backend must keep its name; in the configuration, rename b back to a`,
  );
  assert.match(renaming(misnamed), /, rename b back to a, rename b back to c$/);
});
