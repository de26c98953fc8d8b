import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume, outcome, refused } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { twoPools } from '../support/pools.ts';
import { startStack } from '../support/stack.ts';

interface Document {
  readonly backends: readonly { readonly pools: readonly { readonly label: string }[] }[];
}

test('what is in a pool that was taken out of the configuration is not deleted, and not said to be', async (t) => {
  const stack = await startStack(t, twoPools);
  const volumeId = await makeVolume(stack.controller, MiB, { parameters: { pool: 'cold' } });
  const snapshotId = await makeSnapshot(stack.controller, volumeId);
  const before = await inventory(stack.simulator);
  const { backends }: Document = JSON.parse(await readFile(stack.configFile, 'utf8'));
  const [backend] = backends;
  const pools = backend?.pools.filter(({ label }) => label === 'pool');
  const forgetful = await stack.anotherController({ backends: [{ ...backend, pools }] });
  for (const remove of [() => forgetful.deleteVolume({ volumeId }), () => forgetful.deleteSnapshot({ snapshotId })]) {
    await refused(remove(), 'UNAVAILABLE', /cold is not configured/);
  }
  assert.deepEqual(await inventory(stack.simulator), before);
  assert.equal(await outcome(stack.controller.deleteSnapshot({ snapshotId })), 'OK');
  assert.equal(await outcome(stack.controller.deleteVolume({ volumeId })), 'OK');
});
