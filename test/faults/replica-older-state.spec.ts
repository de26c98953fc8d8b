/** An RDS that comes back with an older state, as from an image of its disks: what came after it is on the second RDS only. */
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Simulator, startSimulator } from '../../src/simulator/simulate.ts';
import { MiB, makeSnapshot, makeVolume, outcome, volumeName } from '../support/calls.ts';
import { look } from '../support/console.ts';
import { pattern, readAll, write } from '../support/images.ts';
import { startReplicaPair } from '../support/replica-pair.ts';
import { fromSnapshot, volumeRequest } from '../support/requests.ts';
import { SimulatorApi } from '../support/simulator-api.ts';
import { until } from '../support/until.ts';

const NEAR = { parameters: { backend: 'rds1', pool: 'pool' } };
const FAR = { parameters: { backend: 'rds2', pool: 'copies' } };
const BYTES = 4n * MiB;

test('copies of what an RDS has lost with its newer state are there, and newer snapshots are copied beside them', async (t) => {
  const stack = await startReplicaPair(t, { idleMs: 20, bothWays: true });
  const { controller, simulatorOptions } = stack;
  const { stateDir } = simulatorOptions;
  const image = join(stack.directory, 'image');
  let near = { simulator: stack.simulator, api: stack.api };
  const start = async () => {
    const simulator = await startSimulator({
      ...simulatorOptions,
      listen: { host: '127.0.0.1', port: near.simulator.port },
    });
    const api = new SimulatorApi(simulator.apiSocket);
    t.after(async () => {
      api.close();
      await simulator.close();
    });
    near = { simulator, api };
    await until(async () => (await outcome(controller.getCapacity(NEAR))) === 'OK', 30_000);
  };
  const counted = (rds: Simulator, path: string, condition: string) =>
    look(rds, `:put [:len [/disk/btrfs/${path} find where ${condition}]]`);
  /** Takes a snapshot of what is in the volume, and waits until so many have copies and nothing is being sent. */
  const snapshot = async (volumeId: string, text: string, count: number) => {
    await write(near, volumeId, 0, pattern(text, 65_536));
    const content = await readAll(near, volumeId);
    const snapshotId = await makeSnapshot(controller, volumeId);
    await until(async () => {
      const whole = await counted(stack.far, 'subvolume', 'read-only=yes and received-uuid~"[1-9a-f]"');
      return whole === `${count}` && (await counted(near.simulator, 'transfer', 'type=send')) === '0';
    }, 30_000);
    return { snapshotId, content };
  };
  const restored = async (snapshotId: string) => {
    const request = volumeRequest(volumeName(), BYTES, { ...fromSnapshot(snapshotId), ...FAR });
    await until(async () => (await outcome(controller.createVolume(request))) === 'OK', 30_000);
    const { volume } = await controller.createVolume(request);
    return await readAll({ simulator: stack.far, api: stack.farApi }, volume?.volumeId ?? '');
  };

  const volumeId = await makeVolume(controller, BYTES, NEAR);
  const first = await snapshot(volumeId, 'first', 1);
  await near.simulator.close();
  await cp(stateDir, image, { recursive: true });
  await start();
  const lost = await snapshot(volumeId, 'lost', 2);
  await near.simulator.close();
  await rm(stateDir, { recursive: true });
  await cp(image, stateDir, { recursive: true });
  await start();

  assert.equal(await outcome(controller.getSnapshot({ snapshotId: lost.snapshotId })), 'NOT_FOUND');
  const later = await snapshot(volumeId, 'later', 3);
  for (const { snapshotId, content } of [first, lost, later])
    assert.ok((await restored(snapshotId)).equals(content), snapshotId);
});
