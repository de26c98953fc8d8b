import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSubject } from './subject.ts';

test('what kubectl calls an object is understood', () => {
  const kinds = {
    claim: ['data', 'pvc/data', 'persistentvolumeclaim/data', 'PVC/data'],
    volume: ['pv/data', 'persistentvolume/data'],
    snapshot: ['vs/data', 'volumesnapshot/data', 'volumesnapshot.snapshot.storage.k8s.io/data'],
  };
  for (const [kind, texts] of Object.entries(kinds)) {
    for (const text of texts) assert.deepEqual(parseSubject(text, 'apps'), { kind, name: 'data', namespace: 'apps' });
  }
});

test('anything else is refused', () => {
  for (const text of ['', 'pvc/', 'pod/data', 'pvc/a/b', 'Data', 'pvc/-x', '../x']) {
    assert.throws(() => parseSubject(text, 'apps'), /is not (known here|the name of an object)/, text);
  }
});
