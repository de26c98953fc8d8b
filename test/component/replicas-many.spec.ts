/** Copies where reading the lists of both sides takes long, as that of thousands does. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { startReplicaPair } from '../support/replica-pair.ts';
import { until } from '../support/until.ts';

const NEAR = { parameters: { backend: 'rds1', pool: 'pool' } };

/** Snapshots, passes by a clock by which nothing takes time but a list of the first RDS, a second each, and how many of them were read. */
async function withSnapshots(t: TestContext, count: number, keep?: string) {
  const stack = await startReplicaPair(t, { ...(keep !== undefined && { keep }) });
  const volumeId = await makeVolume(stack.controller, MiB, NEAR);
  const take = () => makeSnapshot(stack.controller, volumeId);
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) ids.push(await take());
  const at = { path: '/disk/btrfs/subvolume', command: 'print', text: 'subvolume-id<=' };
  const lists = stack.simulator.faults.arm({ kind: 'stall', at, ms: 0, disconnect: false }, 10_000);
  const told: string[] = [];
  const clock = { now: 0 };
  const replicator = await stack.replicator({
    now: () => clock.now + 1000 * lists.fired,
    observer: {
      failed: (_pair, name, why) => void told.push(`${name} ${why}`),
      expired: (_pair, { name }) => void told.push(`expired ${name}`),
    },
  });
  const pass = () => replicator.pass({ signal: AbortSignal.timeout(10_000) });
  return {
    stack,
    ids,
    take,
    pass,
    told,
    clock,
    lists: () => lists.fired,
    want: (name: string) => replicator.want(name),
  };
}

test('both lists were read at least once for every copy', async (t) => {
  const { pass, told, lists } = await withSnapshots(t, 6);
  await until(async () => (await pass()).missing.length === 0);
  assert.equal(lists(), 2, 'at the beginning and at the end');
  assert.deepEqual(told, []);
});

test('lists are read again when they are ten times as old as reading them took', async (t) => {
  const { stack, pass, lists, clock } = await withSnapshots(t, 2);
  const at = { path: '/disk/btrfs/transfer', command: 'receive', nth: 2 };
  const stall = stack.far.faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: false });
  await pass();
  clock.now += 9999;
  await pass();
  assert.equal(lists(), 1);
  clock.now += 1;
  await pass();
  assert.equal(lists(), 2);
  stall.release();
});

test('what was made while others were sent is seen when they have been', async (t) => {
  const { stack, pass, take } = await withSnapshots(t, 1);
  await pass();
  await take();
  await until(async () => (await stack.transfers()).endsWith(' done'));
  const { originals, sending } = await pass();
  assert.deepEqual([originals, sending?.bytes], [2, 0n]);
});

test('a snapshot that is asked for is seen at once', async (t) => {
  const { stack, ids, pass, take, want } = await withSnapshots(t, 2);
  const at = { path: '/disk/btrfs/transfer', command: 'receive', nth: 2 };
  const stall = stack.far.faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: false });
  await pass();
  const id = await take();
  assert.equal((await pass()).originals, ids.length);
  const name = stack.simulator.device.pools()[0]?.subvolumes.find((one) => one.startsWith(id.slice(5)));
  want(name ?? assert.fail());
  assert.equal((await pass()).originals, 3);
  stall.release();
});

test('a snapshot that was deleted, and one that another process has copied, are no failures by old lists', async (t) => {
  const { stack, ids, pass, told } = await withSnapshots(t, 4);
  await pass();
  const other = await stack.replicator({});
  await stack.controller.deleteSnapshot({ snapshotId: ids[3] ?? '' });
  const settle = (one: () => ReturnType<typeof pass>) =>
    until(async () => {
      const { missing, sending } = await one();
      return missing.length === 0 && sending === undefined;
    });
  await settle(() => other.pass({ signal: AbortSignal.timeout(10_000) }));
  await settle(pass);
  assert.deepEqual([told, await stack.transfers()], [[], '']);
  assert.equal(stack.copies().filter((name) => name.startsWith('snap-')).length, 3);
});

test('a copy that was deleted is no parent any more, also by old lists, and is made again', async (t) => {
  const { stack, ids, pass, told, take } = await withSnapshots(t, 1);
  await makeSnapshot(stack.controller, await makeVolume(stack.controller, MiB, NEAR));
  await take();
  // The one of the other volume is being sent.
  await until(async () => (await pass()).missing.length === 2);
  await stack.controller.deleteSnapshot({ snapshotId: (ids[0] ?? '').replace('rds1:', 'rds2:') });
  await until(async () => {
    const { missing, sending } = await pass();
    return missing.length === 0 && sending === undefined;
  });
  assert.deepEqual(told, []);
  assert.equal(stack.copies().filter((name) => name.startsWith('snap-')).length, 3);
});

test('no copy is removed by old lists', async (t) => {
  const { stack, ids, pass, told, clock, take } = await withSnapshots(t, 2, '1h');
  await until(async () => (await pass()).missing.length === 0);
  await stack.controller.deleteSnapshot({ snapshotId: ids[0] ?? '' });
  await pass();
  await take();
  const at = { path: '/disk/btrfs/transfer', command: 'receive', nth: 2 };
  const stall = stack.far.faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: false });
  clock.now += 3_598_000;
  await pass();
  clock.now += 5000;
  await pass();
  assert.deepEqual(told, [], 'it is due, and the lists are five seconds old');
  clock.now += 5000;
  await pass();
  assert.match(told.join(), /^expired snap-\S+$/);
  stall.release();
});
