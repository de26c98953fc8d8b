import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Patience } from '../../src/app/backends.ts';
import { defaultRetryPolicy } from '../../src/routeros/index.ts';
import { startSimulator } from '../../src/simulator/simulate.ts';
import { MiB, makeSnapshot, makeVolume, outcome, publish, refused, unpublish, volumeName } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { everyCall } from '../support/every-call.ts';
import { Faults, type StatementMatch } from '../support/faults.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { LeapingClock } from '../support/leaping-clock.ts';
import { COLD_UUID, twoPools } from '../support/pools.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { Wire } from '../support/wire.ts';

/** As the real one, in a shorter time. */
const patience: Patience = {
  retryPolicy: {
    rules: defaultRetryPolicy.rules.map((rule) => ({ ...rule, firstPauseMs: rule.firstPauseMs / 20, maxPauseMs: 100 })),
    budgetMs: 10_000,
  },
  breaker: { failures: 5, firstBreakMs: 20, maxBreakMs: 100 },
};

async function startWired(t: TestContext) {
  const wire = await Wire.open();
  t.after(() => wire.close());
  const faults = new Faults();
  return { ...(await startStack(t, { wire, patience, simulator: { hooks: faults.hooks } })), wire, faults };
}

test('an RDS that is down makes every call UNAVAILABLE in time, and serves again when it is back', async (t) => {
  const stack = await startWired(t);
  const volumeId = await makeVolume(stack.controller, 4n * MiB);
  await write(stack, volumeId, 0, pattern('kept'));
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  const before = await inventory(stack.simulator);
  stack.wire.cut();
  await stack.simulator.close();

  const calls = Object.entries(everyCall(stack, volumeId, snapshotId));
  const ends = await Promise.all(calls.map(async ([name, call]) => `${name} ${await outcome(call())}`));
  assert.deepEqual(
    ends,
    calls.map(([name]) => `${name} UNAVAILABLE`),
  );
  assert.equal((await stack.identity.probe({})).ready, true, 'the driver itself is well');

  const again = await startSimulator(stack.simulatorOptions);
  t.after(() => again.close());
  stack.wire.join(again.port);
  await until(async () => (await outcome(stack.controller.listVolumes({}))) === 'OK');
  assert.deepEqual(await inventory(again), before);
  const restored = await makeVolume(stack.controller, 4n * MiB, fromSnapshot(snapshotId));
  assert.deepEqual((await readAll({ ...stack, simulator: again }, restored)).subarray(0, 2 ** 20), pattern('kept'));
});

