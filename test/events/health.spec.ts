/** Events of pools and volumes that are not well, though no one has asked anything of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeVolume, volumeName } from '../support/calls.ts';
import { change } from '../support/console.ts';
import { persistentVolume } from '../support/kubernetes-api.ts';
import { until } from '../support/until.ts';
import { type Fixture, startFixture } from './fixture.ts';

/** A claim that has a volume, as Kubernetes keeps it. */
function bind({ kubernetes }: Fixture, volumeId: string, name: string): void {
  const { metadata, spec } = persistentVolume(volumeId);
  const claimRef = { namespace: 'shop', name, uid: `uid-of-${name}` };
  const capacity = { storage: '4Mi' };
  kubernetes.put('persistentvolumes', {
    metadata,
    spec: { ...(spec as object), claimRef, capacity },
    status: { phase: 'Bound' },
  });
}

test('a pool that is not well is reported on the driver, with what was counted and what to do', async (t) => {
  const fixture = await startFixture(t);
  await fixture.api.setPool({ pool: 'pool', missingDevice: true, ioErrors: 7 });
  // One that starts looks at once.
  await fixture.anotherController();
  await until(async () => fixture.about('CSIDriver').length === 2);
  const told = fixture.about('CSIDriver').map(({ reason, type, message }) => ({ reason, type, message }));
  assert.deepEqual(told.map(({ reason, type }) => `${type} ${reason}`).toSorted(), [
    'Warning PoolDeviceMissing',
    'Warning PoolDiskErrors',
  ]);
  assert.match(
    told.find(({ reason }) => reason === 'PoolDiskErrors')?.message ?? '',
    /^pool pool of rds1: a disk of the pool has counted errors: nvme1: io-errors 7\. Look at .* \[PoolDiskErrors\]$/,
  );
});

test('volumes that are not well are reported on their claims, one that is gone as well, and others are not', async (t) => {
  const fixture = await startFixture(t);
  const [lost, well] = [await makeVolume(fixture.controller, 4n * MiB), await makeVolume(fixture.controller, 4n * MiB)];
  const slot = lost.slice('rds1:'.length).replace('pvc-', '').replaceAll('-', '').slice(0, 28);
  await change(fixture.simulator, `/disk/remove [find where slot="pvc-${slot}"]`);
  bind(fixture, lost, 'lost');
  bind(fixture, well, 'well');
  bind(fixture, `rds1:${volumeName()}`, 'gone');
  await fixture.anotherController();
  const ofClaims = () =>
    fixture
      .about('PersistentVolumeClaim')
      .map(({ reason, involvedObject: { name, uid } }) => `${name} ${uid} ${reason}`);
  await until(async () => ofClaims().length === 2);
  assert.deepEqual(ofClaims().toSorted(), ['gone uid-of-gone VolumeMissing', 'lost uid-of-lost DiskItemLost']);
});

test('with events.enabled false no volume is looked at', async (t) => {
  const fixture = await startFixture(t, { config: { events: { enabled: false } } });
  bind(fixture, `rds1:${volumeName()}`, 'gone');
  assert.equal(await fixture.api.execs(), 1, 'the look at start');
  assert.ok(fixture.kubernetes.requests.every(({ path }) => !path.endsWith('/persistentvolumes')));
});
