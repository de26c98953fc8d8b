import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster, EventNote } from '../../kubernetes/cluster.ts';
import type { EventRecorder } from '../../kubernetes/event-recorder.ts';
import { createLogger } from '../../observability/log.ts';
import { LATE_SECONDS, type ReplicaPair } from '../../storage/replication/pair.ts';
import { original } from '../../storage/replication/replication.fixture.ts';
import type { PairStatus } from '../../storage/replication/status.ts';
import { clusterReplicas } from './cluster-replicas.ts';

const pair = {
  from: { name: 'rds1' },
  pool: { label: 'pool' },
  to: { name: 'rds2' },
  replica: { label: 'copies' },
} as ReplicaPair;

/** What a cluster with no objects is told. */
function told() {
  const notes: EventNote[] = [];
  const recorder: EventRecorder = { record: (_about, note) => void notes.push(note) };
  const none = { items: [], resourceVersion: '1' };
  const cluster = { snapshotContents: async () => none } as unknown as Cluster;
  return { notes, replicas: clusterReplicas({ cluster, driver: 'd', recorder, logger: createLogger('fatal') }) };
}

function status(ages: readonly number[]): PairStatus {
  const now = Math.floor(Date.now() / 1000);
  const missing = ages.map((age, at) => original(at + 1, { at: now - age }));
  const nothing = { oldestUncopied: undefined, newestCopy: undefined, originals: 0, copies: 0, taken: [], readMs: 0 };
  return { ...nothing, sending: undefined, missing };
}

test('a snapshot that has had no copy for long is told, a young one is not, and of many only the oldest', () => {
  const { notes, replicas } = told();
  replicas.looked(pair, status([LATE_SECONDS - 60]));
  assert.equal(notes.length, 0);
  replicas.looked(pair, status([LATE_SECONDS + 60, 30]));
  assert.equal(notes.length, 1);
  assert.equal(notes[0]?.reason, 'ReplicaLate');
  assert.match(
    notes[0]?.message ?? '',
    /^rds1:snap-\S+: the snapshot has no copy on the replica of its pool: 6h\. .*\[DRV-LAG\]$/,
  );
  replicas.looked(pair, status(Array.from({ length: 50 }, () => LATE_SECONDS + 60)));
  assert.equal(notes.length, 11);
});

test('a name that is taken is told with where', () => {
  const { notes, replicas } = told();
  const one = original(1, {});
  replicas.taken(pair, one);
  assert.match(notes[0]?.message ?? '', new RegExp(`${one.name} on rds2/copies.*\\[DRV-TAKEN\\]$`));
});

test('what the cluster refers to is told by uuid, and where the kind is not there not at all', async () => {
  const uuidOf = (number: number) => `00000000-0000-4000-8000-00000000000${number}`;
  const content = (driver: string, given?: number, made?: number) => ({
    spec: { driver, source: { ...(given !== undefined && { snapshotHandle: `rds1:snap-${uuidOf(given)}` }) } },
    status: { ...(made !== undefined && { snapshotHandle: `rds2:snap-${uuidOf(made)}` }) },
  });
  const answers: unknown[] = [
    { items: [content('d', 1), content('renamed', 2), content('d'), content('d', 3, 4)] },
    { items: [] },
    undefined,
  ];
  const volumes = [{ spec: { csi: { volumeHandle: `rds1:pvc-${uuidOf(5)}` } } }, { spec: {} }];
  const cluster = {
    snapshotContents: async () => answers.shift(),
    persistentVolumes: async () => ({ items: volumes.splice(0) }),
  } as unknown as Cluster;
  const { references } = clusterReplicas({ cluster, driver: 'd', recorder: undefined, logger: createLogger('fatal') });
  const { signal } = new AbortController();
  assert.deepEqual([...(await references(signal))].sort(), [
    `pvc-${uuidOf(5)}`,
    ...[1, 2, 3, 4].map((number) => `snap-${uuidOf(number)}`),
  ]);
  assert.deepEqual([...(await references(signal))], [], 'as it is now');
  await assert.rejects(references(signal), /no VolumeSnapshotContents/);
});
