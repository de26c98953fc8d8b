/** Each call of the Node service: done twice, done wrong, done in the wrong order. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { VolumeCapability_AccessMode_Mode as Mode } from '../../src/csi/gen/csi_pb.js';
import { refused } from '../support/calls.ts';
import { until } from '../support/until.ts';
import { type Claim, capability, type Fixture, run, startFixture, type TestNode } from './fixture.ts';
import { pretend } from './pretend.ts';

/** What is mounted where, in short. */
function shown(node: TestNode): string[] {
  return node.mounts().map(({ mountPoint, options }) => `${mountPoint.slice(node.directory.length)} ${options[0]}`);
}

const paths = (node: TestNode, claim: Claim) =>
  [node.stagingPath(claim), node.targetPath(claim)].map((path) => path.slice(node.directory.length));

async function nothingIsLeft({ node, loops }: Fixture): Promise<void> {
  assert.deepEqual([shown(node), loops.attachments], [[], []]);
}

for (const kind of ['ext4', 'xfs', 'block'] as const) {
  test(`every call may come twice, and each time the state is the same: ${kind}`, { timeout: 60_000 }, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node, loops } = fixture;
    const claim = await fixture.claim(kind);
    const { volumeId } = claim;
    await node.stage(claim);
    await node.stage(claim);
    assert.equal(node.mounts().length, kind === 'block' ? 0 : 1);
    assert.equal(loops.attachments.length, 1);
    const request = node.publishRequest(claim);
    await node.client.nodePublishVolume(request);
    await node.client.nodePublishVolume(request);
    assert.equal(node.mounts().length, kind === 'block' ? 1 : 2);
    await node.stage(claim);
    assert.equal(node.mounts().length, kind === 'block' ? 1 : 2);
    for (let round = 0; round < 2; round += 1) {
      await node.client.nodeUnpublishVolume({ volumeId, targetPath: node.targetPath(claim) });
    }
    for (let round = 0; round < 2; round += 1) await node.unstage(claim);
    await nothingIsLeft(fixture);
  });
}

test('calls of one volume that come at once are one after the other', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  const target = await node.controllerPublish(claim);
  const stage = () => node.client.nodeStageVolume(node.stageRequest(claim, target));
  await Promise.all([stage(), stage(), stage()]);
  const publish = () => node.client.nodePublishVolume(node.publishRequest(claim));
  await Promise.all([publish(), publish()]);
  assert.deepEqual(
    shown(node),
    paths(node, claim).map((path) => `${path} rw`),
  );
});

test('a read-only publish is read-only, beside one that is not', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const mode = capability('ext4', Mode.SINGLE_NODE_MULTI_WRITER);
  const claim = await fixture.claim('ext4', undefined, { volumeCapabilities: [mode] });
  const path = await node.mount(claim, mode);
  writeFileSync(join(path, 'file'), 'x');
  const request = node.publishRequest(claim, 'reader', mode, true);
  await node.client.nodePublishVolume(request);
  assert.equal(readFileSync(join(request.targetPath, 'file'), 'utf8'), 'x');
  assert.throws(() => writeFileSync(join(request.targetPath, 'file'), 'y'), { code: 'EROFS' });
  writeFileSync(join(path, 'file'), 'z');
  await refused(
    node.client.nodePublishVolume({ ...request, readonly: false }),
    'ALREADY_EXISTS',
    /: read-only at .*\[NODE-MODE\]$/,
  );
});

for (const kind of ['ext4', 'block'] as const) {
  test(`a read-only publish must not take writing away from a pod that has the target: ${kind}`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node } = fixture;
    const claim = await fixture.claim(kind);
    await node.mount(claim);
    const request = node.publishRequest(claim);
    const readOnly = node.client.nodePublishVolume({ ...request, readonly: true });
    await refused(readOnly, 'ALREADY_EXISTS', /: read-write at .*\[NODE-MODE\]$/);
    assert.deepEqual(shown(node).at(-1), `${paths(node, claim)[1]} rw`);
    await node.client.nodePublishVolume(request);
    await node.client.nodeUnpublishVolume({ volumeId: claim.volumeId, targetPath: request.targetPath });
    for (let times = 0; times < 2; times += 1) await node.client.nodePublishVolume({ ...request, readonly: true });
    assert.deepEqual(shown(node).at(-1), `${paths(node, claim)[1]} ro`);
    await node.unmount(claim);
    await nothingIsLeft(fixture);
  });
}

