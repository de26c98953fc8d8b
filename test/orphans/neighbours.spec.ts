import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { deleteObjects } from '../../src/orphans/command/delete.ts';
import { openOrphans } from '../../src/orphans/command/open.ts';
import { compare } from '../../src/orphans/comparison.ts';
import { identity } from '../../src/storage/ids.ts';
import { MiB, makeSnapshot, makeVolume, publish } from '../support/calls.ts';
import { change, inventory, look } from '../support/console.ts';
import type { Stack } from '../support/stack.ts';
import { CLUSTER_ID } from '../support/stack.ts';
import { DRIVER, emptySubvolume, type Fixture, GRACE_MS, loseDiskItem, startFixture } from './fixture.ts';

const OWNER = identity(DRIVER, CLUSTER_ID, []).owner;
const call = { signal: AbortSignal.timeout(60_000) };

/** What users, other clusters and other drivers have on a pool; returns ids that look like ours. */
async function settle(stack: Stack): Promise<string[]> {
  const { simulator } = stack;
  const [uuid, other] = [crypto.randomUUID(), await stack.anotherController({ clusterId: 'another-cluster' })];
  const volume = await makeVolume(other, MiB);
  const snapshot = await makeSnapshot(other, volume);
  await publish(other, volume);
  const partial = await emptySubvolume(stack, 'another-cluster');
  const reset = await makeVolume(other, MiB);
  await loseDiskItem(stack, reset);
  const names = [
    'Documents',
    'Documents-monday',
    'snap-old',
    'snap-',
    'pvc-x',
    'pvc-',
    `pvc-${uuid}`,
    `snap-${uuid}`,
    `snap-${uuid}-${OWNER}-daily`,
    `pvc-${uuid}-${OWNER}-manual`,
    `snap-${uuid}-${OWNER}`,
    `pvc-${uuid}-${OWNER}-x0-1`,
    `PVC-${uuid}-${OWNER}-n00000000-0000-0000-0000-000000000000-1`,
    `my-snap-${uuid}-${OWNER}-${uuid}-1790000000-1`,
  ];
  for (const name of names) await change(simulator, `/disk/btrfs/subvolume add fs=pool name="${name}"`);
  await change(simulator, '/disk/btrfs/subvolume add fs=pool parent=Documents name=Documents-by-hand read-only=yes');
  await change(simulator, '/file add name="pool/Documents/thesis.txt" contents="years of work"');
  // Another driver's: an image in a directory, with a slot like ours; a slot like ours on an image of a user.
  const disks = [`pvc-${uuid.replaceAll('-', '').slice(0, 28)}`, 'csi-0123456789abcdef0123456789ab', 'file-pool-disk'];
  for (const slot of disks) {
    await change(
      simulator,
      `/disk add type=file slot=${slot} file-path="/pool/Documents/${slot}.img" file-size=1M \
mount-filesystem=no nvme-tcp-server-nqn="nqn.2000-02.com.mikrotik:${slot}" nvme-tcp-export=yes comment="keep out"`,
    );
  }
  return [volume, snapshot, partial, reset, `rds1:pvc-${uuid}`, `rds1:snap-${uuid}`];
}

/** Everything that could change of it, as the console shows it. */
async function picture({ simulator }: Stack): Promise<string[]> {
  const menus = ['/disk print detail where type=file', '/disk/btrfs/subvolume print detail', '/file print detail'];
  return [...(await inventory(simulator)), ...(await Promise.all(menus.map((line) => look(simulator, line))))];
}

async function open(t: TestContext, { stack, api }: Fixture) {
  const kubeconfig = join(stack.directory, 'kubeconfig');
  await writeFile(kubeconfig, api.kubeconfig());
  const opened = await openOrphans({ config: stack.configFile, kubeconfig });
  t.after(() => opened.close());
  return opened;
}

test('whatever belongs to others is neither reported nor touched, by report, controller, adopt or delete', async (t) => {
  const fixture = await startFixture(t, { deletePartial: true });
  const { stack, told, refer, passAfter } = fixture;
  const kept = await makeVolume(stack.controller, MiB);
  refer(kept);
  const theirs = await settle(stack);
  const before = await picture(stack);

  await passAfter(0);
  for (let pass = 0; pass < 3; pass += 1) assert.equal(await passAfter(GRACE_MS), 'done');
  assert.deepEqual(told.orphans, []);
  assert.deepEqual([...told.removed, ...told.failed], []);

  const opened = await open(t, fixture);
  const view = await opened.view();
  assert.ok(view);
  const { objects, orphans, unseen } = compare(await opened.inventory(), view, DRIVER);
  assert.deepEqual(
    objects.map(({ id }) => id),
    [kept],
  );
  assert.deepEqual([...orphans, ...unseen], []);
  const results = await deleteObjects(opened, theirs, { yes: true, tell: () => undefined, ask: async () => 'yes' });
  for (const { id, outcome, reason } of results) {
    assert.equal(outcome, 'refused', id);
    assert.match(reason ?? '', /not on the backends under the owners of this cluster/);
  }
  for (const id of theirs.filter((one) => one.includes(':pvc-'))) {
    await assert.rejects(fixture.storage.discardPartial(id, call), { name: 'StorageError' }, id);
  }
  assert.deepEqual(await picture(stack), before);
});

test('a snapshot of ours without a content, as a backup tool leaves it, is reported and never removed', async (t) => {
  const fixture = await startFixture(t, { deletePartial: true });
  const { stack, told, refer, passAfter } = fixture;
  const volume = await makeVolume(stack.controller, MiB);
  refer(volume);
  const left = await makeSnapshot(stack.controller, volume);
  await settle(stack);
  const before = await picture(stack);
  await passAfter(0);
  for (let pass = 0; pass < 3; pass += 1) await passAfter(GRACE_MS);
  assert.deepEqual(
    told.orphans.map(({ id, kind }) => [id, kind]),
    [[left, 'snapshot']],
  );
  assert.deepEqual(await picture(stack), before);
});

test('what was deleted is gone, and nothing else has changed', async (t) => {
  const fixture = await startFixture(t);
  const { stack, refer } = fixture;
  const kept = await makeVolume(stack.controller, MiB);
  refer(kept);
  await settle(stack);
  const before = await picture(stack);
  const doomed = await makeVolume(stack.controller, MiB);
  const snapshot = await makeSnapshot(stack.controller, kept);
  const opened = await open(t, fixture);
  const results = await deleteObjects(opened, [doomed, snapshot], {
    yes: true,
    tell: () => undefined,
    ask: assert.fail,
  });
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ['deleted', 'deleted'],
  );
  assert.deepEqual(await picture(stack), before);
});