test('the same nonsense became an RDS that cannot be reached, once it was left alone for a moment', async (t) => {
  const once = { rules: [], budgetMs: 10_000 };
  const breaker = { failures: 1, firstBreakMs: 60_000, maxBreakMs: 60_000 };
  const stack = await startStack(t, { patience: { retryPolicy: once, breaker } });
  const volumeId = await makeVolume(stack.controller, MiB);
  await stack.api.arm({ kind: 'garbage', where: 'instead', text: 'hello' }, Number.POSITIVE_INFINITY);
  const sent = /^rds1:pvc-\S+: the RDS gave no complete answer: it printed only "hello"\. [^[]*\[RDS-UNKNOWN\]$/;
  const notSent =
    /^rds1:pvc-\S+: the RDS gave no complete answer: not sent, and no new attempt for up to 60 s; the last attempt failed: it printed only "hello"\. [^[]*\[RDS-UNKNOWN\]$/;
  await refused(stack.controller.controllerGetVolume({ volumeId }), 'UNAVAILABLE', sent);
  await refused(stack.controller.controllerGetVolume({ volumeId }), 'UNAVAILABLE', notSent);
  await refused(publish(stack.controller, volumeId), 'UNAVAILABLE', notSent);
});

test('of a command that was not sent it was said that it may have been carried out', async (t) => {
  const once = { rules: [], budgetMs: 10_000 };
  const breaker = { failures: 1, firstBreakMs: 60_000, maxBreakMs: 60_000 };
  const stack = await startStack(t, { patience: { retryPolicy: once, breaker } });
  await stack.api.arm({ kind: 'garbage', where: 'instead', text: 'hello' }, Number.POSITIVE_INFINITY);
  const list = () => stack.controller.listVolumes({});
  const remedy = /hello"\. Whatever was sent may have been carried out, so the next attempt reads the state first\. /;
  await refused(list(), 'UNAVAILABLE', remedy);
  await refused(list(), 'UNAVAILABLE', /: not sent, /);
  await refused(list(), 'UNAVAILABLE', remedy);
});

test('while one of two backends is down lists are UNAVAILABLE, never short, and the other RDS serves', async (t) => {
  const dead = await Wire.open();
  t.after(() => dead.close());
  const ssh = {
    host: '127.0.0.1',
    port: dead.port,
    user: 'csi',
    privateKeyFile: '/dev/null',
    hostKeys: [`SHA256:${'A'.repeat(43)}`],
  };
  const pools = [{ label: 'cold', uuid: COLD_UUID }];
  const { controller } = await startStack(t, { patience, moreBackends: [{ name: 'rds2', ssh, pools }] });
  const volumeId = await makeVolume(controller, MiB, { parameters: { backend: 'rds1' } });
  const snapshotId = await makeSnapshot(controller, volumeId);
  await refused(controller.listVolumes({}), 'UNAVAILABLE', /rds2/);
  await refused(controller.listSnapshots({}), 'UNAVAILABLE', /rds2/);
  await refused(controller.getCapacity({}), 'UNAVAILABLE', /rds2/);
  assert.equal((await controller.listSnapshots({ sourceVolumeId: volumeId })).entries.length, 1);
  assert.equal((await controller.listSnapshots({ snapshotId })).entries.length, 1);
  await controller.deleteSnapshot({ snapshotId });
  await controller.deleteVolume({ volumeId });
});

const LOSSES: Record<string, StatementMatch> = {
  'before the subvolume is made': { path: '/disk/btrfs/subvolume', command: 'add' },
  'before the image is attached': { path: '/disk', command: 'add' },
  'before the snapshot is taken': { path: '/disk/btrfs/subvolume', command: 'add', text: 'read-only=yes' },
  'before the export is turned on': { path: '/disk', command: 'set', text: 'nvme-tcp-export=yes' },
  'before the export is turned off': { path: '/disk', command: 'set', text: 'nvme-tcp-export=no' },
  'before the disk item is removed': { path: '/disk', command: 'remove' },
  'before the subvolume is removed': { path: '/disk/btrfs/subvolume', command: 'remove' },
};

for (const [when, target] of Object.entries(LOSSES)) {
  test(`a connection that is lost ${when} while the script runs on costs nothing but time`, async (t) => {
    const stack = await startWired(t);
    const { wire, faults, controller, simulator, api } = stack;
    faults.before(target, () => {
      wire.cut();
      wire.join(simulator.port);
    });
    const request = volumeRequest(volumeName(), MiB);
    const volumeId = `rds1:${request.name}`;
    await controller.createVolume(request);
    assert.equal((await inventory(simulator)).length, 2);
    const { nqn = '' } = await publish(controller, volumeId);
    await api.write(nqn, 0, pattern('kept'));
    const snapshotId = await makeSnapshot(controller, volumeId);
    await unpublish(controller, volumeId);
    const restored = await makeVolume(controller, MiB, fromSnapshot(snapshotId));
    assert.equal((await inventory(simulator)).length, 5);
    await controller.deleteVolume({ volumeId });
    assert.deepEqual(await readAll(stack, restored), pattern('kept'));
    await controller.deleteVolume({ volumeId: restored });
    await controller.deleteSnapshot({ snapshotId });
    assert.deepEqual(await inventory(simulator), []);
  });
}

test('a creation whose answer is lost is never rolled back: the retry completes it', async (t) => {
  const { wire, faults, controller, simulator } = await startWired(t);
  const request = volumeRequest(volumeName(), MiB);
  faults.before({ path: '/disk', command: 'add' }, () => {
    wire.cut();
    wire.join(simulator.port);
    throw new Error('the script dies with its connection');
  });
  faults.fail({ path: '/disk', command: 'add' });
  assert.equal(await outcome(controller.createVolume(request)), 'UNAVAILABLE');
  assert.equal((await inventory(simulator)).length, 1);
  assert.ok(!faults.seen.includes('/disk/btrfs/subvolume remove'));
  faults.heal();
  const { volume } = await controller.createVolume(request);
  assert.equal(volume?.capacityBytes, MiB);
  assert.equal((await inventory(simulator)).length, 2);
});

test('a creation that was given up in one pool was no repeat of the one in another, and made a second volume', async (t) => {
  const clock = new LeapingClock();
  const simulatorOptions = { ...twoPools.simulator, clock: clock.rds };
  const retryPolicy = { ...defaultRetryPolicy, rules: [] };
  const { controller, simulator } = await startStack(t, {
    ...twoPools,
    simulator: simulatorOptions,
    patience: { ...patience, retryPolicy, clock },
  });
  const request = volumeRequest(volumeName(), MiB);
  const at = { path: '/disk/btrfs/subvolume', command: 'add' };
  const stall = simulator.faults.arm({ kind: 'stall', at, ms: 'untilReleased', disconnect: true });
  assert.equal(await outcome(controller.createVolume({ ...request, parameters: { pool: 'pool' } })), 'UNAVAILABLE');
  await controller.createVolume({ ...request, parameters: { pool: 'cold' } });
  stall.release();
  await until(async () => stall.standing === 0);
  await controller.listVolumes({});
  assert.equal((await inventory(simulator)).length, 2);
});