test('a read-only publish keeps the mount options of the class', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  const flags = ['nosuid', 'nodev', 'noexec', 'noatime'];
  await node.mount(claim, capability('ext4', undefined, [...flags, 'ro']));
  assert.deepEqual([...(node.mounts().at(-1)?.options ?? [])].sort(), ['ro', ...flags].sort());
});

test('a bind that failed before it was read-only must not be left to be written', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  await node.stage(claim);
  const mount = run('sh', '-c', 'command -v mount');
  const once = join(node.directory, 'failed');
  const bind = `for last; do :; done; ${mount} --bind ${node.stagingPath(claim)} "$last"; touch ${once}; exit 32`;
  pretend(t, 'mount', `[ -e ${once} ] && exec ${mount} "$@"; ${bind}`);
  const request = { ...node.publishRequest(claim), readonly: true };
  await refused(node.client.nodePublishVolume(request), 'UNAVAILABLE', /mount --bind -o ro/);
  assert.deepEqual(shown(node), [`${paths(node, claim)[0]} rw`]);
  await node.client.nodePublishVolume(request);
  assert.deepEqual(shown(node).at(-1), `${paths(node, claim)[1]} ro`);
});

for (const [what, mode, flags] of [
  ['the access mode', Mode.SINGLE_NODE_READER_ONLY, []],
  ['the mount option', Mode.SINGLE_NODE_WRITER, ['ro']],
] as const) {
  test(`${what} makes the published mount read-only`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node } = fixture;
    const wanted = capability('xfs', mode, flags);
    const claim = await fixture.claim('xfs', undefined, { volumeCapabilities: [wanted] });
    const path = await node.mount(claim, wanted);
    assert.throws(() => writeFileSync(join(path, 'file'), 'y'), { code: 'EROFS' });
  });
}

test('a raw block volume for a reader cannot be written', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const wanted = capability('block', Mode.SINGLE_NODE_READER_ONLY);
  const claim = await fixture.claim('block', undefined, { volumeCapabilities: [wanted] });
  const path = await fixture.node.mount(claim, wanted);
  assert.throws(() => writeFileSync(path, 'y', { flag: 'r+', flush: true }));
});

test('mount options reach the filesystem; what is none is refused before anything happens', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, loops } = fixture;
  const claim = await fixture.claim('ext4');
  const target = await node.controllerPublish(claim);
  const withOptions = (...flags: string[]) =>
    node.client.nodeStageVolume(node.stageRequest(claim, target, capability('ext4', undefined, flags)));
  await refused(withOptions('noatime', 'loop=/dev/loop7'), 'INVALID_ARGUMENT', /"loop" is not offered/);
  await refused(withOptions('noatime,remount'), 'INVALID_ARGUMENT', /"remount" is not offered/);
  assert.deepEqual(loops.attachments, []);
  await withOptions('noatime,_netdev', 'nofail', 'commit=7');
  const [mount] = node.mounts();
  assert.ok(mount?.options.includes('noatime') && mount.superOptions.includes('commit=7'));
});

test('ReadWriteOncePod: the second publish is refused, and the first one may be repeated', async (t) => {
  for (const kind of ['ext4', 'block'] as const) {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node } = fixture;
    const alone = capability(kind, Mode.SINGLE_NODE_SINGLE_WRITER);
    const claim = await fixture.claim(kind, undefined, { volumeCapabilities: [alone] });
    await node.mount(claim, alone);
    await refused(
      node.client.nodePublishVolume(node.publishRequest(claim, 'second', alone)),
      'FAILED_PRECONDITION',
      /ReadWriteOncePod.*\/pods\/pod\//,
    );
    await node.client.nodePublishVolume(node.publishRequest(claim, 'pod', alone));
    assert.equal(node.mounts().length, kind === 'block' ? 1 : 2);
  }
});

