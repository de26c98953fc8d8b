/** How a node says that its volumes are, with real devices, filesystems and mounts. */
import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type TestContext, test } from 'node:test';
import { VolumeHealthErrorType as Type } from '../../src/csi/gen/csi_pb.js';
import type { ConditionCode } from '../../src/failures/conditions.ts';
import { scrape } from '../metrics/scrape.ts';
import { outcome, refused, volumeName } from '../support/calls.ts';
import { KubernetesApi } from '../support/kubernetes-api.ts';
import { until } from '../support/until.ts';
import { type Claim, type Kind, MiB, run, startFixture, type TestNode } from './fixture.ts';

async function healthOf(node: TestNode, claim: Claim, where: object = {}): Promise<string[]> {
  const request = { volumeId: claim.volumeId, volumePublishPath: node.targetPath(claim), ...where };
  const { volumeHealth } = await node.client.nodeGetVolumeHealth(request);
  assert.equal(volumeHealth?.volumeId, claim.volumeId);
  return volumeHealth.healthStatuses.map(({ status, reason }) => `${Type[status]} ${reason}`);
}

/** A volume that a pod uses, on a node with metrics and Events, and the loop device that it is. */
async function startMounted(t: TestContext, kind: Kind) {
  const api = await KubernetesApi.start(t);
  const fixture = await startFixture(t, { access: api.access, config: { events: { enabled: false } } });
  if (fixture === undefined) return undefined;
  const node = await fixture.anotherNode('node-2', { metricsPort: 0, metricsAddress: '127.0.0.1' });
  const claim = await fixture.claim(kind);
  const path = await node.mount(claim);
  const attached = fixture.loops.attachments[0];
  assert.ok(attached);
  const { volumeId } = claim;
  const stats = () => outcome(node.client.nodeGetVolumeStats({ volumeId, volumePath: path }));
  const counted = async (condition: ConditionCode) =>
    (await scrape(node.metricsPort)).value('nodeVolumeConditions', { condition });
  const reasons = () => api.events().map(({ reason }) => reason);
  return { fixture, node, claim, path, device: attached.device, stats, counted, reasons };
}

for (const kind of ['ext4', 'xfs', 'block'] as const) {
  test(`a volume in use has no condition, by whichever path, and one that is gone is NOT_FOUND: ${kind}`, async (t) => {
    const mounted = await startMounted(t, kind);
    if (mounted === undefined) return;
    const { node, claim, stats, counted, reasons } = mounted;
    const staged = { volumePublishPath: '', stagingTargetPath: node.stagingPath(claim) };
    assert.deepEqual(
      [
        await healthOf(node, claim),
        await healthOf(node, claim, staged),
        await healthOf(node, claim, { volumePublishPath: '' }),
      ],
      [[], [], []],
    );
    assert.equal(await stats(), 'OK');
    assert.equal(await counted('ConnectionLost'), 0);
    await node.unmount(claim);
    const ask = (volumeId: string, volumePublishPath = '') =>
      node.client.nodeGetVolumeHealth({ volumeId, volumePublishPath });
    await refused(ask(claim.volumeId), 'NOT_FOUND', /\[NODE-ABSENT\]$/);
    await refused(ask(`rds1:${volumeName()}`, node.targetPath(claim)), 'NOT_FOUND', /\[NODE-ABSENT\]$/);
    await refused(ask(''), 'INVALID_ARGUMENT', /volume_id is missing/);
    await refused(ask(claim.volumeId, 'relative'), 'INVALID_ARGUMENT', /volume_publish_path/);
    assert.deepEqual((await node.client.nodeGetStorageHealth({})).backendHealth, []);
    assert.equal(await counted('ConnectionLost'), undefined, 'of no volume is anything known');
    assert.deepEqual(reasons(), []);
  });
}

test('an error that the kernel records in an ext4 is reported at once, by CSI, a metric and an Event', async (t) => {
  const mounted = await startMounted(t, 'ext4');
  if (mounted === undefined) return;
  const { node, claim, device, path, stats, counted, reasons } = mounted;
  // Else it becomes read-only by the first error.
  run('mount', '-o', 'remount,errors=continue', path);
  const ext4 = `/sys/fs/ext4/${basename(device)}`;
  writeFileSync(`${ext4}/trigger_fs_error`, 'a broken block bitmap\n');
  await until(async () => readFileSync(`${ext4}/errors_count`, 'utf8').trim() !== '0');
  assert.deepEqual(await healthOf(node, claim), ['DEGRADED FilesystemErrorRecorded']);
  assert.equal(await stats(), 'OK', 'it works on');
  assert.equal(await counted('FilesystemErrorRecorded'), 1);
  await until(async () => reasons().includes('FilesystemErrorRecorded'));
  await node.client.nodeUnpublishVolume({ volumeId: claim.volumeId, targetPath: path });
  assert.equal(await stats(), 'NOT_FOUND', 'the pod is gone from the path');
  assert.equal(await counted('FilesystemErrorRecorded'), 1);
  assert.deepEqual(await healthOf(node, claim), ['DEGRADED FilesystemErrorRecorded'], 'as it is staged');
  assert.ok(!reasons().includes('VolumeRecovered'));
  await node.unmount(claim);
  await until(async () => reasons().includes('VolumeRecovered'));
  await node.mount(claim);
  assert.deepEqual(await healthOf(node, claim), [], 'e2fsck has repaired it');
  await node.unmount(claim);
});

test('a filesystem that gave up, and a device that became read-only, cannot be used', async (t) => {
  const mounted = await startMounted(t, 'ext4');
  if (mounted === undefined) return;
  const { node, claim, device, path, stats, counted, reasons } = mounted;
  run('blockdev', '--setro', device);
  assert.deepEqual(await healthOf(node, claim), ['INACCESSIBLE DeviceReadOnly']);
  await until(async () => reasons().includes('DeviceReadOnly'));
  run('blockdev', '--setrw', device);
  assert.deepEqual(await healthOf(node, claim), []);
  run('mount', '-o', 'remount,abort', path);
  assert.deepEqual((await healthOf(node, claim)).slice(0, 1), ['INACCESSIBLE FilesystemGaveUp']);
  assert.equal(await stats(), 'FAILED_PRECONDITION');
  assert.equal(await counted('FilesystemGaveUp'), 1);
  await until(async () => reasons().includes('FilesystemGaveUp'));
  assert.equal(reasons().filter((reason) => reason === 'FilesystemGaveUp').length, 1);
  await node.unmount(claim);
});

test('a device that is smaller than the volume was when it was staged is reported as lost data', async (t) => {
  const mounted = await startMounted(t, 'block');
  if (mounted === undefined) return;
  const { node, claim, device, stats, counted } = mounted;
  const image = readFileSync(`/sys/block/${basename(device)}/loop/backing_file`, 'utf8').trim();
  truncateSync(image, 8 * MiB);
  run('losetup', '--set-capacity', device);
  assert.deepEqual(await healthOf(node, claim), ['DATA_LOSS DeviceSmaller']);
  assert.equal(await stats(), 'OK');
  assert.equal(await counted('DeviceSmaller'), 1);
  await node.unmount(claim);
});
