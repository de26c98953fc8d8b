/**
 * Copies on RDS that differ in what no one knows of transfers: either they are made, through a break and a restart of both, or the
 * driver says what is wrong. Nothing is lost, and nothing is left.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { TRANSFER_QUIRKS } from '../../src/simulator/quirks/transfer-quirks.ts';
import { impatient } from '../faults/matrix/arena.ts';
import { MiB, makeSnapshot, makeVolume, outcome, refused, volumeName } from '../support/calls.ts';
import { change } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { type ReplicaStack, startReplicaPair } from '../support/replica-pair.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';

const NEAR = { parameters: { backend: 'rds1', pool: 'pool' } };
const FAR = { parameters: { backend: 'rds2', pool: 'copies' } };
const RECEIVED = { path: '/disk/btrfs/transfer', command: 'receive', nth: 8 };
const BYTES = 4n * MiB;

/** What the driver says where copies cannot be made, in the top level and in a subvolume. */
const REFUSALS: Readonly<Record<string, { readonly top?: RegExp; readonly inside?: RegExp }>> = {
  'receive-mount-is-path': {
    top: /transfer of the snapshot to its replica failed: .*copies: No such file or directory.*\[DRV-TRANSFER\]$/,
    inside:
      /transfer of the snapshot to its replica failed: .*copies\/rose: No such file or directory.*\[DRV-TRANSFER\]$/,
  },
  'receive-mount-not-top': {
    top: /transfer of the snapshot to its replica failed: .*copies: No such file or directory.*\[DRV-TRANSFER\]$/,
  },
  'receive-needs-policy': {
    top: /transfer of the snapshot to its replica failed: .*not enough permissions.*\[DRV-TRANSFER\]$/,
    inside: /transfer of the snapshot to its replica failed: .*not enough permissions.*\[DRV-TRANSFER\]$/,
  },
  'break-leaves-read-only': {
    top: /something else has the name of the copy on the replica: snap-\S+ on rds2\/copies.*\[DRV-TAKEN\]$/,
    inside: /something else has the name of the copy on the replica: snap-\S+ on rds2\/copies.*\[DRV-TAKEN\]$/,
  },
};

/** A snapshot that is being sent, until it is copied or cannot be. */
async function begin(t: TestContext, quirk: string, subvolume: string | undefined, policies = 'ssh,read,write') {
  const stack = await startReplicaPair(t, {
    ...(subvolume !== undefined && { subvolume }),
    policies,
    near: { quirks: [quirk] },
    far: { quirks: [quirk] },
    stack: { patience: impatient, ssh: { writeWithinSeconds: 3 } },
  });
  const volumeId = await makeVolume(stack.controller, BYTES, NEAR);
  await write(stack, volumeId, 0, pattern('first', 2 * 1024 ** 2));
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  let now = 0;
  const replicator = await stack.replicator({ now: () => now, patience: impatient });
  /** One look at both sides, long after the last one. */
  const pass = async () => {
    now += 3_600_000;
    return await replicator.pass({ signal: AbortSignal.timeout(10_000) });
  };
  const settle = () =>
    until(async () => {
      const status = await pass().catch(() => undefined);
      return status?.missing.length === 0 && status.sending === undefined;
    }, 60_000);
  return { stack, volumeId, snapshotId, pass, settle };
}

const claim = ({ controller }: ReplicaStack, snapshotId: string, name = volumeName()) =>
  controller.createVolume(volumeRequest(name, BYTES, { ...fromSnapshot(snapshotId), ...FAR }));

/** Names of snapshots on an RDS, wherever they lie. */
const snapshotsOn = (rds: ReplicaStack['far']) =>
  rds.device.pools().flatMap(({ subvolumes }) => subvolumes.filter((name) => /(^|\/)snap-/.test(name)));