test('ReadWriteMany: raw block on two nodes at once for a live migration, a filesystem is refused with a reason', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const shared = capability('block', Mode.MULTI_NODE_MULTI_WRITER);
  const other = await fixture.anotherNode('node-2');
  const claim = await fixture.claim('block', undefined, { volumeCapabilities: [shared] });
  const [here, there] = [await node.mount(claim, shared), await other.mount(claim, shared)];
  const bytes = Buffer.alloc(4096, 'm');
  run('dd', 'if=/dev/zero', `of=${here}`, 'bs=4096', 'count=1', 'oflag=direct', 'status=none', 'conv=notrunc');
  writeFileSync(here, bytes, { flag: 'r+', flush: true });
  assert.equal(run('dd', `if=${there}`, 'bs=4096', 'count=1', 'iflag=direct', 'status=none'), bytes.toString());
  await node.unmount(claim);
  assert.equal(other.mounts().length, 1);
  await other.unmount(claim);
  await nothingIsLeft(fixture);
  const mounted = capability('ext4', Mode.MULTI_NODE_MULTI_WRITER);
  const stage = node.client.nodeStageVolume(node.stageRequest(claim, { nqn: 'x' }, mounted));
  await refused(stage, 'INVALID_ARGUMENT', /raw block volumes only .*must not be mounted by several/);
});

test('what is not staged is not published, measured or grown', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  for (const kind of ['ext4', 'block'] as const) {
    const claim = await fixture.claim(kind);
    await node.controllerPublish(claim);
    const { volumeId } = claim;
    const [path] = [node.targetPath(claim)];
    await refused(
      node.client.nodePublishVolume(node.publishRequest(claim)),
      'FAILED_PRECONDITION',
      /\[NODE-UNSTAGED\]$/,
    );
    await refused(node.client.nodeGetVolumeStats({ volumeId, volumePath: path }), 'NOT_FOUND', /\[NODE-ABSENT\]$/);
    await refused(node.client.nodeExpandVolume({ volumeId, volumePath: path }), 'NOT_FOUND', /\[NODE-ABSENT\]$/);
  }
  assert.deepEqual(shown(node), []);
});

test('a volume is not measured at the path of another one', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const [one, other] = [await fixture.claim('ext4'), await fixture.claim('ext4')];
  await node.mount(one);
  const volumePath = await node.mount(other);
  await refused(node.client.nodeGetVolumeStats({ volumeId: one.volumeId, volumePath }), 'NOT_FOUND');
  await refused(node.client.nodeExpandVolume({ volumeId: one.volumeId, volumePath }), 'NOT_FOUND');
  const wrong = { ...node.publishRequest(one), targetPath: volumePath };
  await refused(node.client.nodePublishVolume(wrong), 'ALREADY_EXISTS', /: \/dev\/loop.*\[NODE-TAKEN\]$/);
});

test('a volume that is still published is not disconnected', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  for (const kind of ['ext4', 'block'] as const) {
    const claim = await fixture.claim(kind);
    const path = await node.mount(claim);
    await refused(node.unstage(claim), 'ABORTED', /\/pods\/pod\/.*\[NODE-PUBLISHED\]$/);
    if (kind === 'ext4') writeFileSync(join(path, 'still'), 'here');
    await node.unmount(claim);
  }
  await nothingIsLeft(fixture);
});

test('what someone has open is not unmounted under him, and is later', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  await node.mount(claim);
  await node.client.nodeUnpublishVolume({ volumeId: claim.volumeId, targetPath: node.targetPath(claim) });
  const before = process.cwd();
  process.chdir(node.stagingPath(claim));
  await refused(node.unstage(claim), 'ABORTED', /target is busy.*\[NODE-UMOUNT\]$/).finally(() =>
    process.chdir(before),
  );
  await node.unmount(claim).catch(() => undefined);
  await node.unstage(claim);
  await nothingIsLeft(fixture);
});

test('a volume that is mounted in another namespace is not disconnected', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, loops } = fixture;
  const claim = await fixture.claim('ext4');
  await node.stage(claim);
  const args = ['--mount', '--propagation', 'private', 'tail', '-f', '/dev/null'];
  const keeper = spawn('unshare', args, { stdio: 'ignore' });
  const namespace = (pid: number | 'self') => readlinkSync(`/proc/${pid}/ns/mnt`);
  await until(async () => namespace(keeper.pid ?? 'self') !== namespace('self'));
  await refused(node.unstage(claim), 'UNAVAILABLE', /\[NODE-FLUSH\]$/);
  assert.equal(loops.attachments.length, 1);
  keeper.kill('SIGKILL');
  await once(keeper, 'exit');
  await node.unstage(claim);
  await nothingIsLeft(fixture);
});

