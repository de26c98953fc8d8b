import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Answer, answeringRds, clock, FAILED, OTHER_POOL, POOL, refused, row } from '../rds/answers.fixture.ts';
import { printSnapshotName } from '../rds/index.ts';
import { backendOf, call } from './backend.fixture.ts';
import { Backends } from './backend.ts';
import { identity } from './ids.ts';
import { KeyedLock } from './keyed-lock.ts';
import { Replicas } from './replication/replicas.ts';
import { Snapshots } from './snapshots.ts';
import { TokenBucket } from './token-bucket.ts';

const MiB = 1n << 20n;
const IDENTITY = identity('rds.rose-csi.io', 'cluster', []);
const UUID = '3a0f6d1e-9c55-4f2b-8b7e-1d2c3b4a5f60';
const SOURCE = '1e6a2f4b-8c1d-4a6e-9f3b-5d7c9e1f2a3b';
const REQUEST = { name: `snap-${UUID}`, sourceVolumeId: `rds1:pvc-${SOURCE}` };
const TAKEN = { uuid: UUID, owner: IDENTITY.owner, sourceUuid: SOURCE, createdAtSeconds: 1_790_000_000n, bytes: MiB };
const NAME = printSnapshotName(TAKEN);

function snapshots(t: TestContext, answers: readonly Answer[], rate?: TokenBucket) {
  const { rds, sent } = answeringRds(t, answers, { pools: [POOL, OTHER_POOL], owners: IDENTITY.owners });
  const now = () => Number(TAKEN.createdAtSeconds) * 1000;
  const backends = new Backends([backendOf(rds)]);
  const replicas = new Replicas([]);
  const store = new Snapshots({ backends, identity: IDENTITY, lock: new KeyedLock(), clock, now, replicas, rate });
  return { store, sent };
}

test('a snapshot is what its name says, whenever it is asked for', async (t) => {
  const { store } = snapshots(t, [[row(NAME), { made: true }], [row(NAME)]]);
  const made = await store.create(REQUEST, call);
  assert.deepEqual(made, {
    id: `rds1:snap-${UUID}`,
    sourceVolumeId: REQUEST.sourceVolumeId,
    sizeBytes: MiB,
    createdAtSeconds: TAKEN.createdAtSeconds,
    place: { backend: 'rds1', pool: 'pool', subvolume: NAME, sourceSlot: 'pvc-1e6a2f4b8c1d4a6e9f3b5d7c9e1f' },
  });
  assert.deepEqual(await store.get(made.id, call), made);
});

test('the name of a snapshot with another source, or of another cluster, is taken', async (t) => {
  for (const other of [{ sourceUuid: UUID }, { owner: '87654321' }]) {
    const { store } = snapshots(t, [[row(printSnapshotName({ ...TAKEN, ...other }))]]);
    await assert.rejects(store.create(REQUEST, call), { kind: 'alreadyExists', code: 'DRV-EXISTS' });
  }
});

test('whoever made the later one of two removes it, and answers with the earlier one', async (t) => {
  const earlier = printSnapshotName({ ...TAKEN, createdAtSeconds: TAKEN.createdAtSeconds - 1n });
  const { store, sent } = snapshots(t, [[row(earlier, 300), row(NAME, 301), { made: true }], []]);
  const { createdAtSeconds } = await store.create(REQUEST, call);
  assert.equal(createdAtSeconds, TAKEN.createdAtSeconds - 1n);
  assert.deepEqual(sent, ['writes', 'removes']);
});

test('a refusal is final only when the RDS has been seen not to have the snapshot', async (t) => {
  const there = snapshots(t, [FAILED, [row(NAME)]]);
  assert.equal((await there.store.create(REQUEST, call)).id, `rds1:snap-${UUID}`);
  const none = snapshots(t, [FAILED, [], []]);
  await assert.rejects(none.store.create(REQUEST, call), { kind: 'precondition', code: 'DRV-NOSNAP' });
});

test('copies that a user made count for the RDS, and not for the quota', async (t) => {
  const request = { ...REQUEST, maxSnapshots: 1 };
  const copy = snapshots(t, [refused('RC-QUOTA'), [row(`${NAME}1`)], [], [row(NAME), { made: true }]]);
  assert.equal((await copy.store.create(request, call)).id, `rds1:snap-${UUID}`);
  const full = snapshots(t, [refused('RC-QUOTA'), [row(printSnapshotName({ ...TAKEN, uuid: SOURCE }))], []]);
  await assert.rejects(full.store.create(request, call), {
    code: 'RC-QUOTA',
    object: REQUEST.sourceVolumeId,
    message: new RegExp(`the oldest is rds1:snap-${SOURCE} of 2026-09-`),
  });
});

test('a repeat that takes no snapshot has no part in the rate', async (t) => {
  const rate = new TokenBucket({ ratePerMinute: 1, burst: 1 });
  const { store } = snapshots(t, [[row(NAME)], [row(NAME), { made: true }]], rate);
  await store.create(REQUEST, call);
  await store.create(REQUEST, call);
});

test('a filter that can fit nothing gives an empty page without asking the RDS', async (t) => {
  const { store, sent } = snapshots(t, []);
  const page = { maxEntries: 0, token: '' };
  for (const filter of [{ snapshotId: 'x' }, { sourceVolumeId: 'x' }, { snapshotId: REQUEST.sourceVolumeId }])
    assert.deepEqual(await store.list(filter, page, call), { entries: [], nextToken: '' });
  assert.deepEqual(sent, []);
});

test('by id a snapshot is listed when it is there, and is of the source that is asked for', async (t) => {
  const { store } = snapshots(t, [[row(NAME)], [row(NAME)], []]);
  const page = { maxEntries: 0, token: '' };
  const snapshotId = `rds1:snap-${UUID}`;
  const count = async (sourceVolumeId?: string) =>
    (await store.list({ snapshotId, ...(sourceVolumeId && { sourceVolumeId }) }, page, call)).entries.length;
  assert.equal(await count(REQUEST.sourceVolumeId), 1);
  assert.equal(await count(`rds1:pvc-${UUID}`), 0);
  assert.equal(await count(), 0, 'it is gone');
});
