import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { MiB, makeSnapshot, makeVolume } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { type CommandFixture, startCommandFixture } from './command-fixture.ts';
import { emptySubvolume, refer } from './fixture.ts';

async function reported({ run }: CommandFixture): Promise<{ readonly doubt?: string }> {
  const { code, stdout, stderr } = await run(['report', '--json']);
  assert.equal(code, 1, stderr);
  return JSON.parse(stdout) as { doubt?: string };
}

/** Deletes with `--yes`, and says yes to whatever is asked. */
async function deleted({ run }: CommandFixture, ...ids: readonly string[]) {
  return await run(['delete', '--yes', ...ids], 'yes\n'.repeat(9));
}

test('with the kubeconfig of another cluster that uses the driver, delete --yes deleted the volumes of this one', async (t) => {
  const command = await startCommandFixture(t);
  const { stack, api, run } = command;
  const volume = await makeVolume(stack.controller, MiB);
  const snapshot = await makeSnapshot(stack.controller, volume);
  refer(api, `rds1:pvc-${crypto.randomUUID()}`, `rds1:snap-${crypto.randomUUID()}`);
  const before = await inventory(stack.simulator);
  const { code, stdout } = await deleted(command, volume, snapshot);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /Type its id to delete it for good: .*: kept/s);
  assert.deepEqual(await inventory(stack.simulator), before);
  assert.match((await reported(command)).doubt ?? '', /refers to none of the 2 objects/);
  assert.match((await run(['report'])).stdout, /\nBEWARE: Kubernetes refers to none of the 2 objects/);
});

test('adopt printed without a word what another cluster than the one that was asked may use', async (t) => {
  const { stack, api, run } = await startCommandFixture(t);
  const [volume, known] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  refer(api, `rds1:pvc-${crypto.randomUUID()}`);
  const { code, stdout, stderr } = await run(['adopt', volume]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`volumeHandle: ${volume}\n`));
  assert.match(stderr, /^BEWARE: Kubernetes refers to none of the 2 objects .*\n.*still lives/s);
  refer(api, known);
  assert.equal((await run(['adopt', volume])).stderr, '');
});

test('delete --yes deleted the volumes of an adopted cluster that still lived, as this one referred to its own', async (t) => {
  const command = await startCommandFixture(t);
  const { stack, api } = command;
  const volume = await makeVolume(stack.controller, MiB);
  const [own, orphan] = [await emptySubvolume(stack, 'heir'), await emptySubvolume(stack, 'heir')];
  const document = JSON.parse(await readFile(stack.configFile, 'utf8')) as object;
  const heir = { ...document, clusterId: 'heir', adoptedClusterIds: ['component-tests'] };
  await writeFile(stack.configFile, JSON.stringify(heir));
  refer(api, own);
  const before = await inventory(stack.simulator);
  const { code, stdout } = await deleted(command, volume);
  assert.equal(code, 1, stdout);
  assert.deepEqual(await inventory(stack.simulator), before);
  assert.match((await reported(command)).doubt ?? '', /refers to none of the 1 objects/);
  assert.equal((await deleted(command, orphan)).code, 0, 'what is of this cluster is deleted as before');
});

test('a yes to what nothing referred to deleted it also when Kubernetes knew nothing any more at the second look', async (t) => {
  const command = await startCommandFixture(t);
  const { stack, api } = command;
  const [kept, orphan] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  refer(api, kept);
  const before = await inventory(stack.simulator);
  let lists = 0;
  api.trouble = ({ path }) => (path.endsWith('/persistentvolumes') && ++lists > 1 ? 'empty' : undefined);
  const { code, stdout } = await deleted(command, orphan);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /: refused: Kubernetes names no volume/);
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('delete believed an answer at its second look that was older than that at the first', async (t) => {
  const command = await startCommandFixture(t);
  const { stack, api } = command;
  const [kept, orphan] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  refer(api, kept);
  api.remember();
  api.put('volumeattachments', { metadata: { name: 'other' }, spec: { attacher: 'x', nodeName: 'n1', source: {} } });
  const before = await inventory(stack.simulator);
  let lists = 0;
  api.trouble = ({ path }) => (path.endsWith('/persistentvolumes') && ++lists > 1 ? 'stale' : undefined);
  const { code, stdout } = await deleted(command, orphan);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /: refused: the list of PersistentVolumes is of resource version .*ask again/);
  assert.deepEqual(await inventory(stack.simulator), before);
});

test('delete --yes deleted what another heir of the lost cluster had adopted', async (t) => {
  const command = await startCommandFixture(t);
  const { stack, api, run } = command;
  const [ours, theirs] = [await makeVolume(stack.controller, MiB), await makeVolume(stack.controller, MiB)];
  const document = JSON.parse(await readFile(stack.configFile, 'utf8')) as object;
  const heir = { ...document, clusterId: 'heir', adoptedClusterIds: ['component-tests'] };
  await writeFile(stack.configFile, JSON.stringify(heir));
  refer(api, ours);
  const before = await inventory(stack.simulator);
  const { code, stdout } = await deleted(command, theirs);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /adopted cluster component-tests.*another cluster.*Type its id/s);
  assert.deepEqual(await inventory(stack.simulator), before);
  assert.equal((await run(['delete', theirs], `${theirs}\n`)).code, 0);
});
