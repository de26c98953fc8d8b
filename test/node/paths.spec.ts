/** What is at a path of a volume before it is mounted there. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { refused } from '../support/calls.ts';
import { type Kind, run, startFixture } from './fixture.ts';

const FULL = (path: string) => {
  mkdirSync(path);
  writeFileSync(join(path, 'stray'), 'x');
};

const CASES: readonly (readonly [kind: Kind, what: string, make: (path: string) => unknown, refusal: RegExp])[] = [
  ['ext4', 'a file', (path) => writeFileSync(path, ''), /: a file, where a directory is needed/],
  ['ext4', 'a named pipe', (path) => run('mkfifo', path), /: a named pipe, where a directory is needed/],
  ['ext4', 'a directory with files', FULL, /: not empty \(stray\), where an empty directory is needed/],
  ['block', 'a directory', (path) => mkdirSync(path), /: a directory, where an empty file is needed/],
  ['block', 'a named pipe', (path) => run('mkfifo', path), /: a named pipe, where an empty file is needed/],
  ['block', 'a file with content', (path) => writeFileSync(path, 'x'), /: a file of 1 bytes, where an empty file is/],
];

for (const [kind, what, make, refusal] of CASES) {
  test(`${what} at the target of ${kind} was retried forever, or hidden and never unpublished`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node } = fixture;
    const claim = await fixture.claim(kind);
    await node.stage(claim);
    const target = node.targetPath(claim);
    mkdirSync(dirname(target), { recursive: true });
    make(target);
    const before = node.mounts();
    await refused(node.client.nodePublishVolume(node.publishRequest(claim)), 'FAILED_PRECONDITION', refusal);
    assert.deepEqual(node.mounts(), before);
    assert.ok(existsSync(target));
    run('rm', '-r', target);
    await node.client.nodePublishVolume(node.publishRequest(claim));
    await node.unmount(claim);
    assert.deepEqual([node.mounts(), existsSync(target)], [[], false]);
  });
}

test('a file at the staging path, or on the way to the target, was retried forever', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  const request = node.stageRequest(claim, await node.controllerPublish(claim));
  const { stagingTargetPath: staging } = request;
  run('rmdir', staging);
  writeFileSync(staging, '');
  const refusal = /globalmount: .*: a file, where a directory is needed/;
  await refused(node.client.nodeStageVolume(request), 'FAILED_PRECONDITION', refusal);
  assert.deepEqual(fixture.loops.attachments, []);
  run('rm', staging);
  await node.client.nodeStageVolume(request);
  writeFileSync(join(node.directory, 'pods'), '');
  const publish = node.client.nodePublishVolume(node.publishRequest(claim));
  await refused(publish, 'FAILED_PRECONDITION', /part of the path is not a directory.*\[NODE-PATH\]$/);
});

test('an empty directory at the target, as an older kubelet makes it, is used', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  mkdirSync(node.targetPath(claim), { recursive: true });
  await node.mount(claim);
  await node.unmount(claim);
});

test('a target that is the staging path, or is in it, was published within the volume', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  await node.stage(claim);
  const staging = node.stagingPath(claim);
  writeFileSync(join(staging, 'data'), 'precious');
  for (const targetPath of [
    staging,
    `${staging}/`,
    `${dirname(staging)}//./globalmount`,
    join(staging, 'a'),
    dirname(staging),
  ]) {
    const publish = node.client.nodePublishVolume({ ...node.publishRequest(claim), targetPath });
    await refused(publish, 'INVALID_ARGUMENT', /must not be the same, nor one in the other/);
  }
  assert.equal(existsSync(join(staging, 'a')), false);
  await node.client.nodePublishVolume({ ...node.publishRequest(claim), targetPath: `${staging}-2` });
  assert.equal(readFileSync(join(`${staging}-2`, 'data'), 'utf8'), 'precious');
});

test('a kubelet directory that is a symbolic link is one, also where the target is hidden', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  const elsewhere = join(node.directory, 'another-disk');
  mkdirSync(elsewhere);
  for (const name of ['staging', 'pods']) {
    mkdirSync(join(elsewhere, name));
    symlinkSync(join(elsewhere, name), join(node.directory, name));
  }
  for (let times = 0; times < 2; times += 1) await node.mount(claim);
  assert.equal(node.mounts().length, 2);
  run('mount', '-t', 'tmpfs', 'none', join(elsewhere, 'pods'));
  const { volumeId } = claim;
  const unpublish = node.client.nodeUnpublishVolume({ volumeId, targetPath: node.targetPath(claim) });
  await refused(unpublish, 'FAILED_PRECONDITION', /beneath a mount of tmpfs .*another-disk\/pods.*\[NODE-COVERED\]$/);
  run('umount', join(elsewhere, 'pods'));
  await node.unmount(claim);
  assert.deepEqual([node.mounts(), fixture.loops.attachments], [[], []]);
});
