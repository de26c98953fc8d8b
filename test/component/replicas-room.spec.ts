/** A replica pool that has no room. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, refused, volumeName } from '../support/calls.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { type ReplicaPairOptions, startReplicaPair } from '../support/replica-pair.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';

const BYTES = 4n * MiB;
const FAR = { parameters: { backend: 'rds2', pool: 'copies' } };

async function withSnapshot(t: TestContext, options: ReplicaPairOptions = {}) {
  const stack = await startReplicaPair(t, options);
  const volumeId = await makeVolume(stack.controller, BYTES, { parameters: { backend: 'rds1', pool: 'pool' } });
  await write(stack, volumeId, 0, pattern('first', 2 * 1024 ** 2));
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  const claim = () =>
    stack.controller.createVolume(volumeRequest(volumeName(), BYTES, { ...fromSnapshot(snapshotId), ...FAR }));
  return { stack, volumeId, claim };
}

test('copies took the room that the reserve keeps free for the volumes of the second RDS', async (t) => {
  const { stack, claim } = await withSnapshot(t, { farReserve: '2TiB' });
  await refused(
    claim(),
    'UNAVAILABLE',
    /pool has \S+ [GT]iB(?: \(\d+ bytes\))? free, 2 TiB needed with the reserve.*\[DRV-TRANSFER\]$/,
  );
  assert.deepEqual([stack.copies(), await stack.transfers()], [[], '']);
});

test('where the pool becomes full in the midst of a transfer, nothing is left of it, and it is sent again when there is room', async (t) => {
  const { stack, volumeId, claim } = await withSnapshot(t);
  const at = { path: '/disk/btrfs/transfer', command: 'receive', nth: 8 };
  const stall = stack.far.faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: false });
  let now = 0;
  const failed: string[] = [];
  const observer = { failed: (_pair: unknown, _name: string, why: string) => void failed.push(why) };
  const replicator = await stack.replicator({ now: () => now, observer });
  const pass = () => replicator.pass({ signal: AbortSignal.timeout(10_000) });
  await pass();
  await until(async () => stall.standing === 1);
  stack.far.faults.setPool({ pool: 'copies', full: true });
  stall.release();
  await until(async () => (await pass()) && stack.copies().length === 0);
  assert.match(failed.join(), /No space left on device/i);
  for (let time = 0; time < 3; time += 1) {
    now += 3_600_000;
    await pass();
    assert.deepEqual([stack.copies(), await stack.transfers()], [[], ''], 'not while it is full');
  }
  stack.far.faults.setPool({ pool: 'copies', full: false });
  await until(async () => {
    now += 3_600_000;
    return (await pass()).missing.length === 0;
  });
  const { volume } = await claim();
  const restored = await readAll({ simulator: stack.far, api: stack.farApi }, volume?.volumeId ?? '');
  assert.ok(restored.equals(await readAll(stack, volumeId)));
});
