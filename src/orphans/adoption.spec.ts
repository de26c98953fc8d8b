import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { InventoryVolume } from '../storage/inventory.ts';
import { snapshotManifest, volumeManifest } from './adoption.ts';

const UUID = '7a0f3c52-0000-4000-8000-000000000001';
const SOURCE = '19d50000-0000-4000-8000-000000000002';
const volume: InventoryVolume = {
  id: `rds1:pvc-${UUID}`,
  backend: 'rds1',
  pool: 'pool',
  subvolume: `pvc-${UUID}-x`,
  slot: 'pvc-7a0f',
  name: { uuid: UUID, owner: '0123abcd', origin: { kind: 'snapshot', uuid: SOURCE }, requestedBytes: 2n ** 30n },
  sizeBytes: 2n ** 53n + 1n,
  publishedNodeIds: [],
  exported: false,
  state: 'whole',
  duplicates: [],
  conditions: [],
};
const options = {
  driver: 'rds.rose-csi.io',
  fsType: 'ext4',
  storageClass: '',
  claim: { namespace: 'apps', name: 'data' },
  volumeAttributes: { formatVersion: '1' },
};

test('the YAML is the object, and its size is exact', () => {
  const { object, text } = volumeManifest(volume, options);
  assert.deepEqual(parse(text), object);
  assert.match(text, /storage: "9007199254740993"/);
  assert.match(text, new RegExp(`^---\n# rds1:pvc-${UUID}, made from snapshot ${SOURCE}\\.\n`));
  assert.doesNotMatch(text, /blank/);
});

test('with the comment behind it uncommented, the YAML is volume and claim', () => {
  const { text } = volumeManifest(volume, { ...options, storageClass: 'rds' });
  const claim: unknown = parse(text.slice(text.indexOf('# ---')).replaceAll(/^# /gm, ''));
  assert.deepEqual(claim, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'apps' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'rds',
      volumeName: `pvc-${UUID}`,
      resources: { requests: { storage: '9007199254740993' } },
    },
  });
});

test('the PersistentVolume that was printed went to whatever claim of its class came first', () => {
  const reserved = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'apps', name: 'data' };
  const refOf = (claim: typeof options.claim & { readonly uid?: string }) =>
    volumeManifest(volume, { ...options, claim });
  assert.deepEqual(parse(refOf(options.claim).text).spec.claimRef, reserved);
  const lost = refOf({ ...options.claim, uid: SOURCE });
  assert.deepEqual(parse(lost.text).spec.claimRef, { ...reserved, uid: SOURCE });
  assert.doesNotMatch(lost.text, /volumeName/, 'no second claim is made beside the one that is there');
});

test('a size is written as users write it, in the volume and in its claim, as long as that is exact', () => {
  const sizes = (bytes: bigint) =>
    volumeManifest({ ...volume, sizeBytes: bytes }, options).text.match(/(?<=storage: ).*/g);
  assert.deepEqual(sizes(2n ** 30n), ['1Gi', '1Gi']);
  assert.deepEqual(sizes(1536n * 2n ** 20n), ['1536Mi', '1536Mi']);
  assert.deepEqual(sizes(2n ** 30n + 1n), ['"1073741825"', '"1073741825"']);
});

test('what one has to know is said', () => {
  const unknown = volumeManifest(volume, { ...options, fsType: undefined });
  assert.match(unknown.text, /--fs-type says it.*volumeMode: Block/);
  assert.doesNotMatch(JSON.stringify(unknown.object), /fsType/);
  const published = volumeManifest({ ...volume, exported: true, publishedNodeIds: ['nqn.x'] }, options);
  assert.match(published.text, /published to nqn\.x \(disk slot pvc-7a0f\)/);
  const reset = volumeManifest({ ...volume, state: 'no-disk-item', sizeBytes: undefined, slot: undefined }, options);
  assert.match(reset.text, /Its disk item is missing/);
  assert.match(reset.text, /storage: 1Gi\n/);
});

test('what has no data or no known size is not brought back', () => {
  const gone: InventoryVolume = { ...volume, state: 'no-subvolume', subvolume: undefined };
  assert.throws(() => volumeManifest(gone, options), /only its disk item is left, its data is gone/);
  assert.throws(() => volumeManifest({ ...gone, pool: '' }, options), /in a pool that is not configured/);
  const sizeless = { ...volume, sizeBytes: undefined, name: { ...volume.name, requestedBytes: 0n } };
  assert.throws(() => volumeManifest(sizeless, options), /its size is not known/);
});

test('a snapshot comes with its annotations and the VolumeSnapshot that binds it', () => {
  const name = { uuid: SOURCE, owner: '0123abcd', sourceUuid: UUID, createdAtSeconds: 1_790_000_000n, bytes: 1n };
  const snapshot = { id: `rds1:snap-${SOURCE}`, backend: 'rds1', pool: 'pool', subvolume: 'x', name, duplicates: [] };
  const { object, text } = snapshotManifest(snapshot, { driver: 'rds.rose-csi.io', namespace: 'apps' });
  assert.deepEqual(parse(text), object);
  assert.match(text, /taken 2026-09-21T14:13:20Z from rds1:pvc-7a0f3c52/);
  assert.match(text, /rds\.rose-csi\.io\/slot: pvc-7a0f3c520000400080000{8}\n/);
  const binding: unknown = parse(text.slice(text.indexOf('# ---')).replaceAll(/^# /gm, ''));
  assert.deepEqual(binding, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name: `snap-${SOURCE}`, namespace: 'apps' },
    spec: { source: { volumeSnapshotContentName: `adopted-${SOURCE}` } },
  });
});