test('a stage that fails leaves nothing behind', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, controller } = fixture;
  const claim = await fixture.claim('ext4');
  const target = await node.controllerPublish(claim);
  const adopted = { ...node.stageRequest(claim, target), volumeContext: {} };
  await refused(node.client.nodeStageVolume(adopted), 'FAILED_PRECONDITION', /not provably blank.*adopted/);
  await nothingIsLeft(fixture);
  await controller.controllerUnpublishVolume({ volumeId: claim.volumeId, nodeId: node.nodeId });
  await refused(node.client.nodeStageVolume(node.stageRequest(claim, target)), 'UNAVAILABLE', /is not exported/);
  await nothingIsLeft(fixture);
});

test('requests that are not well formed', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, loops } = fixture;
  const claim = await fixture.claim('ext4');
  const target = await node.controllerPublish(claim);
  const good = node.stageRequest(claim, target);
  const { client } = node;
  const bad = (change: object) => client.nodeStageVolume({ ...good, ...change });
  await refused(bad({ volumeId: '' }), 'INVALID_ARGUMENT', /^volume_id is missing/);
  await refused(bad({ volumeId: 'rds1:pvc-1' }), 'NOT_FOUND', /no volume has the id/);
  await refused(bad({ stagingTargetPath: '' }), 'INVALID_ARGUMENT', /^staging_target_path is missing/);
  await refused(bad({ stagingTargetPath: '/a/../etc' }), 'INVALID_ARGUMENT', /absolute path/);
  await refused(bad({ stagingTargetPath: '-o' }), 'INVALID_ARGUMENT', /absolute path/);
  await refused(bad({ volumeCapability: {} }), 'INVALID_ARGUMENT', /access_type/);
  await refused(bad({ publishContext: {} }), 'INVALID_ARGUMENT', /publish_context "nqn" is missing|is missing/);
  const other = { ...target, nqn: 'nqn.2000-02.com.mikrotik:root' };
  await refused(bad({ publishContext: other }), 'INVALID_ARGUMENT', /is not an NQN of the volume/);
  await refused(bad({ publishContext: { ...target, address: '--help' } }), 'INVALID_ARGUMENT', /not an address/);
  await refused(bad({ publishContext: { ...target, port: '0' } }), 'INVALID_ARGUMENT', /is not a port/);
  await refused(bad({ publishContext: { ...target, bytes: '1e9' } }), 'INVALID_ARGUMENT', /is not a number of bytes/);
  await refused(bad({ volumeContext: { formatVersion: '2' } }), 'INVALID_ARGUMENT', /this driver knows 1/);
  await refused(bad({ volumeContext: { ioQueues: '0' } }), 'INVALID_ARGUMENT', /ioQueues "0"/);
  await refused(bad({ volumeContext: { fsType: 'btrfs' } }), 'INVALID_ARGUMENT', /offered: "ext4", "xfs"/);
  assert.deepEqual(loops.attachments, []);
  const strange = { ...claim.volumeContext, 'storage.kubernetes.io/csiProvisionerIdentity': '1-8081-rds' };
  await client.nodeStageVolume({ ...good, volumeContext: strange });
  await refused(client.nodePublishVolume({ ...node.publishRequest(claim), targetPath: '' }), 'INVALID_ARGUMENT');
  await refused(client.nodeUnpublishVolume({ volumeId: claim.volumeId }), 'INVALID_ARGUMENT', /target_path/);
  await refused(client.nodeGetVolumeStats({ volumeId: claim.volumeId }), 'INVALID_ARGUMENT', /volume_path/);
});

test('a target with files of someone else in it is left to him', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  await node.mount(claim);
  const targetPath = node.targetPath(claim);
  run('umount', targetPath);
  writeFileSync(join(targetPath, 'stray'), 'x');
  const unpublish = node.client.nodeUnpublishVolume({ volumeId: claim.volumeId, targetPath });
  await refused(unpublish, 'FAILED_PRECONDITION', /cannot be removed.*\[NODE-PATH\]$/);
  assert.equal(readFileSync(join(targetPath, 'stray'), 'utf8'), 'x');
});

test('who the node is, and what it offers', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const node = await fixture.anotherNode('node-2', { maxVolumes: 32, networks: ['default', 'rack-2'] });
  const { nodeId, maxVolumesPerNode, accessibleTopology } = await node.client.nodeGetInfo({});
  assert.match(nodeId, /^nqn\.2014-08\.org\.nvmexpress:uuid:[0-9a-f-]{36}$/);
  assert.equal(maxVolumesPerNode, 32n);
  assert.deepEqual(accessibleTopology?.segments, {
    'rds.rose-csi.io/network-default': 'true',
    'rds.rose-csi.io/network-rack-2': 'true',
  });
});
