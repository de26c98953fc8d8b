import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, outcome, publish } from '../support/calls.ts';
import { KubernetesApi, persistentVolume, SNAPSHOT_GROUP } from '../support/kubernetes-api.ts';
import { smallPool, twoBackends, twoPools } from '../support/pools.ts';
import { fromSnapshot, fromVolume, GiB } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { type Fixture, repeated, startFixture } from './fixture.ts';

/** One Event of this reason, about this object, once. */
async function told(
  fixture: Fixture,
  kind: string,
  reason: string,
  message: RegExp,
): Promise<Readonly<Record<string, string>>> {
  await until(async () => fixture.about(kind).length > 0);
  const [event, ...more] = fixture.about(kind);
  assert.ok(event);
  assert.deepEqual([event.reason, event.type, more], [reason, 'Warning', []]);
  assert.match(event.message, message);
  return event.involvedObject;
}

test('a claim that its pool has no room for gets one Event, however often it is asked for', async (t) => {
  const fixture = await startFixture(t, smallPool(64n * MiB, '32MiB'));
  const claim = fixture.claim();
  assert.deepEqual(await repeated(50, () => claim.provision(256n * MiB)), ['RESOURCE_EXHAUSTED']);
  const about = await told(
    fixture,
    'PersistentVolumeClaim',
    'PoolFull',
    /^rds1:pvc-\S+: the pool has \S+ MiB free, 288 MiB needed .*\. Delete .*\[RC-SPACE\]$/,
  );
  assert.deepEqual(about, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace: 'shop',
    name: 'data',
    uid: claim.uid,
  });
  assert.equal(fixture.about('PersistentVolumeClaim')[0]?.count, 1);

  await t.test('and none more from a controller that was started again, which counts in the same', async () => {
    const next = await fixture.anotherController();
    assert.deepEqual(await repeated(5, () => claim.provision(256n * MiB, {}, next)), ['RESOURCE_EXHAUSTED']);
    await until(async () => fixture.about('PersistentVolumeClaim')[0]?.count === 2);
    assert.equal(fixture.about('PersistentVolumeClaim').length, 1);
  });

  await t.test('another claim gets its own', async () => {
    await fixture.claim('other').provision(256n * MiB);
    await until(async () => fixture.about('PersistentVolumeClaim').length === 2);
  });
});

test('a claim that would promise too much gets an Event', async (t) => {
  const fixture = await startFixture(t, { ...smallPool(GiB, '0'), backend: { reserve: '0', overCommitRatio: 1 } });
  assert.equal(await fixture.claim().provision(900n * MiB), 'OK');
  assert.equal(await fixture.claim().provision(900n * MiB), 'RESOURCE_EXHAUSTED');
  await told(fixture, 'PersistentVolumeClaim', 'OverCommitReached', /overCommitRatio allows 1024 MiB.*\[RC-PROMISE\]$/);
});

test('a VolumeSnapshot beyond the quota of its volume gets one Event', async (t) => {
  const fixture = await startFixture(t);
  const volumeId = await makeVolume(fixture.controller, MiB);
  await makeSnapshot(fixture.controller, volumeId);
  const uid = crypto.randomUUID();
  const ask = () => fixture.snapshot(uid, volumeId, { maxSnapshotsPerVolume: '1' });
  assert.deepEqual(await repeated(50, ask), ['RESOURCE_EXHAUSTED']);
  const about = await told(
    fixture,
    'VolumeSnapshot',
    'SnapshotQuotaReached',
    /has 1 snapshot, .*Delete older VolumeSnapshots.*\[RC-QUOTA\]$/,
  );
  assert.deepEqual(about, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    namespace: 'shop',
    name: 'nightly',
    uid,
  });
});

test('a VolumeSnapshot of a volume that is gone gets an Event', async (t) => {
  const fixture = await startFixture(t);
  assert.equal(await fixture.snapshot(crypto.randomUUID(), `rds1:pvc-${crypto.randomUUID()}`), 'NOT_FOUND');
  await told(fixture, 'VolumeSnapshot', 'SourceGone', /\[RC-NOSRC\]$/);
});

const GONE = crypto.randomUUID();
const refusals = [
  [
    'RestoreTooSmall',
    'OUT_OF_RANGE',
    2n * MiB,
    /the source rds1:snap-\S+ has 4 MiB.*at least the size of its source \[RC-SMALL\]$/,
  ],
  ['SourceGone', 'NOT_FOUND', 8n * MiB, /\[RC-NOSRC\]$/],
  ['SourceGone', 'NOT_FOUND', 8n * MiB, /not the id of a snapshot.*\[RC-NOSRC\]$/],
  ['SourceElsewhere', 'INVALID_ARGUMENT', 8n * MiB, /the source is in pool pool .*\[RC-ELSEWHERE\]$/],
] as const;

test('a restore that is refused reports on its claim why, and what to do', async (t) => {
  for (const [index, [reason, code, bytes, message]] of refusals.entries()) {
    const fixture = await startFixture(t, twoPools);
    const volumeId = await makeVolume(fixture.controller, 4n * MiB, { parameters: { pool: 'pool' } });
    const sound = await makeSnapshot(fixture.controller, volumeId);
    const snapshotId = [sound, `rds1:snap-${GONE}`, 'nonsense', sound][index] ?? '';
    const parameters = { pool: reason === 'SourceElsewhere' ? 'cold' : 'pool' };
    assert.equal(await fixture.claim().provision(bytes, { ...fromSnapshot(snapshotId), parameters }), code);
    await told(fixture, 'PersistentVolumeClaim', reason, message);
  }
});

