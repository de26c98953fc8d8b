/** What is not the volume's own stays, whatever path a call names. */
import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { refused } from '../support/calls.ts';
import { type Claim, type Fixture, mountsBelow, run, startFixture } from './fixture.ts';
import { pretend } from './pretend.ts';

const points = ({ node }: Fixture) => node.mounts().map(({ mountPoint }) => mountPoint);

for (const kind of ['ext4', 'block'] as const) {
  test(`a call for one volume at the paths of another must leave that one alone: ${kind}`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node } = fixture;
    const [one, other] = [await fixture.claim(kind), await fixture.claim('ext4')];
    const path = await node.mount(one);
    if (kind === 'ext4') writeFileSync(join(path, 'data'), 'precious', { flush: true });
    const before = points(fixture);
    if (kind === 'ext4') {
      const request = node.stageRequest(other, await node.controllerPublish(other));
      const wrong = { ...request, stagingTargetPath: node.stagingPath(one) };
      await refused(node.client.nodeStageVolume(wrong), 'ALREADY_EXISTS', /, not rds1:pvc-.*\[NODE-TAKEN\]$/);
    }
    const { volumeId } = other;
    const unpublish = node.client.nodeUnpublishVolume({ volumeId, targetPath: path });
    await refused(unpublish, 'FAILED_PRECONDITION', /, not rds1:pvc-.*\[NODE-FOREIGN\]$/);
    await node.client.nodeUnstageVolume({ volumeId, stagingTargetPath: node.stagingPath(one) });
    assert.deepEqual(points(fixture), before);
    if (kind === 'ext4') assert.equal(readFileSync(join(path, 'data'), 'utf8'), 'precious');
    await node.unmount(one);
    assert.deepEqual(points(fixture), []);
  });
}

/** Mounts of others, each at a path that it is given. */
const OTHERS: Readonly<Record<string, (path: string) => unknown>> = {
  'a tmpfs': (path) => run('mount', '-t', 'tmpfs', 'none', path),
  'a directory of this machine': (path) => run('mount', '--bind', '/etc', path),
};

for (const [what, mount] of Object.entries(OTHERS)) {
  test(`${what} at a path of the volume must not be unmounted`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node } = fixture;
    const claim = await fixture.claim('ext4');
    const [staging, target] = [node.stagingPath(claim), node.targetPath(claim)];
    const publishContext = await node.controllerPublish(claim);
    const request = node.stageRequest(claim, publishContext);
    mkdirSync(target, { recursive: true });
    mount(staging);
    mount(target);
    const { volumeId } = claim;
    await refused(node.client.nodeStageVolume(request), 'ALREADY_EXISTS');
    const unpublish = node.client.nodeUnpublishVolume({ volumeId, targetPath: target });
    await refused(unpublish, 'FAILED_PRECONDITION', /\[NODE-FOREIGN\]$/);
    await node.unstage(claim);
    assert.deepEqual(points(fixture), [staging, target]);
    run('umount', staging);
    await node.client.nodeStageVolume(request);
    mount(staging);
    await refused(node.unstage(claim), 'ABORTED', /is mounted above rds1:pvc-.*\[NODE-UMOUNT\]$/);
    run('umount', staging);
    run('umount', target);
    await node.unmount(claim);
    assert.deepEqual([points(fixture), fixture.loops.attachments], [[], []]);
  });
}

test('a symbolic link at a path of the volume must not lead a mount elsewhere', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const elsewhere = join(node.directory, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(node.directory, 'file'), '');
  const linked = async (path: string, to: string, call: () => Promise<unknown>) => {
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(to, path);
    const before = mountsBelow(node.directory).length;
    await refused(call(), 'FAILED_PRECONDITION', /a symbolic link, and nothing is mounted through it.*\[NODE-PATH\]$/);
    assert.equal(mountsBelow(node.directory).length, before);
    assert.ok(lstatSync(path).isSymbolicLink());
    run('rm', path);
  };
  for (const [kind, to] of [
    ['ext4', elsewhere],
    ['block', join(node.directory, 'file')],
  ] as const) {
    const claim: Claim = await fixture.claim(kind);
    const request = node.stageRequest(claim, await node.controllerPublish(claim));
    if (kind === 'ext4') {
      run('rmdir', node.stagingPath(claim));
      await linked(node.stagingPath(claim), to, () => node.client.nodeStageVolume(request));
    }
    await node.client.nodeStageVolume(request);
    await linked(node.targetPath(claim), to, () => node.client.nodePublishVolume(node.publishRequest(claim)));
    const { volumeId } = claim;
    symlinkSync(to, node.targetPath(claim));
    const unpublish = node.client.nodeUnpublishVolume({ volumeId, targetPath: node.targetPath(claim) });
    await refused(unpublish, 'FAILED_PRECONDITION', /cannot be removed: .*symbolic link.*\[NODE-PATH\]$/);
    run('rm', node.targetPath(claim));
    await node.unmount(claim);
  }
});

test('a device that became that of another volume between probe and mount must not stay mounted', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const [one, other] = [await fixture.claim('ext4'), await fixture.claim('ext4')];
  await node.mount(one);
  await node.unmount(one);
  await node.mount(other);
  const device = node.mounts()[0]?.source ?? '';
  const before = points(fixture);
  const mount = run('sh', '-c', 'command -v mount');
  pretend(t, 'mount', `for last; do :; done; exec ${mount} -t ext4 ${device} "$last"`);
  await refused(node.stage(one), 'UNAVAILABLE', /\[NODE-CHANGED\]$/);
  assert.deepEqual(points(fixture), before);
});

for (const kind of ['ext4', 'block'] as const) {
  test(`a tmpfs of another pod was taken for the device, by the name of a directory in it: ${kind}`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node, loops } = fixture;
    const claim = await fixture.claim(kind);
    await node.mount(claim);
    const name = basename(loops.attachments[0]?.device ?? '');
    // As the kubelet does for an emptyDir in memory with a subPath.
    const [empty, part] = [join(node.directory, 'empty-dir'), join(node.directory, 'volume-subpaths')];
    for (const path of [empty, part]) mkdirSync(path);
    run('mount', '-t', 'tmpfs', 'tmpfs', empty);
    mkdirSync(join(empty, name));
    writeFileSync(join(empty, name, 'file'), 'of another pod');
    run('mount', '--bind', join(empty, name), part);
    const { volumeId } = claim;
    await refused(
      node.client.nodeUnpublishVolume({ volumeId, targetPath: part }),
      'FAILED_PRECONDITION',
      /\[NODE-FOREIGN\]$/,
    );
    await refused(node.client.nodeGetVolumeStats({ volumeId, volumePath: part }), 'NOT_FOUND');
    await node.unmount(claim);
    assert.deepEqual(points(fixture), [empty, part]);
    assert.equal(readFileSync(join(part, 'file'), 'utf8'), 'of another pod');
  });
}
