/** What a controller tells Kubernetes of volumes that are not well, from gRPC to the RDS. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { VolumeHealthErrorType as Type } from '../../src/csi/gen/csi_pb.js';
import type { PoolCondition } from '../../src/simulator/faults/fault.ts';
import { MiB, makeSnapshot, makeVolume, outcome, publish, refused, volumeName } from '../support/calls.ts';
import { change } from '../support/console.ts';
import { Faults } from '../support/faults.ts';
import { twoPools } from '../support/pools.ts';
import { fromSnapshot } from '../support/requests.ts';
import { type Stack, startStack } from '../support/stack.ts';

/** The reasons that are reported of a volume, each behind how bad it is. */
async function reasons({ controller }: Stack, volumeId: string): Promise<string[]> {
  const { volumeHealth } = await controller.controllerGetVolumeHealth({ volumeId });
  assert.equal(volumeHealth?.volumeId, volumeId);
  return volumeHealth.healthStatuses.map(({ status, reason }) => `${Type[status]} ${reason}`);
}

/** All volumes that are listed as not well, with their reasons. */
async function listed({ controller }: Stack, maxEntries = 0): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  let startingToken = '';
  do {
    const page = await controller.controllerListVolumeHealth({ maxEntries, startingToken });
    assert.ok(maxEntries === 0 || page.entries.length <= maxEntries);
    for (const { volumeId, healthStatuses } of page.entries) {
      assert.ok(!(volumeId in found), `${volumeId} twice`);
      found[volumeId] = healthStatuses.map(({ reason }) => reason);
    }
    startingToken = page.nextToken;
  } while (startingToken !== '');
  return found;
}

test('a volume as it should be has no condition, whether published or not', async (t) => {
  const stack = await startStack(t);
  const volumeId = await makeVolume(stack.controller);
  assert.deepEqual([await reasons(stack, volumeId), await listed(stack)], [[], {}]);
  await publish(stack.controller, volumeId);
  const restored = await makeVolume(
    stack.controller,
    4n * MiB,
    fromSnapshot(await makeSnapshot(stack.controller, volumeId)),
  );
  assert.deepEqual([await reasons(stack, volumeId), await reasons(stack, restored), await listed(stack)], [[], [], {}]);
});

const TROUBLES: readonly (readonly [what: string, reason: string, trouble: (stack: Stack) => Promise<void>])[] = [
  [
    'whose export someone, or a restart, has turned off',
    'INACCESSIBLE ExportLost',
    ({ simulator }) => change(simulator, '/disk/set [find where type=file] nvme-tcp-export=no'),
  ],
  [
    'whose disk item a reset of the router has taken',
    'INACCESSIBLE DiskItemLost',
    ({ simulator }) => change(simulator, '/disk/remove [find where type=file]'),
  ],
  [
    'whose image someone has cut off',
    'DATA_LOSS ImageSmaller',
    async ({ simulator }) => {
      simulator.quirks.set(['shrink-truncates']);
      await change(simulator, `/disk/set [find where type=file] file-size=${MiB}`);
    },
  ],
];

for (const [what, reason, trouble] of TROUBLES) {
  test(`a volume ${what} is reported until it is well again`, async (t) => {
    const stack = await startStack(t);
    const volumeId = await makeVolume(stack.controller, 4n * MiB);
    await publish(stack.controller, volumeId);
    await trouble(stack);
    assert.deepEqual(await reasons(stack, volumeId), [reason]);
    assert.deepEqual(await listed(stack), { [volumeId]: [reason.split(' ')[1]] });
    if (reason.endsWith('ImageSmaller'))
      await change(stack.simulator, `/disk/set [find where type=file] file-size=${4n * MiB}`);
    else await publish(stack.controller, volumeId);
    assert.deepEqual([await reasons(stack, volumeId), await listed(stack)], [[], {}]);
  });
}

test('a volume that is gone is NOT_FOUND, and one on an RDS that does not answer is no condition', async (t) => {
  const stack = await startStack(t);
  const ask = (volumeId: string) => stack.controller.controllerGetVolumeHealth({ volumeId });
  const volumeId = await makeVolume(stack.controller);
  await refused(ask(`rds1:${volumeName()}`), 'NOT_FOUND', /\[RC-NOVOL\]$/);
  await refused(ask('nonsense'), 'NOT_FOUND', /\[DRV-ABSENT\]$/);
  await refused(ask(`rds9:${volumeName()}`), 'UNAVAILABLE', /\[DRV-BACKEND\]$/);
  await stack.api.setPool({ pool: 'pool', mounted: false });
  await refused(ask(volumeId), 'UNAVAILABLE', /\[RC-POOL\]$/);
  assert.equal(await outcome(stack.controller.controllerListVolumeHealth({})), 'UNAVAILABLE');
});

