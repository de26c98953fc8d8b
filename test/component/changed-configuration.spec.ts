/** What becomes of volumes that are there when the configuration is changed, or what it describes (docs/guides/upgrade.md). */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulate.ts';
import { MiB, makeSnapshot, makeVolume, node, publish, refused, unpublish } from '../support/calls.ts';
import { change, slots, subvolumes } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { twoPools } from '../support/pools.ts';
import { SimulatorApi } from '../support/simulator-api.ts';
import { type Stack, startStack } from '../support/stack.ts';

type Settings = Readonly<Record<string, unknown>> & {
  readonly ssh: object;
  readonly pools: readonly Readonly<Record<string, unknown>>[];
};

async function backendOf({ configFile }: Stack): Promise<Settings> {
  const { backends }: { readonly backends: readonly Settings[] } = JSON.parse(await readFile(configFile, 'utf8'));
  return backends[0] ?? assert.fail();
}

/** The RDS as it is when it mounts its first pool elsewhere, and a controller that is told so. */
async function mountedElsewhere(t: TestContext, stack: Stack) {
  const { simulatorOptions } = stack;
  const [first, ...others] = simulatorOptions.pools;
  assert.ok(first);
  await stack.simulator.close();
  const simulator: Simulator = await startSimulator({
    ...simulatorOptions,
    listen: { host: '127.0.0.1', port: stack.simulator.port },
    pools: [{ ...first, mountPoint: 'moved' }, ...others],
  });
  t.after(() => simulator.close());
  const backend = await backendOf(stack);
  const ssh = { ...backend.ssh, hostKeys: [simulator.hostKeyFingerprint] };
  const pools = backend.pools.map((pool) => (pool['label'] === first.label ? { ...pool, mountPoint: 'moved' } : pool));
  const controller = await stack.anotherController({ backends: [{ ...backend, ssh, pools }] });
  return { simulator, controller };
}

test('a pool that is mounted elsewhere: nothing is changed, and the way out of the guide brings every volume back', async (t) => {
  const stack = await startStack(t, twoPools);
  const volumeId = await makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } });
  const unused = await makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } });
  await write(stack, volumeId, 0, pattern('precious'));
  await publish(stack.controller, volumeId);
  const { simulator, controller } = await mountedElsewhere(t, stack);
  const before = subvolumes(simulator);
  for (const id of [volumeId, unused]) {
    await refused(publish(controller, id), 'FAILED_PRECONDITION', /nvme-pool\/pvc-\S+\/volume\.img.*\[RC-SLOT\]$/);
    await refused(makeSnapshot(controller, id), 'FAILED_PRECONDITION', /\[RC-SLOT\]$/);
    await refused(controller.deleteVolume({ volumeId: id }), 'UNAVAILABLE', /\[RC-POOL\]$/);
  }
  assert.deepEqual(subvolumes(simulator), before);
  await unpublish(controller, volumeId);
  for (const slot of await slots(simulator)) {
    await change(simulator, `/disk/remove [find where slot="${slot}" and !nvme-tcp-export and file-path~"nvme-pool/"]`);
  }
  assert.deepEqual(subvolumes(simulator), before);
  await publish(controller, volumeId, node(2));
  await unpublish(controller, volumeId, node(2));
  const api = new SimulatorApi(simulator.apiSocket);
  t.after(() => api.close());
  assert.deepEqual(await readAll({ simulator, api }, volumeId), pattern('precious'));
  await controller.deleteVolume({ volumeId: unused });
  assert.equal(subvolumes(simulator).length, 1);
});

test('a reserve that nothing fits beside any more refuses what takes room, and nothing that gives it back', async (t) => {
  const stack = await startStack(t);
  const [volumeId, other] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  await publish(stack.controller, volumeId);
  const backends = [{ ...(await backendOf(stack)), reserve: '900Ti', overCommitRatio: 1 }];
  const controller = await stack.anotherController({ backends });
  const capacityRange = { requiredBytes: 2n * MiB };
  await refused(makeVolume(controller, MiB), 'RESOURCE_EXHAUSTED', /\[RC-SPACE\]$/);
  await refused(makeSnapshot(controller, volumeId), 'RESOURCE_EXHAUSTED', /\[RC-SPACE\]$/);
  await refused(controller.controllerExpandVolume({ volumeId, capacityRange }), 'OUT_OF_RANGE', /\[RC-SPACE\]$/);
  await publish(controller, other, node(2));
  await unpublish(controller, other, node(2));
  await unpublish(controller, volumeId);
  await controller.deleteSnapshot({ snapshotId });
  for (const id of [volumeId, other]) await controller.deleteVolume({ volumeId: id });
  assert.deepEqual([subvolumes(stack.simulator), await slots(stack.simulator)], [[], []]);
});
