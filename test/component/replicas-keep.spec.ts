/** Which copies go whose originals are gone, and which never do. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { change } from '../support/console.ts';
import { type ReplicaPairOptions, startReplicaPair } from '../support/replica-pair.ts';
import { until } from '../support/until.ts';

const NEAR = { parameters: { backend: 'rds1', pool: 'pool' } };
const HOUR = 3_600_000;

/** Snapshots of one volume, each with its copy, and passes by a clock that only the test moves. */
async function withCopies(t: TestContext, count: number, options: ReplicaPairOptions = {}) {
  const stack = await startReplicaPair(t, { keep: '1h', ...options });
  const volumeId = await makeVolume(stack.controller, MiB, NEAR);
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) ids.push(await makeSnapshot(stack.controller, volumeId));
  const clock = { now: 0 };
  const told: string[] = [];
  const references = new Set<string>();
  const trouble: { error?: Error } = {};
  const replicator = await stack.replicator({
    now: () => clock.now,
    observer: {
      expired: (_, { name }) => void told.push(`expired ${name}`),
      kept: (_, { name }, why) => void told.push(`kept ${name}: ${why}`),
    },
    references: async () => {
      if (trouble.error !== undefined) throw trouble.error;
      return references;
    },
  });
  const pass = (after = 0) => {
    clock.now += after;
    return replicator.pass({ signal: AbortSignal.timeout(10_000) });
  };
  await until(async () => (await pass()).missing.length === 0);
  const nameOf = (id = '') => stack.copies().find((name) => name.startsWith(id.slice('rds1:'.length)));
  const drop = (...some: readonly string[]) =>
    Promise.all(some.map((snapshotId) => stack.controller.deleteSnapshot({ snapshotId })));
  return { stack, volumeId, ids, told, references, trouble, pass, nameOf, drop };
}

test('a copy that was adopted, or whose VolumeSnapshot is there while its RDS has lost it, was deleted after keep', async (t) => {
  const { ids, references, told, trouble, pass, nameOf, drop } = await withCopies(t, 4);
  const [adopted = '', lost = '', deleted = ''] = ids;
  for (const id of [adopted, lost]) references.add(id.slice('rds1:'.length));
  await drop(adopted, lost, deleted);
  await pass();
  trouble.error = new Error('the API server does not answer');
  await pass(HOUR);
  assert.equal(ids.filter(nameOf).length, 4, 'where it cannot be told');
  assert.ok(told.every((line) => /^kept .*: the API server does not answer$/.test(line)) && told.length === 3);
  delete trouble.error;
  for (let time = 0; time < 3; time += 1) await pass(HOUR);
  assert.deepEqual([nameOf(adopted), nameOf(lost), nameOf(deleted)].map(Boolean), [true, true, false]);
  references.clear();
  await pass(HOUR);
  assert.deepEqual(ids.filter(nameOf), ids.slice(3));
});

test('one copy that could not be removed kept all others that were due, and made every pass fail', async (t) => {
  const { stack, ids, told, pass, nameOf, drop } = await withCopies(t, 3);
  await drop(...ids.slice(1));
  await pass();
  const at = { path: '/disk/btrfs/subvolume', command: 'remove' };
  const armed = stack.far.faults.arm({ kind: 'fail', at, error: 'failure: device or resource busy' }, 100);
  await pass(HOUR);
  assert.equal(ids.filter(nameOf).length, 3);
  assert.match(told.join('\n'), /^(kept snap-\S+: .*device or resource busy\n?){2}$/);
  armed.disarm();
  await pass(60_000);
  assert.deepEqual(ids.filter(nameOf), ids.slice(0, 1));
});

test('a backend that was silent made passes fail, and restores wait, that had nothing to do with it', async (t) => {
  const { stack, volumeId, ids, told, pass, nameOf, drop } = await withCopies(t, 2);
  await drop(...ids.slice(1));
  await pass();
  // Whether it has the original is asked of all pools of all backends.
  stack.far.faults.setPool({ pool: 'other', mounted: false });
  await makeSnapshot(stack.controller, volumeId);
  await until(async () => (await pass(HOUR)).missing.length === 0);
  assert.equal(ids.filter(nameOf).length, 2);
  assert.match(told.join('\n'), /^kept snap-\S+: .*other/);
  stack.far.faults.setPool({ pool: 'other', mounted: true });
  await pass(HOUR);
  assert.deepEqual(ids.filter(nameOf), ids.slice(0, 1));
});

test('the last two copies of a volume that exists were removed by two at once, each because of the other', async (t) => {
  const { stack, ids, pass, nameOf, drop } = await withCopies(t, 2);
  // Something else is in the pool, so that it is not empty.
  await makeSnapshot(stack.controller, await makeVolume(stack.controller, MiB, NEAR));
  await until(async () => (await pass(HOUR)).missing.length === 0);
  await drop(...ids);
  await pass();
  const at = { path: '/disk/btrfs/subvolume', command: 'remove' };
  const stall = stack.far.faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: false });
  const passing = pass(HOUR);
  await until(async () => stall.standing === 1);
  // The other one has removed the copy that this one counts on.
  const names = ids.map((id) => nameOf(id) ?? assert.fail(id)).toSorted();
  await change(stack.far, `/disk/btrfs/subvolume remove [find where name="${names[1]}"]`);
  stall.release();
  await passing;
  assert.equal(ids.filter(nameOf).length, 1);
});

test('the last copy of a volume was removed though its PersistentVolume was there, as its pool had been lost and made again', async (t) => {
  const { stack, volumeId, ids, references, pass, nameOf, drop } = await withCopies(t, 2);
  references.add(volumeId.slice('rds1:'.length));
  await drop(...ids);
  await stack.controller.deleteVolume({ volumeId });
  // What is in the pool now has nothing to do with what was.
  await makeSnapshot(stack.controller, await makeVolume(stack.controller, MiB, NEAR));
  await until(async () => (await pass()).missing.length === 0);
  for (let time = 0; time < 3; time += 1) await pass(HOUR);
  assert.equal(ids.filter(nameOf).length, 1);
  references.clear();
  await pass(HOUR);
  assert.equal(ids.filter(nameOf).length, 0);
});