for (const { name: quirk } of TRANSFER_QUIRKS)
  for (const subvolume of [undefined, 'rose']) {
    const words = REFUSALS[quirk]?.[subvolume === undefined ? 'top' : 'inside'];
    const where = `an RDS with ${quirk}, where copies lie in ${subvolume === undefined ? 'the top level' : 'a subvolume'}`;
    if (words === undefined)
      test(`copies are made through a break and restarts, restored and deleted, on ${where}`, async (t) => {
        const { stack, volumeId, snapshotId, settle } = await begin(t, quirk, subvolume);
        const expected = await readAll(stack, volumeId);
        stack.far.faults.arm({ kind: 'drop', at: RECEIVED, when: 'before', scriptRunsOn: false });
        await settle();
        await stack.simulator.restart();
        await stack.far.restart();
        await settle();
        await write(stack, volumeId, 0, pattern('second', 4096));
        const second = await makeSnapshot(stack.controller, volumeId);
        await settle();
        assert.equal(snapshotsOn(stack.far).length, 2);
        const { volume } = await claim(stack, snapshotId);
        const restored = await readAll({ simulator: stack.far, api: stack.farApi }, volume?.volumeId ?? '');
        assert.ok(restored.equals(expected));
        for (const id of [snapshotId, second]) await stack.controller.deleteSnapshot({ snapshotId: id });
        assert.equal(snapshotsOn(stack.far).length, 2, 'an original that goes takes no copy with it');
        for (const id of [snapshotId, second]) {
          const copyId = id.replace('rds1:', 'rds2:');
          assert.equal(await outcome(stack.controller.getSnapshot({ snapshotId: copyId })), 'OK');
          await stack.controller.deleteSnapshot({ snapshotId: copyId });
        }
        assert.deepEqual([snapshotsOn(stack.simulator), snapshotsOn(stack.far), await stack.transfers()], [[], [], '']);
      });
    else
      test(`what is wrong is said, and nothing lost, on ${where}`, async (t) => {
        const { stack, volumeId, snapshotId, pass } = await begin(t, quirk, subvolume);
        stack.far.faults.arm({ kind: 'drop', at: RECEIVED, when: 'before', scriptRunsOn: false });
        const originals = snapshotsOn(stack.simulator);
        const name = volumeName();
        await until(async () => {
          await pass();
          const said = await claim(stack, snapshotId, name).then(
            () => 'made',
            (error: { details?: string }) => error.details ?? '',
          );
          return words.test(said);
        }, 60_000);
        const left = snapshotsOn(stack.far);
        for (let time = 0; time < 3; time += 1) await pass();
        assert.deepEqual([snapshotsOn(stack.simulator), snapshotsOn(stack.far)], [originals, left]);
        await refused(
          claim(stack, snapshotId, name),
          quirk === 'break-leaves-read-only' ? 'FAILED_PRECONDITION' : 'UNAVAILABLE',
          words,
        );
        const { volume } = await stack.controller.createVolume(
          volumeRequest(volumeName(), BYTES, { ...fromSnapshot(snapshotId), ...NEAR }),
        );
        const restored = await readAll(stack, volume?.volumeId ?? '');
        assert.ok(restored.equals(await readAll(stack, volumeId)), 'the original serves at home');
      });
  }

test('with the policy that the RDS wants, copies come that are refused without', async (t) => {
  const { stack, settle } = await begin(t, 'receive-needs-policy', undefined, 'ssh,read,write,policy');
  await settle();
  assert.equal(snapshotsOn(stack.far).length, 1);
});

test('where the subvolume to receive in is not there, it is named, and nothing is sent', async (t) => {
  const { stack, snapshotId, settle } = await begin(t, 'receive-mount-not-top', 'rose');
  await change(stack.far, '/disk/btrfs/subvolume remove [find where name=rose]');
  await refused(
    claim(stack, snapshotId),
    'UNAVAILABLE',
    /the subvolume copies\/rose that .* is not there.*\[DRV-TRANSFER\]$/,
  );
  assert.deepEqual([snapshotsOn(stack.far), await stack.transfers()], [[], '']);
  await change(stack.far, '/disk/btrfs/subvolume add fs=copies name=rose');
  await settle();
});

for (const [where, quirk] of [
  ['near', 'received-uuid-zeros'],
  ['far', 'received-uuid-dash'],
  ['far', 'removal-shows-dead'],
  ['far', 'subvolume-ids-move'],
] as const) {
  test(`copies are made, restored and deleted, on a ${where === 'near' ? 'first' : 'second'} RDS with ${quirk}`, async (t) => {
    const stack = await startReplicaPair(t, { idleMs: 20, [where]: { quirks: [quirk] } });
    const volumeId = await makeVolume(stack.controller, BYTES, NEAR);
    const snapshotId = await makeSnapshot(stack.controller, volumeId);
    await stack.copied(1);
    await claim(stack, snapshotId);
    await stack.controller.deleteSnapshot({ snapshotId });
    const copyId = snapshotId.replace('rds1:', 'rds2:');
    await stack.controller.deleteSnapshot({ snapshotId: copyId });
    assert.equal(await outcome(stack.controller.getSnapshot({ snapshotId: copyId })), 'NOT_FOUND');
  });
}
