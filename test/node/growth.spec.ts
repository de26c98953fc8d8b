/** A filesystem that is damaged, or does not grow, must not lock its volume. */
import assert from 'node:assert/strict';
import { readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scrape } from '../metrics/scrape.ts';
import { makeSnapshot, refused } from '../support/calls.ts';
import { KubernetesApi } from '../support/kubernetes-api.ts';
import { fromSnapshot } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { type Claim, type Fixture, MiB, run, SIZES, startFixture } from './fixture.ts';
import { pretend } from './pretend.ts';

async function eventful(t: TestContext) {
  const api = await KubernetesApi.start(t);
  const fixture = await startFixture(t, { access: api.access, config: { events: { enabled: false } } });
  return fixture && { fixture, reasons: () => api.events().map(({ reason }) => reason) };
}

async function used(fixture: Fixture, kind: 'ext4' | 'xfs'): Promise<Claim> {
  const claim = await fixture.claim(kind);
  writeFileSync(join(await fixture.node.mount(claim), 'data'), 'precious', { flush: true });
  await fixture.node.unmount(claim);
  return claim;
}

/** Works on the device of a volume that is not in use, as what damages it does. */
async function onDevice({ node, loops, controller }: Fixture, { volumeId }: Claim, work: (device: string) => unknown) {
  const { nqn = '' } = await node.controllerPublish({ volumeId, kind: 'ext4', volumeContext: {} });
  const { device } = await loops.attach(nqn, 'the test');
  work(device);
  run('sync');
  await loops.detach(nqn, 'the test');
  await controller.controllerUnpublishVolume({ volumeId, nodeId: node.nodeId });
}

test('an ext4 with a recorded error must be repaired before it is mounted: with one it is never grown', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await used(fixture, 'ext4');
  await onDevice(fixture, claim, (device) => run('debugfs', '-w', '-R', 'set_super_value state 2', device));
  const state = () => /Filesystem state: +(.*)/.exec(run('dumpe2fs', '-h', node.mounts()[0]?.source ?? ''))?.[1];
  assert.equal(readFileSync(join(await node.mount(claim), 'data'), 'utf8'), 'precious');
  assert.equal(state(), 'clean');
});

test('an ext4 that e2fsck does not repair by itself is not mounted, and can be repaired as a raw device', async (t) => {
  const started = await eventful(t);
  if (started?.fixture === undefined) return;
  const { fixture, reasons } = started;
  const node = await fixture.anotherNode('node-2', { metricsPort: 0, metricsAddress: '127.0.0.1' });
  const claim = await used(fixture, 'ext4');
  await onDevice(fixture, claim, (device) => {
    run('debugfs', '-w', '-R', 'clri <2>', device);
    run('debugfs', '-w', '-R', 'set_super_value state 2', device);
  });
  await refused(
    node.stage(claim),
    'FAILED_PRECONDITION',
    /e2fsck -p does not repair the ext4 on .*Take a snapshot.*#a-damaged-filesystem\) \[NODE-DAMAGED\]$/,
  );
  assert.deepEqual([node.mounts(), fixture.loops.attachments], [[], []]);
  await until(async () => reasons().includes('FilesystemDamaged'));
  const counted = async () =>
    (await scrape(node.metricsPort)).value('nodeVolumeConditions', { condition: 'FilesystemDamaged' });
  assert.equal(await counted(), 1, 'no one can ask for the usage of what is not mounted');
  const { volumeId } = claim;
  const conditions = async () =>
    (await node.client.nodeGetVolumeHealth({ volumeId })).volumeHealth?.healthStatuses.map(({ reason }) => reason);
  assert.deepEqual(await conditions(), ['FilesystemDamaged'], 'though the node has nothing of it');
  const raw: Claim = { ...claim, kind: 'block' };
  const device = await node.mount(raw);
  assert.throws(() => run('e2fsck', '-f', '-y', device), /./, 'its status says that it has repaired something');
  await node.unmount(raw);
  const volumePath = await node.mount(claim);
  assert.deepEqual(await conditions(), []);
  await node.client.nodeGetVolumeStats({ volumeId, volumePath });
  assert.equal(await counted(), 0);
});

test('a host without a working e2fsck must not stop a mount', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const claim = await used(fixture, 'ext4');
  // 12: with a feature that it does not know.
  for (const status of [8, 12, 126, 127]) {
    pretend(t, 'e2fsck', `exit ${status}`);
    assert.equal(readFileSync(join(await fixture.node.mount(claim), 'data'), 'utf8'), 'precious');
    await fixture.node.unmount(claim);
  }
});

test('an XFS with a dirty log that is damaged says how it is repaired', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const claim = await used(fixture, 'xfs');
  await onDevice(fixture, claim, (device) => {
    // The header of the first allocation group.
    writeFileSync(device, readFileSync(device).fill(0xa5, 512, 1024).subarray(0, 4096), { flag: 'r+', flush: true });
  });
  await refused(fixture.node.stage(claim), 'UNAVAILABLE', /#a-damaged-filesystem\) \[NODE-MOUNT\]$/);
});

for (const [kind, program] of [
  ['ext4', 'resize2fs'],
  ['xfs', 'xfs_growfs'],
] as const) {
  test(`a filesystem that does not grow must be mounted at its old size, and an Event must say so: ${kind}`, async (t) => {
    const started = await eventful(t);
    if (started?.fixture === undefined) return;
    const { fixture, reasons } = started;
    const { node, controller } = fixture;
    const source = await used(fixture, kind);
    const snapshotId = await makeSnapshot(controller, source.volumeId);
    const larger = await fixture.claim(kind, SIZES[kind] * 2n, fromSnapshot(snapshotId));
    pretend(t, program, 'echo "Structure needs cleaning" >&2; exit 1');
    const path = await node.mount(larger);
    assert.equal(readFileSync(join(path, 'data'), 'utf8'), 'precious');
    const { blocks, bsize } = statfsSync(path);
    assert.ok(blocks * bsize <= Number(SIZES[kind]));
    await until(async () => reasons().includes('FilesystemNotGrown'));
    const expand = node.client.nodeExpandVolume({ volumeId: larger.volumeId, volumePath: path });
    await refused(
      expand,
      'FAILED_PRECONDITION',
      /Structure needs cleaning.*stays mounted at its old size.*\[NODE-GROW\]$/,
    );
    assert.equal(blocks * bsize > 32 * MiB, true);
  });
}
