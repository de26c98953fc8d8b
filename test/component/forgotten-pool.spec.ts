import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, outcome, refused } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { twoPools } from '../support/pools.ts';
import { receive } from '../support/received.ts';
import { type Stack, startStack } from '../support/stack.ts';

interface Document {
  readonly backends: readonly { readonly pools: readonly { readonly label: string }[] }[];
}

/** A second controller whose configuration has this pool alone. */
async function knowingOnly(stack: Stack, label: string) {
  const { backends }: Document = JSON.parse(await readFile(stack.configFile, 'utf8'));
  const [backend] = backends;
  const pools = backend?.pools.filter((pool) => pool.label === label);
  return await stack.anotherController({ backends: [{ ...backend, pools }] });
}

test('what is in a pool that was taken out of the configuration is not deleted, and not said to be', async (t) => {
  const stack = await startStack(t, twoPools);
  const volumeId = await makeVolume(stack.controller, MiB, { parameters: { pool: 'cold' } });
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  const before = await inventory(stack.simulator);
  const forgetful = await knowingOnly(stack, 'pool');
  for (const remove of [() => forgetful.deleteVolume({ volumeId }), () => forgetful.deleteSnapshot({ snapshotId })]) {
    await refused(remove(), 'UNAVAILABLE', /cold is not configured/);
  }
  assert.deepEqual(await inventory(stack.simulator), before);
  assert.equal(await outcome(stack.controller.deleteSnapshot({ snapshotId })), 'OK');
  assert.equal(await outcome(stack.controller.deleteVolume({ volumeId })), 'OK');
});

test('half of a copy was taken for the volume whose pool is not configured any more, and its deletion was said to be done', async (t) => {
  const stack = await startStack(t, twoPools);
  const volumeId = await makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } });
  await receive(stack, volumeId, false);
  const before = await inventory(stack.simulator);
  const forgetful = await knowingOnly(stack, 'cold');
  assert.equal(await outcome(forgetful.deleteVolume({ volumeId })), 'FAILED_PRECONDITION');
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('a disk item that leads into a pool which is away was removed, and the volume said to be gone', async (t) => {
  const stack = await startStack(t, twoPools);
  const { simulator } = stack;
  const volumeId = await makeVolume(stack.controller, MiB, { parameters: { pool: 'pool' } });
  const forgetful = await knowingOnly(stack, 'cold');
  simulator.faults.setPool({ pool: 'pool', mounted: false });
  await refused(forgetful.deleteVolume({ volumeId }), 'UNAVAILABLE', /nvme-pool.*\[RC-POOL\]$/);
  simulator.faults.setPool({ pool: 'pool', mounted: true });
  assert.equal(await outcome(stack.controller.deleteVolume({ volumeId })), 'OK');
});