const POOL_TROUBLES: readonly (readonly [string, Omit<PoolCondition, 'pool'>])[] = [
  ['PoolDeviceMissing', { missingDevice: true }],
  ['PoolDeviceErrors', { deviceErrors: 3 }],
  ['PoolDiskWarning', { criticalWarning: 4 }],
  ['PoolDiskErrors', { ioErrors: 7 }],
];

async function inTwoPools(t: TestContext) {
  const stack = await startStack(t, twoPools);
  const inPool = (pool: string) => makeVolume(stack.controller, MiB, { parameters: { pool } });
  return { stack, ill: await inPool('pool'), well: await inPool('cold') };
}

test('a pool that is not well degrades its volumes, and none of another pool', async (t) => {
  const { stack, ill, well } = await inTwoPools(t);
  for (const [reason, condition] of POOL_TROUBLES) {
    await stack.api.setPool({ pool: 'pool', ...condition });
    assert.deepEqual([await reasons(stack, ill), await reasons(stack, well)], [[`DEGRADED ${reason}`], []]);
    assert.deepEqual(await listed(stack), { [ill]: [reason] });
    await stack.api.clearFaults();
  }
  assert.deepEqual([await reasons(stack, ill), await listed(stack)], [[], {}]);
});

test('what an RDS does not show of its pools is unknown, and in other forms it is understood', async (t) => {
  const { stack, ill } = await inTwoPools(t);
  await stack.api.setPool({ pool: 'pool', missingDevice: true, deviceErrors: 3, criticalWarning: 4, ioErrors: 7 });
  const all = POOL_TROUBLES.map(([reason]) => `DEGRADED ${reason}`);
  const expected: Readonly<Record<string, readonly string[]>> = {
    'error-counters-per-device': all,
    'critical-warning-in-words': all,
    'json-numbers-as-text': all,
    'json-bools-as-words': all,
    'filesystem-health-unset': all.slice(2),
    'disk-health-unset': all.slice(0, 2),
  };
  for (const [quirk, known] of Object.entries(expected)) {
    await stack.api.setQuirks([quirk]);
    assert.deepEqual(await reasons(stack, ill), known, quirk);
  }
  await stack.api.setQuirks(['filesystem-health-unset', 'disk-health-unset']);
  assert.deepEqual([await reasons(stack, ill), await listed(stack)], [[], {}]);
});

test('a volume in which someone has made a filesystem with the label of the pool is no disk of it', async (t) => {
  const { stack, ill } = await inTwoPools(t);
  const menu = stack.simulator.device.menus.find('/disk');
  assert.ok(menu);
  const rows = menu.rows.bind(menu);
  menu.rows = async (user) =>
    (await rows(user)).map((row) =>
      row.props.get('type') === 'file'
        ? { id: row.id, props: new Map([...row.props, ['fs-label', 'pool'], ['io-errors', 9n]]) }
        : row,
    );
  assert.deepEqual(await reasons(stack, ill), []);
});

test('the list goes from page to page, some of them empty, and asks one command a page and one for the pools', async (t) => {
  const { stack, ill, well } = await inTwoPools(t);
  const ids = [
    ill,
    ...(await Promise.all([1, 2, 3].map(() => makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } })))),
  ];
  await stack.api.setPool({ pool: 'pool', ioErrors: 1 });
  const execs = await stack.api.execs();
  const whole = await listed(stack);
  assert.equal((await stack.api.execs()) - execs, 3, 'the pools, and a page of each');
  assert.deepEqual(Object.keys(whole).toSorted(), ids.toSorted());
  assert.ok(!(well in whole));
  assert.deepEqual(await listed(stack, 1), whole);
  await refused(stack.controller.controllerListVolumeHealth({ startingToken: 'x' }), 'ABORTED', /\[DRV-TOKEN\]$/);
});

test('a volume that is being made was listed as one whose disk item is lost', async (t) => {
  const faults = new Faults();
  const stack = await startStack(t, { ssh: { maxInFlight: 2 }, simulator: { hooks: faults.hooks } });
  const gate = faults.hold({ path: '/disk', command: 'add' });
  const making = makeVolume(stack.controller, MiB);
  await gate.reached;
  assert.deepEqual(await listed(stack), {});
  gate.release();
  await making;
});
