import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { StorageError } from '../../storage/errors.ts';
import { GiB, MiB, roundUp } from '../../storage/size.ts';
import type { CreateSnapshotRequest, PageRequest, SnapshotFilter } from '../../storage/storage.ts';
import type { Snapshot } from '../gen/csi_pb.js';
import { grpcStatus, refusal, snapshot, startController } from '../services.fixture.ts';
import { type OnSnapshot, requestFor } from './snapshots.ts';

/** The fields of a snapshot message that matter. */
function facts(message: Snapshot | undefined) {
  assert.ok(message);
  const { snapshotId, sourceVolumeId, sizeBytes, readyToUse, groupSnapshotId, creationTime } = message;
  const { seconds, nanos } = creationTime ?? {};
  return { snapshotId, sourceVolumeId, sizeBytes, readyToUse, groupSnapshotId, seconds, nanos };
}

const expected = {
  snapshotId: 'rds:snap-1',
  sourceVolumeId: 'rds:pvc-1',
  sizeBytes: 2n ** 53n + 1n,
  readyToUse: true,
  groupSnapshotId: '',
  seconds: 1_790_000_000n,
  nanos: 0,
};
const large = { ...snapshot, sizeBytes: 2n ** 53n + 1n };

test('CreateSnapshot', async (t) => {
  const calls: CreateSnapshotRequest[] = [];
  const client = await startController(t, {
    createSnapshot: async (request) => {
      calls.push(request);
      return large;
    },
  });
  const reply = await client.createSnapshot({
    name: 'snap-1',
    sourceVolumeId: 'rds:pvc-1',
    parameters: { 'csi.storage.k8s.io/volumesnapshot/name': 'nightly', maxSnapshotsPerVolume: '7' },
    secrets: { password: 'x' },
  });
  assert.deepEqual(calls, [{ name: 'snap-1', sourceVolumeId: 'rds:pvc-1', maxSnapshots: 7 }]);
  assert.deepEqual(facts(reply.snapshot), expected);

  const cases: [Parameters<typeof client.createSnapshot>[0], string][] = [
    [{ name: 'snap-1' }, 'source_volume_id is missing'],
    [{ sourceVolumeId: 'x' }, 'name is missing'],
    [{ name: 'x'.repeat(129), sourceVolumeId: 'x' }, 'name has 129 bytes; CSI allows 128'],
    [{ name: 'a\u0001', sourceVolumeId: 'x' }, 'name contains a control character'],
    [{ name: 'a', sourceVolumeId: 'x'.repeat(129) }, 'source_volume_id has 129 bytes; CSI allows 128'],
    [
      { name: 'a', sourceVolumeId: 'x', parameters: { pool: 'y' } },
      'parameters of the VolumeSnapshotClass: "pool" unknown; known: maxSnapshotsPerVolume',
    ],
  ];
  for (const [wrong, message] of cases) {
    await assert.rejects(client.createSnapshot(wrong), refusal(status.INVALID_ARGUMENT, message));
  }
  assert.equal(calls.length, 1);
});

test('whoever wants to know learns of a snapshot, and of its content when the sidecar reports the name of it', async (t) => {
  const told: [string, string | undefined][] = [];
  const onSnapshot: OnSnapshot = ({ id }, contentName) => void told.push([id, contentName]);
  const client = await startController(t, { createSnapshot: async () => large }, [], { onSnapshot });
  const request = { name: 'snap-1', sourceVolumeId: 'rds:pvc-1' };
  await client.createSnapshot(request);
  assert.deepEqual(told, [['rds:snap-1', undefined]]);
  const parameters = { 'csi.storage.k8s.io/volumesnapshotcontent/name': 'snapcontent-1' };
  await client.createSnapshot({ ...request, parameters });
  assert.deepEqual(told.slice(1), [['rds:snap-1', 'snapcontent-1']]);
});

test('DeleteSnapshot', async (t) => {
  const deleted: string[] = [];
  const client = await startController(t, {
    deleteSnapshot: async (id) => {
      deleted.push(id);
    },
  });
  await client.deleteSnapshot({ snapshotId: 'rds:snap-1' });
  assert.deepEqual(deleted, ['rds:snap-1']);
  await assert.rejects(client.deleteSnapshot({}), refusal(status.INVALID_ARGUMENT, 'snapshot_id is missing'));
});

