import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../kubernetes/kinds.ts';
import { clusterNames } from './cluster-names.ts';
import { snapshotId, volumeId } from './readings.fixture.ts';

function listed<T>(items: readonly T[]) {
  return { items, resourceVersion: '1' };
}

test('what has no claim yet, no handle, or another driver without one has no name that it lacks', () => {
  const volumes = [
    { metadata: { name: 'pv-1' }, spec: { csi: { driver: 'd', volumeHandle: volumeId(1) } } },
    { metadata: { name: 'pv-nfs' }, spec: {} },
  ].map((one) => kinds.volume.schema.parse(one));
  const contents = [
    {
      metadata: { name: 'content-1' },
      spec: { driver: 'd', source: { snapshotHandle: snapshotId(1) }, volumeSnapshotRef: {} },
    },
    { metadata: { name: 'content-2' }, spec: { driver: 'd', source: { volumeHandle: 'x' }, volumeSnapshotRef: {} } },
  ].map((one) => kinds.content.schema.parse(one));
  const view = {
    volumes: listed(volumes),
    contents: listed(contents),
    attachments: listed([]),
    claims: listed([]),
    snapshots: listed([]),
  };
  const names = clusterNames(view);
  assert.deepEqual(names(volumeId(1)), { handle: volumeId(1), object: 'pv-1', namespace: undefined, name: undefined });
  assert.equal(names(snapshotId(1))?.object, 'content-1');
  assert.equal(names(volumeId(1).replace('rds1:', 'rds2:'))?.object, 'pv-1');
  assert.equal(names(volumeId(2)), undefined);
  assert.equal(clusterNames({ ...view, contents: undefined })(snapshotId(1)), undefined);
});
