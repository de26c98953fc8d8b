/** Rows of transfers on the first RDS that are not what they seem: begun with other settings, or of what is gone. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { change } from '../support/console.ts';
import { type ReplicaStack, startReplicaPair } from '../support/replica-pair.ts';
import { until } from '../support/until.ts';

/** Two snapshots, and the name of the first. */
async function withSnapshots(t: TestContext) {
  const stack = await startReplicaPair(t);
  const volumeId = await makeVolume(stack.controller, MiB, { parameters: { backend: 'rds1', pool: 'pool' } });
  await makeSnapshot(stack.controller, volumeId);
  const name = stack.simulator.device.pools()[0]?.subvolumes.find((one) => one.startsWith('snap-')) ?? '';
  await makeSnapshot(stack.controller, volumeId);
  return { stack, name };
}

/** A transfer of it that was begun with such settings, and has failed. */
async function leaveRow(stack: ReplicaStack, name: string, settings: string): Promise<void> {
  const row = `type=send fs=pool send-subvolumes="${name}" ssh-receive-mount=copies ${settings}`;
  await change(stack.simulator, `/disk/btrfs/transfer add ${row}`);
  await until(async () => !/ (waiting|in progress)$/.test(await stack.transfers()));
}

/** Looks after copies until each snapshot has one, as hours go by. */
async function copyAll(stack: ReplicaStack): Promise<void> {
  let now = 0;
  const replicator = await stack.replicator({ now: () => now });
  await until(async () => {
    now += 3_600_000;
    const { missing, sending } = await replicator.pass({ signal: AbortSignal.timeout(10_000) });
    return missing.length === 0 && sending === undefined;
  });
}

test('no snapshot was copied any more after the account of the replica was changed while one was sent', async (t) => {
  const { stack, name } = await withSnapshots(t);
  await leaveRow(stack, name, `ssh-address=127.0.0.1 ssh-port=${stack.far.port} ssh-user=formerly`);
  await copyAll(stack);
  assert.equal(await stack.transfers(), '');
});

test('a snapshot was not copied after the address of the replica was changed while it was sent', async (t) => {
  const { stack, name } = await withSnapshots(t);
  await leaveRow(stack, name, 'ssh-address=127.0.0.2 ssh-port=1 ssh-user=receive');
  await change(stack.far, `/disk/btrfs/subvolume add fs=copies name="${name}"`);
  await copyAll(stack);
  assert.match(await stack.transfers(), /^\S+ ssh: could not connect$/, 'what goes elsewhere is left alone');
});

test('a transfer that is done while nothing has come was said to have failed with the word done', async (t) => {
  const { stack, name } = await withSnapshots(t);
  const failed: string[] = [];
  const observer = { failed: (_pair: unknown, _name: string, why: string) => void failed.push(why) };
  const replicator = await stack.replicator({ observer });
  const pass = () => replicator.pass({ signal: AbortSignal.timeout(10_000) });
  await pass();
  await until(async () => (await stack.transfers()) === `${name} done`);
  await change(stack.far, `/disk/btrfs/subvolume remove [find where name="${name}"]`);
  await until(async () => (await pass()) && failed.length > 0);
  assert.match(failed.join(), /^the RDS says "done", and no whole copy is in the replica pool: does the address/);
});

test('a snapshot that was deleted while it was sent is said to have failed by no one', async (t) => {
  const { stack, name } = await withSnapshots(t);
  const failed: string[] = [];
  const observer = { failed: (_pair: unknown, one: string) => void failed.push(one) };
  const replicator = await stack.replicator({ observer });
  const pass = () => replicator.pass({ signal: AbortSignal.timeout(10_000) });
  await pass();
  await until(async () => (await stack.transfers()) === `${name} done`);
  await change(stack.simulator, `/disk/btrfs/subvolume remove [find where name="${name}"]`);
  await until(async () => {
    const { missing, sending } = await pass();
    return missing.length === 0 && sending === undefined;
  });
  assert.deepEqual(failed, []);
});