test('GetSnapshot', async (t) => {
  const client = await startController(t, {
    getSnapshot: async (id) => {
      if (id === 'rds:snap-1') return large;
      throw new StorageError('RC-NOSNAP', 'rds:snap-2');
    },
  });
  assert.deepEqual(facts((await client.getSnapshot({ snapshotId: 'rds:snap-1' })).snapshot), expected);
  await assert.rejects(
    client.getSnapshot({ snapshotId: 'x' }),
    refusal(status.NOT_FOUND, /^rds:snap-2: the snapshot is not on the RDS\. /),
  );
  await assert.rejects(client.getSnapshot({}), refusal(status.INVALID_ARGUMENT, 'snapshot_id is missing'));
});

test('ListSnapshots', async (t) => {
  const calls: [SnapshotFilter, PageRequest][] = [];
  const client = await startController(t, {
    listSnapshots: async (filter, page) => {
      calls.push([filter, page]);
      if (page.token === 'bad') throw new StorageError('DRV-TOKEN', '');
      return { entries: [large], nextToken: 'next' };
    },
  });
  const { entries, nextToken } = await client.listSnapshots({ maxEntries: 1, startingToken: 'here' });
  assert.deepEqual(
    entries.map((entry) => facts(entry.snapshot)),
    [expected],
  );
  assert.equal(nextToken, 'next');
  await client.listSnapshots({ snapshotId: 'rds:snap-1', maxEntries: 1 });
  // The sidecar must get an empty page for an id that cannot exist, so the filter is not validated here.
  await client.listSnapshots({ sourceVolumeId: 'x'.repeat(500), maxEntries: 1 });
  const page = { maxEntries: 1, token: '' };
  assert.deepEqual(calls, [
    [{}, { maxEntries: 1, token: 'here' }],
    [{ snapshotId: 'rds:snap-1' }, page],
    [{ sourceVolumeId: 'x'.repeat(500) }, page],
  ]);
  await assert.rejects(
    client.listSnapshots({ startingToken: 'bad' }),
    refusal(status.ABORTED, /^the page token is not from a list of this driver\. /),
  );
  await assert.rejects(
    client.listSnapshots({ maxEntries: -1 }),
    refusal(status.INVALID_ARGUMENT, 'max_entries is negative: -1'),
  );
});

test('the deadline and the wish to stop reach the storage', async (t) => {
  const caller = new AbortController();
  const aborted = Promise.withResolvers<unknown>();
  const client = await startController(t, {
    createSnapshot: (_, { signal, deadline }) =>
      new Promise((_resolve, reject) => {
        assert.ok(deadline !== undefined && deadline > Date.now());
        signal.addEventListener('abort', () => {
          aborted.resolve(signal.reason);
          reject(new StorageError('RDS-CANCELLED', ''));
        });
        caller.abort();
      }),
  });
  const request = { name: 'a', sourceVolumeId: 'b' };
  const reply = client.createSnapshot(request, { signal: caller.signal, timeoutMs: 60_000 });
  await assert.rejects(reply, grpcStatus(status.CANCELLED, /./));
  assert.equal(String(await aborted.promise), 'AbortError: the caller went away');
});

test('the reported size of a snapshot, asked for, gives a restore of exactly its size', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 2n ** 40n), (mebibytes) => {
      assert.equal(roundUp(requestFor(mebibytes * MiB)), mebibytes * MiB);
    }),
  );
});

test('a claim in decimal units was too small for a restore of its own snapshot', () => {
  for (const [asked, reported] of [
    [100_000_000n, 100_000_000n],
    [1_000_000_000n, 1_000_000_000n],
    [5_000_000_000_000n, 5_000_000_000_000n],
    [GiB, GiB],
    [512n * MiB, 512n * MiB],
  ] as const) {
    assert.equal(requestFor(roundUp(asked)), reported);
  }
  fc.assert(
    fc.property(fc.bigInt(20n, 10_000_000n), (megabytes) => {
      const asked = megabytes * 1_000_000n;
      const image = roundUp(asked);
      assert.ok(requestFor(image) <= asked || image % (64n * MiB) === 0n);
    }),
  );
});
