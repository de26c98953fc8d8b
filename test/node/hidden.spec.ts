/** A mount that is there, and that no path leads to: something was mounted above it. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { refused } from '../support/calls.ts';
import { type Claim, type Fixture, run, startFixture } from './fixture.ts';

const HIDDEN = /beneath a mount of tmpfs \(none\) on .*\[NODE-COVERED\]$/;

/** Mounts something else on the parent of a path, in which the path may be there, too. */
function cover(path: string, isThere: boolean): void {
  run('mount', '-t', 'tmpfs', 'none', dirname(path));
  if (isThere) mkdirSync(path);
}

async function nothingIsLeft({ node, loops }: Fixture): Promise<void> {
  assert.deepEqual([node.mounts(), loops.attachments], [[], []]);
}

for (const [kind, isThere] of [
  ['ext4', true],
  ['ext4', false],
  ['block', false],
] as const) {
  const what = `${kind}, ${isThere ? 'with' : 'without'} the target in it`;
  test(`a target below another mount was answered with OK, and the pod saw an empty directory: ${what}`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node } = fixture;
    const claim = await fixture.claim(kind);
    const { volumeId } = claim;
    const target = await node.mount(claim);
    if (kind === 'ext4') writeFileSync(join(target, 'data'), 'precious', { flush: true });
    cover(target, isThere);
    const publish = { ...node.publishRequest(claim), publishContext: await node.controllerPublish(claim) };
    await refused(node.client.nodePublishVolume(publish), 'FAILED_PRECONDITION', HIDDEN);
    await refused(node.client.nodeGetVolumeStats({ volumeId, volumePath: target }), 'NOT_FOUND');
    await refused(node.client.nodeExpandVolume({ volumeId, volumePath: target }), 'NOT_FOUND');
    for (let times = 0; times < 2; times += 1) {
      await refused(node.client.nodeUnpublishVolume({ volumeId, targetPath: target }), 'FAILED_PRECONDITION', HIDDEN);
    }
    assert.deepEqual(readdirSync(dirname(target)), isThere ? ['mount'] : []);
    run('umount', dirname(target));
    await node.client.nodePublishVolume(publish);
    if (kind === 'ext4') assert.equal(readFileSync(join(target, 'data'), 'utf8'), 'precious');
    await node.unmount(claim);
    await nothingIsLeft(fixture);
  });
}

for (const isThere of [true, false]) {
  const what = isThere ? 'with the path in it' : 'without it';
  test(`a staging path below another mount was taken for staged, and never unstaged: ${what}`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node } = fixture;
    const claim: Claim = await fixture.claim('ext4');
    const publishContext = await node.stage(claim);
    const staging = node.stagingPath(claim);
    writeFileSync(join(staging, 'data'), 'precious', { flush: true });
    cover(staging, isThere);
    const publish = { ...node.publishRequest(claim), publishContext };
    await refused(node.client.nodePublishVolume(publish), 'FAILED_PRECONDITION', HIDDEN);
    await refused(node.client.nodePublishVolume(node.publishRequest(claim)), 'FAILED_PRECONDITION', HIDDEN);
    await refused(node.unstage(claim), 'FAILED_PRECONDITION', HIDDEN);
    // As kubelet, it makes the path first.
    const stage = node.client.nodeStageVolume(node.stageRequest(claim, publishContext));
    await refused(stage, 'FAILED_PRECONDITION', HIDDEN);
    run('umount', dirname(staging));
    await node.client.nodePublishVolume(publish);
    assert.equal(readFileSync(join(node.targetPath(claim), 'data'), 'utf8'), 'precious');
    await node.unmount(claim);
    await nothingIsLeft(fixture);
  });
}

test('a volume that is first published below another mount is there, and goes again', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  mkdirSync(dirname(node.targetPath(claim)), { recursive: true });
  cover(node.targetPath(claim), true);
  const target = await node.mount(claim);
  assert.ok(readdirSync(target).includes('lost+found'));
  await node.unmount(claim);
  run('umount', dirname(target));
  await nothingIsLeft(fixture);
});

test('in a directory that is mounted over itself, what is mounted there twice at once was unmounted again', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const pods = join(node.directory, 'pods');
  mkdirSync(pods);
  run('mount', '--bind', pods, pods);
  run('mount', '--make-shared', pods);
  run('mount', '--bind', pods, pods);
  const claim = await fixture.claim('ext4');
  const target = await node.mount(claim);
  assert.equal(node.mounts().filter(({ mountPoint }) => mountPoint === target).length, 2, 'one of them is hidden');
  await node.client.nodePublishVolume(node.publishRequest(claim));
  assert.ok(readdirSync(target).includes('lost+found'));
  await node.unmount(claim);
  for (let times = 0; times < 2; times += 1) run('umount', pods);
  await nothingIsLeft(fixture);
});

test('XFS must not be grown by a path that leads to another filesystem', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, controller } = fixture;
  const claim = await fixture.claim('xfs');
  const volumePath = await node.mount(claim);
  cover(node.stagingPath(claim), true);
  const capacityRange = { requiredBytes: 512n << 20n };
  await controller.controllerExpandVolume({ volumeId: claim.volumeId, capacityRange });
  await node.client.nodeExpandVolume({ volumeId: claim.volumeId, volumePath, capacityRange });
  const size = run('stat', '--file-system', '--format=%b', volumePath);
  assert.ok(BigInt(size) * 4096n > 400n << 20n, `${size} blocks`);
  run('umount', dirname(node.stagingPath(claim)));
  await node.unmount(claim);
  await nothingIsLeft(fixture);
});
