/** A script that the driver has given up may go on minutes later (docs/routeros.md, U22). What went wrong when it did. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Patience } from '../../src/app/backends.ts';
import type { Place } from '../../src/simulator/faults/fault.ts';
import type { ArmedFault } from '../../src/simulator/faults/fault-plan.ts';
import {
  MiB,
  makeSnapshot,
  makeVolume,
  node,
  outcome,
  publish,
  refused,
  snapshotName,
  unpublish,
  volumeName,
} from '../support/calls.ts';
import { subvolumes } from '../support/console.ts';
import { pattern } from '../support/images.ts';
import { LeapingClock } from '../support/leaping-clock.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { impatient } from './matrix/arena.ts';
import { bytesOf, loseItem } from './matrix/scenarios.ts';

test('a snapshot that the RDS came to too late was refused for good', async (t) => {
  const { stack, clock } = await start(t, 'the same process');
  const sourceVolumeId = await makeVolume(stack.controller, MiB);
  const at = { path: '/disk/btrfs/subvolume', command: 'add' };
  const stall = stack.simulator.faults.arm({ kind: 'stall', at, ms: 12_000, disconnect: false });
  const request = { name: snapshotName(), sourceVolumeId };
  const taken = refused(stack.controller.createSnapshot(request), 'UNAVAILABLE', /\[RDS-LATE\]$/);
  await until(async () => stall.standing === 1);
  clock.leap(12_000);
  await taken;
  await stack.controller.createSnapshot(request);
});

test('a claim that had not looked yet stayed on the record forever, since the next process ended it at once', async (t) => {
  const { stack, later, hold, letGo } = await start(t, 'another process', { hasPredecessor: true });
  const volumeId = await makeVolume(stack.controller, MiB);
  const stall = hold({ path: '/disk/btrfs/subvolume', command: 'print' });
  await given(stall, publish(stack.controller, volumeId, node(1)));
  await unpublish(later, volumeId, node(1));
  await letGo(stall);
  await publish(later, volumeId, node(2));
});

/** The same process waits until the script must not write any more; another one does not know of it. */
for (const who of ['the same process', 'another process'] as const) {
  test(`a stalled roll-back destroyed the volume that the repeat had completed in ${who}`, async (t) => {
    const { stack, later, hold, letGo } = await start(t, who);
    const source = await makeVolume(stack.controller, MiB);
    const request = volumeRequest(volumeName(), 2n * MiB, fromSnapshot(await makeSnapshot(stack.controller, source)));
    const growth = { path: '/disk', command: 'set', text: 'file-size=' };
    const refusal = stack.simulator.faults.arm({ kind: 'fail', at: growth, error: 'failure: no luck today' }, 2);
    const stall = hold({ path: '/disk/btrfs/subvolume', command: 'remove' });
    await given(stall, stack.controller.createVolume(request));
    refusal.disarm();
    const { volume } = await later.createVolume(request);
    const volumeId = volume?.volumeId ?? '';
    const { nqn = '' } = await publish(later, volumeId);
    await stack.api.write(nqn, 0, pattern('written by the pod'));
    await letGo(stall);
    assert.deepEqual(bytesOf(stack, volumeId).subarray(0, Number(MiB)), pattern('written by the pod'));
    assert.equal((await stack.api.namespace(nqn)).size, Number(2n * MiB));
  });

  test(`a stalled growth made a volume small again that ${who} had made larger`, async (t) => {
    const { stack, later, hold, letGo } = await start(t, who);
    const volumeId = await makeVolume(stack.controller, MiB);
    const expand = (controller: Stack['controller'], requiredBytes: bigint) =>
      controller.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes } });
    const stall = hold({ path: '/disk', command: 'set', text: 'file-size=' });
    await given(stall, expand(stack.controller, 2n * MiB));
    await expand(later, 4n * MiB);
    const { nqn = '' } = await publish(later, volumeId);
    await stack.api.write(nqn, Number(3n * MiB), pattern('written by the pod'));
    await letGo(stall);
    const bytes = bytesOf(stack, volumeId);
    assert.equal(bytes.length, Number(4n * MiB));
    assert.deepEqual(bytes.subarray(Number(3n * MiB)), pattern('written by the pod'));
  });

  test(`a stalled publication took the volume from the node that it had from ${who}`, async (t) => {
    const { stack, later, hold, letGo } = await start(t, who);
    const volumeId = await makeVolume(stack.controller, MiB);
    const stall = hold({ path: '/disk', command: 'set', text: 'comment=' });
    await given(stall, publish(stack.controller, volumeId, node(1)));
    await unpublish(later, volumeId, node(1));
    const { nqn = '' } = await publish(later, volumeId, node(2));
    await letGo(stall);
    assert.equal((await stack.api.namespace(nqn)).size, Number(MiB), 'the node keeps what it is connected to');
    const { status } = await later.controllerGetVolume({ volumeId });
    assert.deepEqual(status?.publishedNodeIds, [node(2)]);
  });

  test(`a stalled unpublication took the export of the next node, and ${who} deleted the volume under its pod`, async (t) => {
    const { stack, later, hold, letGo } = await start(t, who);
    const volumeId = await makeVolume(stack.controller, MiB);
    await publish(stack.controller, volumeId, node(1));
    const stall = hold({ path: '/disk', command: 'set', text: 'comment=' });
    await given(stall, unpublish(stack.controller, volumeId, node(1)));
    await unpublish(later, volumeId, node(1));
    const { nqn = '' } = await publish(later, volumeId, node(2));
    await stack.api.write(nqn, 0, pattern('written by the pod'));
    await letGo(stall);
    assert.equal((await stack.api.namespace(nqn)).size, Number(MiB), 'the node keeps what it is connected to');
    await refused(later.deleteVolume({ volumeId }), 'FAILED_PRECONDITION', /published/);
    assert.deepEqual(bytesOf(stack, volumeId), pattern('written by the pod'));
  });
}

