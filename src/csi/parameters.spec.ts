import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StorageError } from '../storage/errors.ts';
import { snapshotParameters, volumeParameters } from './parameters.ts';
import { tuningRanges } from './tuning.ts';

const invalid = (message: string | RegExp) => (error: unknown) => {
  assert.ok(error instanceof StorageError);
  assert.equal(error.kind, 'invalid');
  if (typeof message === 'string') assert.equal(error.message, `${message} [DRV-INVALID]`);
  else assert.match(error.message, message);
  return true;
};

test('the parameters of a StorageClass', () => {
  const own = {
    backend: 'rds',
    pool: 'tank',
    fsType: 'xfs',
    ctrlLossTimeoutSeconds: '600',
    reconnectDelaySeconds: '10',
    keepAliveTimeoutSeconds: '15',
    ioQueues: '4',
  };
  assert.deepEqual(volumeParameters(own), own);
  assert.deepEqual(volumeParameters({}), {});
});

test('what Kubernetes adds is accepted, and namespace and claim become the description', () => {
  const kubernetes = {
    'csi.storage.k8s.io/pv/name': 'pvc-1',
    'csi.storage.k8s.io/pvc/name': 'data',
    'csi.storage.k8s.io/something/new': '',
  };
  assert.deepEqual(volumeParameters(kubernetes), {});
  const described = { ...kubernetes, 'csi.storage.k8s.io/pvc/namespace': 'shop', pool: 'tank' };
  assert.deepEqual(volumeParameters(described), { pool: 'tank', description: 'shop/data' });
});

test('unknown keys are refused by name, with those that are known', () => {
  assert.throws(
    () => volumeParameters({ pol: 'tank', Backend: 'rds' }),
    invalid(
      'parameters of the StorageClass: "pol", "Backend" unknown; did you mean "pool", "backend"? known: backend, pool, fsType, ctrlLossTimeoutSeconds, ' +
        'reconnectDelaySeconds, keepAliveTimeoutSeconds, ioQueues',
    ),
  );
  assert.throws(
    () => volumeParameters({ fstype: 'xfs' }),
    invalid(/"fstype" unknown; did you mean "fsType"\? known: /),
  );
  assert.throws(() => volumeParameters({ 'csi.storage.k8s.io': 'x' }), invalid(/"csi\.storage\.k8s\.io" unknown/));
});

test('several mistakes are reported at once', () => {
  assert.throws(
    () => volumeParameters({ pol: 'tank', fsType: 'btrfs', ioQueues: '0' }),
    invalid(/"fsType" must be one of "ext4", "xfs"; "ioQueues" must be a whole number from 1 to 128; "pol" unknown/),
  );
});

test('tuning takes the whole numbers of a finite range', async (t) => {
  for (const [key, [min, max]] of Object.entries(tuningRanges)) {
    await t.test(key, () => {
      for (const good of [min, max]) assert.deepEqual(volumeParameters({ [key]: `${good}` }), { [key]: `${good}` });
      for (const bad of [
        `${min - 1}`,
        `${max + 1}`,
        '-1',
        '',
        ' 20',
        '20 ',
        '020',
        '2e1',
        '20.0',
        '0x20',
        'infinity',
      ]) {
        const message = `parameters of the StorageClass: "${key}" must be a whole number from ${min} to ${max}`;
        assert.throws(() => volumeParameters({ [key]: bad }), invalid(message), `"${bad}"`);
      }
    });
  }
});

test('reconnecting must be tried before the RDS is given up', () => {
  assert.throws(
    () => volumeParameters({ ctrlLossTimeoutSeconds: '30', reconnectDelaySeconds: '30' }),
    invalid('parameters of the StorageClass: "reconnectDelaySeconds" must be less than ctrlLossTimeoutSeconds'),
  );
});

test('a place must be named', () => {
  assert.throws(
    () => volumeParameters({ backend: '', pool: ' ' }),
    invalid(/"backend" must not be empty; "pool" must/),
  );
  assert.throws(() => volumeParameters({ pool: 'x'.repeat(129) }), invalid(/"pool" must not be longer/));
});

test('parameters are limited to the 4 KiB of CSI', () => {
  const key = 'csi.storage.k8s.io/x';
  assert.deepEqual(volumeParameters({ [key]: 'x'.repeat(4096 - key.length) }), {});
  assert.throws(
    () => volumeParameters({ [key]: 'x'.repeat(4097 - key.length) }),
    invalid('parameters has 4097 bytes; CSI allows 4096'),
  );
});

test('a VolumeSnapshotClass has no parameters of ours', () => {
  assert.deepEqual(snapshotParameters({}), {});
  assert.deepEqual(snapshotParameters({ 'csi.storage.k8s.io/volumesnapshot/name': 'nightly' }), {});
  const contentName = { 'csi.storage.k8s.io/volumesnapshotcontent/name': 'snapcontent-1' };
  assert.deepEqual(snapshotParameters(contentName), { contentName: 'snapcontent-1' });
  assert.deepEqual(snapshotParameters({ maxSnapshotsPerVolume: '12' }), { maxSnapshotsPerVolume: 12 });
  assert.throws(
    () => snapshotParameters({ pool: 'x' }),
    invalid('parameters of the VolumeSnapshotClass: "pool" unknown; known: maxSnapshotsPerVolume'),
  );
  for (const bad of ['0', '-1', '1.5', '', '100000', '1e3', ' 1']) {
    assert.throws(
      () => snapshotParameters({ maxSnapshotsPerVolume: bad }),
      invalid('parameters of the VolumeSnapshotClass: "maxSnapshotsPerVolume" must be a whole number from 1 to 99999'),
    );
  }
});

test('keys that JavaScript knows are unknown here', () => {
  const hostile = Object.fromEntries([['__proto__', 'x']]);
  assert.throws(() => volumeParameters({ constructor: 'x' }), invalid(/"constructor" unknown/));
  assert.throws(() => volumeParameters(hostile), invalid(/"__proto__" unknown/));
});
