/** What cannot be copied does not hold up what can. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { change } from '../support/console.ts';
import { type ReplicaStack, startReplicaPair } from '../support/replica-pair.ts';
import { until } from '../support/until.ts';

const NEAR = { parameters: { backend: 'rds1', pool: 'pool' } };
const patience = () => ({ signal: AbortSignal.timeout(10_000) });

/** Snapshots of as many volumes, the oldest first, by their names. */
async function withSnapshots(t: TestContext, count: number) {
  const stack = await startReplicaPair(t);
  const names: string[] = [];
  for (let number = 0; number < count; number += 1) {
    await makeSnapshot(stack.controller, await makeVolume(stack.controller, MiB, NEAR));
    const all = stack.simulator.device.pools()[0]?.subvolumes ?? [];
    names.push(all.find((name) => name.startsWith('snap-') && !names.includes(name)) ?? assert.fail());
  }
  return { stack, names };
}

/** Makes the RDS refuse to send it, as something in another subvolume has its name. */
async function block({ simulator }: ReplicaStack, name: string): Promise<void> {
  await change(simulator, `/disk/btrfs/subvolume add fs=pool name="mine-${name.slice(5, 13)}"`);
  await change(
    simulator,
    `/disk/btrfs/subvolume add fs=pool parent="${name}" name="mine-${name.slice(5, 13)}/${name}" read-only=yes`,
  );
}

test('a snapshot that is refused ended every pass for those behind it', async (t) => {
  const { stack, names } = await withSnapshots(t, 4);
  for (const name of names.slice(0, 3)) await block(stack, name);
  const failed: string[] = [];
  const observer = { failed: (_pair: unknown, name: string) => void failed.push(name) };
  const replicator = await stack.replicator({ observer });
  await replicator.pass(patience());
  assert.deepEqual(failed, names.slice(0, 3));
  await until(async () => (await replicator.pass(patience())).missing.length === 3);
});

test('a snapshot that someone had asked for once, and that always failed, kept all others from being sent', async (t) => {
  const { stack, names } = await withSnapshots(t, 3);
  await block(stack, names[2] ?? '');
  const replicator = await stack.replicator({});
  replicator.want(names[2] ?? '');
  await until(async () => (await replicator.pass(patience())).missing.length === 1);
});

test('a half that the RDS did not remove kept all snapshots from being sent', async (t) => {
  const { stack, names } = await withSnapshots(t, 2);
  await change(stack.far, `/disk/btrfs/subvolume add fs=copies name="${names[0]}"`);
  const at = { path: '/disk/btrfs/subvolume', command: 'remove' };
  const armed = stack.far.faults.arm({ kind: 'fail', at, error: 'failure: device or resource busy' }, 1000);
  const replicator = await stack.replicator({});
  await until(async () => (await replicator.pass(patience())).missing.length === 1);
  armed.disarm();
  await until(async () => (await replicator.pass(patience())).missing.length === 0);
});

test('a snapshot that was deleted before it was sent has not failed', async (t) => {
  const { stack, names } = await withSnapshots(t, 2);
  const failed: string[] = [];
  const observer = { failed: (_pair: unknown, name: string) => void failed.push(name) };
  const replicator = await stack.replicator({ observer });
  const at = { path: '/disk/btrfs/transfer', command: 'find' };
  const stall = stack.far.faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: false });
  const passing = replicator.pass(patience());
  await until(async () => stall.standing === 1);
  await change(stack.simulator, `/disk/btrfs/subvolume remove [find where name="${names[0]}"]`);
  stall.release();
  await passing;
  await until(async () => (await replicator.pass(patience())).missing.length === 0);
  assert.deepEqual(failed, []);
});