test('an unpublication that stalled when it attached a lost disk item took the volume that another process had published', async (t) => {
  const { stack, later, hold, letGo } = await start(t, 'another process');
  const volumeId = await makeVolume(later, MiB);
  await loseItem(stack, volumeId);
  const stall = hold({ path: '/disk', command: 'add' });
  await given(stall, unpublish(stack.controller, volumeId));
  await unpublish(later, volumeId);
  const { nqn = '' } = await publish(later, volumeId);
  await letGo(stall);
  assert.equal((await stack.api.namespace(nqn)).size, Number(MiB), 'the node keeps what it is connected to');
});

/** Where a statement has looked up what it is about to change, and looks at the time: the script itself does so once before. */
const LOOKED: Place = { path: '/system/resource', command: 'get', nth: 2 };

test('a growth that stalled when it had looked made small again what the same process had made larger', async (t) => {
  const { stack, later, hold, letGo } = await start(t, 'the same process');
  const volumeId = await makeVolume(later, MiB);
  const expand = (requiredBytes: bigint) =>
    later.controllerExpandVolume({ volumeId, capacityRange: { requiredBytes } });
  const stall = hold(LOOKED);
  await given(stall, expand(2n * MiB));
  await expand(4n * MiB);
  await letGo(stall);
  assert.equal(bytesOf(stack, volumeId).length, Number(4n * MiB));
});

test('a publication that stalled when it had looked led the node elsewhere than its repeat had', async (t) => {
  const { stack, later, hold, letGo } = await start(t, 'the same process');
  const volumeId = await makeVolume(later, MiB);
  const stall = hold(LOOKED);
  await given(stall, publish(later, volumeId));
  const { nqn = '' } = await publish(later, volumeId);
  await letGo(stall);
  assert.equal((await stack.api.namespace(nqn)).size, Number(MiB));
});

test('a snapshot that stalled when it had looked made a second snapshot beside that of its repeat', async (t) => {
  let aheadMs = 0;
  const now = Date.now;
  t.mock.method(Date, 'now', () => now() + aheadMs);
  const { stack, later, hold, letGo } = await start(t, 'the same process');
  const request = { name: snapshotName(), sourceVolumeId: await makeVolume(later, MiB) };
  const stall = hold(LOOKED);
  await given(stall, later.createSnapshot(request));
  aheadMs = 2_000;
  await later.createSnapshot(request);
  await letGo(stall);
  assert.equal(subvolumes(stack.simulator).filter((name) => name.startsWith(request.name)).length, 1);
});

/** An RDS that does whatever it is told to, and who makes the later calls. */
async function start(t: TestContext, who: 'the same process' | 'another process', more: Patience = {}) {
  const clock = new LeapingClock();
  const quirks = ['removal-while-in-use', 'shrink-truncates'];
  const stack = await startStack(t, {
    patience: { ...impatient, ...more, clock },
    simulator: { clock: clock.rds, quirks },
  });
  const { simulator, controller } = stack;
  return {
    stack,
    clock,
    later: who === 'the same process' ? controller : await stack.anotherController(),
    /** The next such command stands still, and its connection dies. */
    hold: (at: Place) => simulator.faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: true }),
    /** The command goes on, to the end of its script. */
    async letGo(stall: ArmedFault) {
      assert.equal(stall.standing, 1);
      stall.release();
      await until(async () => simulator.running === 0);
    },
  };
}

/** The call is given up while its command stands still. */
async function given(stall: ArmedFault, call: Promise<unknown>): Promise<void> {
  assert.equal(await outcome(call), 'UNAVAILABLE');
  assert.equal(stall.standing, 1);
}
