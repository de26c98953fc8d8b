import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, publish } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { persistentVolume, snapshotContent, type Trouble } from '../support/kubernetes-api.ts';
import { emptySubvolume, GRACE_MS, HOUR_MS, loseDiskItem, startFixture } from './fixture.ts';

const ids = (objects: readonly { readonly id: string }[]) => objects.map(({ id }) => id).toSorted();

test('what nothing refers to is reported once, after it has been seen so for the grace period', async (t) => {
  const { stack, api, told, refer, passAfter } = await startFixture(t);
  const [kept, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  const [keptSnapshot, lostSnapshot] = [
    await makeSnapshot(stack.controller, kept),
    await makeSnapshot(stack.controller, lost),
  ];
  refer(kept, keptSnapshot);
  assert.equal(await passAfter(0), 'done');
  assert.equal(await passAfter(GRACE_MS - HOUR_MS), 'done');
  assert.deepEqual(told.orphans, []);
  assert.equal(await passAfter(HOUR_MS), 'done');
  assert.deepEqual(ids(told.orphans), [lost, lostSnapshot].toSorted());
  await passAfter(HOUR_MS);
  assert.deepEqual(ids(told.orphans), [lost, lostSnapshot].toSorted());
  assert.deepEqual(told.fresh.toSorted(), [lost, lostSnapshot].toSorted());
  assert.deepEqual(api.reasons(), ['OrphanFound', 'OrphanFound']);
  assert.match(String(api.all('events')[0]?.['message']), /that nothing in Kubernetes refers to/);
});

test('first-seen times outlive the process, and one that is referred to again begins again', async (t) => {
  const { stack, api, told, refer, passAfter } = await startFixture(t);
  const [kept, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  refer(kept);
  await passAfter(0);
  assert.deepEqual(Object.keys(JSON.parse(stateOf(api.all('configmaps')))), [lost]);
  refer(lost);
  await passAfter(GRACE_MS);
  assert.deepEqual(JSON.parse(stateOf(api.all('configmaps'))), {});
  api.remove('persistentvolumes', lost.slice('rds1:'.length));
  await passAfter(GRACE_MS);
  assert.deepEqual(told.orphans, []);
  await passAfter(GRACE_MS);
  assert.deepEqual(ids(told.orphans), [lost]);
});

function stateOf(configMaps: readonly Record<string, unknown>[]): string {
  const { state } = (configMaps[0]?.['data'] ?? {}) as { readonly state?: string };
  return state ?? '';
}

test('a snapshot that is being taken, its volume, and a volume that is still attached are no orphans', async (t) => {
  const { stack, api, told, refer, passAfter } = await startFixture(t);
  const [kept, source, attached] = await Promise.all([1, 2, 3].map(() => makeVolume(stack.controller, MiB)));
  assert.ok(kept && source && attached);
  await makeSnapshot(stack.controller, source);
  refer(kept);
  api.put('volumesnapshotcontents', snapshotContent('pending', { volumeHandle: source }));
  const persistentVolumeName = attached.slice('rds1:'.length);
  api.put('volumeattachments', {
    metadata: { name: 'csi-1' },
    spec: { attacher: 'x', nodeName: 'n1', source: { persistentVolumeName } },
  });
  await passAfter(0);
  assert.equal(await passAfter(GRACE_MS), 'done');
  assert.deepEqual(told.orphans, []);
});

const troubles: readonly Trouble[] = [401, 403, 404, 409, 410, 429, 500, 503, 'cut', 'garbage', 'stall'];
const kinds = [
  'persistentvolumes',
  'persistentvolumeclaims',
  'volumesnapshotcontents',
  'volumesnapshots',
  'volumeattachments',
  'configmaps',
  'leases',
];

test('whatever goes wrong with whatever list or record, the pass is abandoned and nothing is concluded', async (t) => {
  const { stack, api, told, refer, passAfter } = await startFixture(t);
  const [kept, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  refer(kept, await makeSnapshot(stack.controller, kept));
  await passAfter(0);
  const state = stateOf(api.all('configmaps'));
  for (const kind of kinds) {
    for (const trouble of troubles) {
      // That there is no record or Lease yet is an answer, and so is that someone else was quicker.
      if ((kind === 'configmaps' || kind === 'leases') && (trouble === 404 || trouble === 409)) continue;
      api.trouble = ({ path }) => (path.includes(`/${kind}`) ? trouble : undefined);
      const outcome = await passAfter(GRACE_MS);
      assert.ok(outcome === 'abandoned' || outcome === 'doubtful', `${kind} ${trouble}: ${outcome}`);
      assert.deepEqual(told.orphans, [], `${kind} ${trouble}`);
      assert.equal(stateOf(api.all('configmaps')), state, `${kind} ${trouble}`);
    }
  }
  api.trouble = () => undefined;
  await passAfter(0);
  assert.deepEqual(ids(told.orphans), [lost]);
});

test('an empty answer while the backends hold something is doubted, and reported once', async (t) => {
  const { stack, api, told, refer, passAfter } = await startFixture(t);
  const kept = await makeVolume(stack.controller, MiB);
  refer(kept);
  await passAfter(0);
  api.trouble = ({ path }) => (/persistentvolumes|contents/.test(path) ? 'empty' : undefined);
  for (let pass = 0; pass < 3; pass += 1) assert.equal(await passAfter(GRACE_MS), 'doubtful');
  assert.match(told.reason ?? '', /names no volume and no snapshot of rds\.rose-csi\.io, and the backends hold 1/);
  assert.deepEqual(told.orphans, []);
  assert.deepEqual(api.reasons(), ['OrphanReportDoubtful']);
  api.trouble = () => undefined;
  assert.equal(await passAfter(0), 'done');
  assert.deepEqual(told.orphans, []);
});

test('a cluster that only names other drivers is an empty answer, too', async (t) => {
  const { stack, api, passAfter } = await startFixture(t);
  await makeVolume(stack.controller, MiB);
  api.put('persistentvolumes', persistentVolume('vol-1', 'other.example.com'));
  assert.equal(await passAfter(0), 'doubtful');
});

test('an answer that is older than one before is doubted', async (t) => {
  const { stack, api, told, refer, passAfter } = await startFixture(t);
  const first = await makeVolume(stack.controller, MiB);
  refer(first);
  api.remember();
  const second = await makeVolume(stack.controller, MiB);
  refer(second);
  await passAfter(0);
  api.trouble = ({ path, method }) => (method === 'GET' && path.endsWith('persistentvolumes') ? 'stale' : undefined);
  assert.equal(await passAfter(GRACE_MS), 'doubtful');
  assert.match(
    told.reason ?? '',
    /list of PersistentVolumes is of resource version [0-9]+, and [0-9]+ was seen before/,
  );
  api.trouble = () => undefined;
  assert.equal(await passAfter(GRACE_MS), 'done');
  assert.deepEqual(told.orphans, []);
});

test('a definition of VolumeSnapshotContents that is gone makes no snapshot an orphan', async (t) => {
  const { stack, api, told, refer, passAfter } = await startFixture(t);
  const kept = await makeVolume(stack.controller, MiB);
  refer(kept);
  api.trouble = ({ path }) => (path.endsWith('volumesnapshotcontents') ? 404 : undefined);
  assert.equal(await passAfter(0), 'done', 'nothing to be missed');
  await makeSnapshot(stack.controller, kept);
  assert.equal(await passAfter(0), 'doubtful');
  assert.match(told.reason ?? '', /are the snapshot CRDs installed/);
});

test('many orphans at once are one doubt about Kubernetes, not a list of orphans', async (t) => {
  const { stack, api, told, refer, passAfter } = await startFixture(t);
  const [kept, ...lost] = await Promise.all(Array.from({ length: 5 }, () => makeVolume(stack.controller, MiB)));
  assert.ok(kept);
  refer(kept);
  for (let pass = 0; pass < 3; pass += 1) assert.equal(await passAfter(GRACE_MS), 'doubtful');
  assert.match(told.reason ?? '', /4 of 5 objects on the backends look orphaned at once/);
  assert.deepEqual(api.reasons(), ['OrphanReportDoubtful']);
  refer(...lost.slice(1));
  await passAfter(0);
  await passAfter(GRACE_MS);
  assert.deepEqual(ids(told.orphans), lost.slice(0, 1));
});

test('an RDS that cannot be read abandons the pass', async (t) => {
  const { stack, told, refer, passAfter } = await startFixture(t);
  const kept = await makeVolume(stack.controller, MiB);
  refer(kept);
  await stack.simulator.close();
  assert.equal(await passAfter(0), 'abandoned');
  assert.deepEqual(told.orphans, []);
});

test('who does not lead does not look', async (t) => {
  const { api, passAfter } = await startFixture(t, { leadership: { hold: async () => false } });
  assert.equal(await passAfter(0), 'follower');
  assert.deepEqual(api.requests, []);
});

test('an Event that cannot be written keeps nothing else from being reported', async (t) => {
  const { stack, api, told, refer, passAfter } = await startFixture(t);
  const [kept, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  refer(kept);
  await passAfter(0);
  api.trouble = ({ path }) => (path.endsWith('/events') ? 403 : undefined);
  assert.equal(await passAfter(GRACE_MS), 'done');
  assert.deepEqual(ids(told.orphans), [lost]);
  assert.deepEqual(told.failed, ['the Event OrphanFound']);
});

test('nothing is ever removed unless that is configured, and then only what holds no data', async (t) => {
  for (const deletePartial of [false, true]) {
    const { stack, api, told, refer, passAfter } = await startFixture(t, { deletePartial });
    const kept = await makeVolume(stack.controller, MiB);
    const [whole, published] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
    refer(kept, await makeSnapshot(stack.controller, kept));
    await publish(stack.controller, published);
    const empty = await emptySubvolume(stack);
    const before = await inventory(stack.simulator);
    await passAfter(0);
    await passAfter(HOUR_MS);
    assert.deepEqual(await inventory(stack.simulator), before, 'within the grace period');
    assert.equal(await passAfter(GRACE_MS), 'done');
    assert.deepEqual(ids(told.orphans), [whole, published, empty].toSorted());
    assert.deepEqual(told.removed, deletePartial ? [empty] : []);
    const left = before.filter((name) => !deletePartial || !name.startsWith(empty.slice('rds1:'.length)));
    assert.deepEqual(await inventory(stack.simulator), left);
    assert.equal(api.reasons().includes('PartialRemoved'), deletePartial);
  }
});

test('a volume whose disk item a reset of the router took is never removed, referred to or not', async (t) => {
  const { stack, told, refer, passAfter } = await startFixture(t, { deletePartial: true });
  const [kept, lost] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  refer(kept);
  for (const id of [kept, lost]) await loseDiskItem(stack, id);
  const before = await inventory(stack.simulator);
  await passAfter(0);
  for (let pass = 0; pass < 3; pass += 1) await passAfter(GRACE_MS);
  assert.deepEqual(ids(told.orphans), [lost]);
  assert.deepEqual(told.failed, [`removing ${lost}`], 'tried once: the RDS saw an image');
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('one pass removes no more than three', async (t) => {
  const { stack, told, refer, passAfter } = await startFixture(t, { deletePartial: true });
  const kept = await Promise.all(Array.from({ length: 40 }, () => makeVolume(stack.controller, MiB)));
  refer(...kept);
  for (let number = 0; number < 4; number += 1) await emptySubvolume(stack);
  await passAfter(0);
  await passAfter(GRACE_MS);
  assert.equal(told.removed.length, 3);
  await passAfter(HOUR_MS);
  assert.equal(told.removed.length, 4);
});

test('a pass writes the annotations of contents that lack them, of this driver only', async (t) => {
  const { stack, api, refer, passAfter } = await startFixture(t);
  const volume = await makeVolume(stack.controller, MiB);
  const snapshot = await makeSnapshot(stack.controller, volume);
  refer(volume, snapshot);
  api.put('volumesnapshotcontents', snapshotContent('other', { snapshotHandle: snapshot }, 'other.example.com'));
  await passAfter(0);
  const [ours, other] = api.all('volumesnapshotcontents');
  assert.equal(ours?.metadata.annotations?.['rds.rose-csi.io/source-volume-id'], volume);
  assert.equal(ours?.metadata.annotations?.['rds.rose-csi.io/bytes'], String(MiB));
  assert.equal(other?.metadata.annotations, undefined);
  const patches = () => api.requests.filter(({ method }) => method === 'PATCH').length;
  await passAfter(HOUR_MS);
  assert.equal(patches(), 1, 'what is right is left alone');
});
