import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { snapshotParameters, volumeParameters } from '../../src/csi/parameters.ts';
import { parseHandle } from '../../src/storage/ids.ts';
import { objectsIn, ofKind, only, rendering } from './manifests.ts';
import { named, references } from './references.ts';

const DIRECTORY = join(import.meta.dirname, '../../deploy/examples');
const FILES = globSync('*.yaml', { cwd: DIRECTORY }).sort();
const examples = new Map(FILES.map((file) => [file, objectsIn(readFileSync(join(DIRECTORY, file), 'utf8'))]));
const all = [...examples.values()].flat();
/** What the chart makes with its defaults, so an example may name it. */
const installed = rendering('minimum');
const DRIVER = only(installed, 'CSIDriver').metadata.name;

const API_VERSIONS: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  CronJob: 'batch/v1',
  PersistentVolumeClaim: 'v1',
  Pod: 'v1',
  Role: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
  Schedule: 'velero.io/v1',
  Service: 'v1',
  ServiceAccount: 'v1',
  SnapshotSchedule: 'snapscheduler.backube/v1',
  StatefulSet: 'apps/v1',
  VolumeSnapshot: 'snapshot.storage.k8s.io/v1',
  VolumeSnapshotClass: 'snapshot.storage.k8s.io/v1',
  VolumeSnapshotContent: 'snapshot.storage.k8s.io/v1',
};

test('there is an example for every everyday wish', () => {
  assert.deepEqual(
    FILES.map((file) => basename(file, '.yaml')),
    [
      'adopt-snapshot',
      'clone',
      'live-migration',
      'raw-block',
      'restore-larger',
      'scheduled-cronjob',
      'scheduled-snapscheduler',
      'snapshot',
      'statefulset-from-snapshot',
      'velero',
      'volume',
    ],
  );
});

for (const [file, objects] of examples) {
  test(`${file}: kinds, names and what refers to them agree`, () => {
    for (const object of objects) assert.equal(object.apiVersion, API_VERSIONS[object.kind], named(object));
    const names = objects.map(named);
    assert.equal(new Set(names).size, names.length, 'a name is there twice');
    // A snapshot may be of the claim in another example; everything else is in the same file, or made by the chart.
    const elsewhere = all.filter(({ kind }) => ['PersistentVolumeClaim', 'VolumeSnapshot'].includes(kind));
    const known = new Set([...objects, ...installed, ...elsewhere].map(named));
    for (const reference of objects.flatMap((object) => references(object))) {
      assert.ok(known.has(reference), `${reference} is nowhere`);
    }
  });
}

test('the references that the tests above look at are the ones that are there', () => {
  const found = new Set(all.flatMap((object) => references(object)));
  for (const expected of [
    'PersistentVolumeClaim data',
    'VolumeSnapshot data-monday',
    'VolumeSnapshot adopted-monday',
    'VolumeSnapshotContent adopted-monday',
    'StorageClass rose-csi',
    'VolumeSnapshotClass rose-csi',
    'ConfigMap nightly-snapshot',
    'Role nightly-snapshot',
    'ServiceAccount nightly-snapshot',
    'Service log',
  ]) {
    assert.ok(found.has(expected), expected);
  }
});

test('the classes are accepted by the driver, and the adopted handle is one of its own', () => {
  for (const { parameters } of [...ofKind(all, 'StorageClass'), ...ofKind(installed, 'StorageClass')]) {
    volumeParameters((parameters ?? {}) as Record<string, string>);
  }
  for (const snapshotClass of ofKind(all, 'VolumeSnapshotClass')) {
    snapshotParameters((snapshotClass['parameters'] ?? {}) as Record<string, string>);
    assert.equal(snapshotClass['driver'], DRIVER);
  }
  for (const content of ofKind(all, 'VolumeSnapshotContent')) {
    const { driver, deletionPolicy, source } = content['spec'] as Record<string, unknown>;
    assert.deepEqual([driver, deletionPolicy], [DRIVER, 'Retain']);
    assert.ok(parseHandle('snap', (source as { snapshotHandle: string }).snapshotHandle));
  }
});

test('no example needs an image that is published nowhere', () => {
  const images = [...JSON.stringify(all).matchAll(/"image":"([^"]+)"/g)].map((match) => match[1] ?? '');
  assert.ok(images.length > 0);
  for (const image of images) assert.match(image, /^docker\.io\/library\//);
});
