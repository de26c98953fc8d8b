import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../kubernetes/kinds.ts';
import type { InventoryVolume } from '../storage/inventory.ts';
import { backendObjects, findOrphans, referenceTo } from './find.ts';
import { type KubernetesView, referencesOf } from './references.ts';

const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

function volume(number: number, extra: Partial<InventoryVolume> = {}): InventoryVolume {
  return {
    id: `rds1:pvc-${uuid(number)}`,
    backend: 'rds1',
    pool: 'pool',
    subvolume: 's',
    slot: 'd',
    sizeBytes: 1n,
    name: { uuid: uuid(number), owner: '0123abcd', origin: { kind: 'new' }, requestedBytes: 1n },
    publishedNodeIds: [],
    exported: false,
    state: 'whole',
    duplicates: [],
    conditions: [],
    ...extra,
  };
}

function snapshot(number: number, source: number) {
  const name = { uuid: uuid(number), owner: '0123abcd', sourceUuid: uuid(source), createdAtSeconds: 1n, bytes: 1n };
  return { id: `rds1:snap-${uuid(number)}`, backend: 'rds1', pool: 'pool', subvolume: 's', name, duplicates: [] };
}

const list = <T>(...items: T[]) => ({ items, resourceVersion: '1' });
const nothing: KubernetesView = {
  volumes: list(),
  contents: list(),
  attachments: list(),
  claims: list(),
  snapshots: list(),
};
const persistent = (name: string, volumeHandle: string, driver = 'd') =>
  kinds.volume.schema.parse({ metadata: { name }, spec: { csi: { driver, volumeHandle } } });
const content = (name: string, source: object, { driver = 'd', status = {} } = {}) =>
  kinds.content.schema.parse({ metadata: { name }, spec: { driver, source, volumeSnapshotRef: {} }, status });
const attachment = (name: string, source: object) =>
  kinds.attachment.schema.parse({ metadata: { name }, spec: { attacher: 'd', nodeName: 'n', source } });
const ids = (objects: readonly { readonly id: string }[]) => objects.map(({ id }) => id);
const none: ReadonlySet<string> = new Set();

test('a handle counts whatever driver names it', () => {
  const inventory = { volumes: [volume(1), volume(2)], snapshots: [snapshot(3, 1)] };
  const view = {
    ...nothing,
    volumes: list(persistent('x', volume(1).id, 'renamed.example.com')),
    contents: list(content('c', { snapshotHandle: snapshot(3, 1).id }, { driver: 'renamed.example.com' })),
  };
  assert.deepEqual(ids(findOrphans(inventory, referencesOf(view), none)), [volume(2).id]);
});

test('a handle counts whatever backend it names, and its own name comes first', () => {
  const inventory = { volumes: [volume(1), volume(2)], snapshots: [snapshot(3, 1), snapshot(4, 2)] };
  const old = (id: string) => id.replace('rds1', 'old');
  const references = referencesOf({
    volumes: list(persistent('a', old(volume(1).id)), persistent('b', volume(1).id)),
    contents: list(content('c', { volumeHandle: old(volume(2).id) })),
    attachments: list(attachment('e', { inlineVolumeSpec: { csi: { volumeHandle: old(snapshot(3, 1).id) } } })),
    claims: list(),
    snapshots: list(),
  });
  assert.deepEqual(findOrphans(inventory, references, none), []);
  assert.deepEqual(
    backendObjects(inventory).map((objects) => referenceTo(objects, references)),
    [
      { by: 'PersistentVolume b', as: undefined },
      { by: 'VolumeSnapshotContent c, whose snapshot is being taken,', as: old(volume(2).id) },
      { by: 'VolumeAttachment e', as: old(snapshot(3, 1).id) },
      { by: 'VolumeSnapshotContent c, whose snapshot is being taken,', as: undefined },
    ],
  );
});

test('a volume is no snapshot, and a text that is no handle is neither', () => {
  const inventory = { volumes: [volume(1)], snapshots: [] };
  const names = [`rds1:snap-${uuid(1)}`, `pvc-${uuid(1)}`, `rds1:pvc-${uuid(1)}-x`, ''];
  const view = { ...nothing, volumes: list(...names.map((handle) => persistent('a', handle))) };
  assert.equal(findOrphans(inventory, referencesOf(view), none).length, 1);
});

test('what this process works on is left out', () => {
  const inventory = { volumes: [volume(1)], snapshots: [snapshot(3, 1)] };
  const running = new Set([volume(1).id, snapshot(3, 1).id]);
  assert.deepEqual(findOrphans(inventory, referencesOf(nothing), running), []);
});

test('a volume that is attached without a PersistentVolume, or whose PersistentVolume is gone, is referred to', () => {
  const inventory = { volumes: [volume(1), volume(2), volume(3)], snapshots: [] };
  const attachments = list(
    attachment('a', { persistentVolumeName: `pvc-${uuid(1)}` }),
    attachment('b', { inlineVolumeSpec: { csi: { volumeHandle: volume(2).id } } }),
  );
  assert.deepEqual(ids(findOrphans(inventory, referencesOf({ ...nothing, attachments }), none)), [volume(3).id]);
});

test('once the snapshot is taken, its content no longer shields the volume and the other snapshots of it', () => {
  const inventory = { volumes: [volume(1)], snapshots: [snapshot(3, 1), snapshot(4, 1)] };
  const view = (snapshotHandle: string | undefined) => ({
    ...nothing,
    contents: list(content('c', { volumeHandle: volume(1).id }, { status: { snapshotHandle } })),
  });
  assert.deepEqual(findOrphans(inventory, referencesOf(view(undefined)), none), []);
  assert.deepEqual(ids(findOrphans(inventory, referencesOf(view(snapshot(3, 1).id)), none)), [
    volume(1).id,
    snapshot(4, 1).id,
  ]);
});

test('only what an interrupted call can leave without data may be empty', () => {
  const origin = { kind: 'snapshot', uuid: uuid(9) } as const;
  const restored = { ...volume(3).name, origin };
  const objects = backendObjects({
    volumes: [
      volume(1),
      volume(2, { state: 'no-disk-item', slot: undefined }),
      volume(3, { state: 'no-disk-item', slot: undefined, name: restored }),
      volume(4, { state: 'no-subvolume', subvolume: undefined, slot: 'pvc-4' }),
      volume(5, { state: 'no-subvolume', subvolume: undefined, pool: '' }),
    ],
    snapshots: [snapshot(6, 1)],
  });
  assert.deepEqual(
    objects.map(({ kind, lacks, mayBeEmpty }) => [kind, lacks, mayBeEmpty]),
    [
      ['volume', undefined, false],
      ['partial', 'disk item', true],
      ['partial', 'disk item', false],
      ['partial', 'subvolume', true],
      ['partial', 'subvolume', false],
      ['snapshot', undefined, false],
    ],
  );
  assert.equal(objects[2]?.source, `rds1:snap-${uuid(9)}`);
  assert.equal(objects[3]?.what, 'pvc-4');
});