test('a restore from a backend that is not configured was retried forever, and no one was notified', async (t) => {
  const fixture = await startFixture(t);
  const source = fromSnapshot(`rds9:snap-${GONE}`);
  assert.equal(await fixture.claim().provision(8n * MiB, source), 'UNAVAILABLE');
  await told(fixture, 'PersistentVolumeClaim', 'BackendMissing', /no backend rds9 is configured.*\[DRV-BACKEND\]$/);
});

test('a restore to another RDS is reported on its claim', async (t) => {
  const fixture = await startFixture(t, twoBackends);
  const volumeId = await makeVolume(fixture.controller, MiB, { parameters: { backend: 'rds1' } });
  const request = { ...fromVolume(volumeId), parameters: { backend: 'rds2' } };
  assert.equal(await fixture.claim().provision(MiB, request), 'INVALID_ARGUMENT');
  await told(fixture, 'PersistentVolumeClaim', 'SourceElsewhere', /rds1, not rds2.*\[DRV-ELSEWHERE\]$/);
});

test('a call that knows only the volume reports on its claim, which is looked up once', async (t) => {
  const fixture = await startFixture(t, smallPool(GiB, '32MiB'));
  const volumeId = await makeVolume(fixture.controller, MiB);
  const volume = persistentVolume(volumeId);
  const claimRef = { namespace: 'shop', name: 'data', uid: 'uid-of-data' };
  fixture.kubernetes.put('persistentvolumes', { ...volume, spec: { ...(volume['spec'] as object), claimRef } });
  const lists = () => fixture.kubernetes.requests.filter(({ path }) => path.endsWith('/persistentvolumes'));
  await until(async () => lists().length === 1);
  const capacityRange = { requiredBytes: 4n * GiB };
  const expand = () => outcome(fixture.controller.controllerExpandVolume({ volumeId, capacityRange }));
  assert.deepEqual(await repeated(20, expand), ['OUT_OF_RANGE']);
  const about = await told(fixture, 'PersistentVolumeClaim', 'PoolFull', /needed with the reserve.*\[RC-SPACE\]$/);
  assert.deepEqual(about, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claimRef });
  assert.equal(lists().length, 2, 'once for all calls, and once for the look at all volumes at the start');
});

test('a volume that is gone from its RDS is reported to the claim when it is to be attached', async (t) => {
  const fixture = await startFixture(t);
  const volumeId = `rds1:pvc-${GONE}`;
  fixture.kubernetes.put('persistentvolumes', persistentVolume(volumeId));
  assert.equal(await outcome(publish(fixture.controller, volumeId)), 'NOT_FOUND');
  await told(fixture, 'PersistentVolumeClaim', 'VolumeMissing', /\[RC-NOVOL\]$/);
});

test('a pool with less than its reserve and a tenth free is reported once, on the driver', async (t) => {
  const fixture = await startFixture(t, smallPool(GiB, '960MiB'));
  const about = await told(
    fixture,
    'CSIDriver',
    'PoolNearlyFull',
    /pool pool of rds1 has 1 GiB of 1 GiB free, less than its reserve of 960 MiB/,
  );
  assert.deepEqual(about, { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', name: 'rds.rose-csi.io' });
});

test('a cluster without the snapshot kinds is reported once on the driver, with the command that installs them', async (t) => {
  const kubernetes = await KubernetesApi.start(t);
  kubernetes.trouble = ({ path }) => (path === SNAPSHOT_GROUP ? 404 : undefined);
  await startStack(t, { access: kubernetes.access });
  await until(async () => kubernetes.events().length > 0);
  const [event, ...more] = kubernetes.events();
  assert.deepEqual([event?.reason, event?.involvedObject['kind'], more], ['SnapshotKindsMissing', 'CSIDriver', []]);
  assert.match(event?.message ?? '', /kubectl apply -k 'https:.*external-snapshotter\/client\/config\/crd\?ref=v/);
});

test('what succeeds, what is a mistake in the request, and what no one knows the object of tells no one', async (t) => {
  const fixture = await startFixture(t);
  assert.equal(await fixture.claim().provision(), 'OK');
  assert.equal(await fixture.claim().provision(MiB, { parameters: { nonsense: 'x' } }), 'INVALID_ARGUMENT');
  const lost = fromSnapshot(`rds1:snap-${GONE}`);
  assert.equal(await outcome(makeVolume(fixture.controller, MiB, lost)), 'NOT_FOUND');
  assert.equal(await fixture.snapshot(crypto.randomUUID(), `rds1:pvc-${GONE}`), 'NOT_FOUND');
  await until(async () => fixture.kubernetes.events().length === 1);
  assert.deepEqual(fixture.kubernetes.reasons(), ['SourceGone']);
});

test('with events.enabled false nothing is written, and no RDS is watched', async (t) => {
  const fixture = await startFixture(t, { ...smallPool(GiB, '960MiB'), config: { events: { enabled: false } } });
  const execs = await fixture.api.execs();
  assert.equal(await fixture.claim().provision(4n * GiB), 'RESOURCE_EXHAUSTED');
  assert.equal(await fixture.api.execs(), execs + 1);
  assert.ok(fixture.kubernetes.requests.every(({ path }) => !path.endsWith('/events')));
});
