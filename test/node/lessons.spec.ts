/** What went wrong on the nodes of other drivers (docs/lessons.md), on real devices here. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { makeSnapshot, refused } from '../support/calls.ts';
import { change } from '../support/console.ts';
import { fromSnapshot } from '../support/requests.ts';
import { type Claim, capability, type Fixture, run, SIZES, startFixture } from './fixture.ts';

/** The image behind a volume that is published. */
async function imageOf({ loops }: Fixture, { nqn = '' }: Record<string, string>): Promise<string> {
  const { device } = await loops.attach(nqn, 'the test');
  const file = readFileSync(`/sys/block/${basename(device)}/loop/backing_file`, 'utf8').trim();
  await loops.detach(nqn, 'the test');
  return file;
}

/** Blocks of 512 bytes that the image takes. */
const allocated = (file: string) => statSync(file).blocks;

// https://github.com/hetznercloud/csi-driver/issues/1346
test('a device that could not be read was taken for blank, and formatted', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  const target = await node.controllerPublish(claim);
  const image = await imageOf(fixture, target);
  const before = allocated(image);
  // The device keeps its size; what is beyond the end of the file cannot be read.
  const { device } = await fixture.loops.attach(target['nqn'] ?? '', node.nodeId);
  truncateSync(image, Number(SIZES.ext4) / 2);
  assert.equal(run('blockdev', '--getsize64', device), `${SIZES.ext4}`);
  const stage = () => node.client.nodeStageVolume(node.stageRequest(claim, target));
  await refused(stage(), 'UNAVAILABLE', /cannot be read.*\[NODE-LOST\]$/);
  assert.equal(allocated(image), before);
  truncateSync(image, Number(SIZES.ext4));
  await stage();
});

// https://github.com/kubernetes/kubernetes/issues/142243
test('a restored volume was formatted, because its class named another filesystem', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, controller } = fixture;
  const source = await fixture.claim('ext4');
  writeFileSync(join(await node.mount(source), 'data'), 'precious', { flush: true });
  run('sync');
  const snapshotId = await makeSnapshot(controller, source.volumeId);
  const xfs = capability('xfs');
  const restored = await fixture.claim('ext4', SIZES.ext4, { ...fromSnapshot(snapshotId), volumeCapabilities: [xfs] });
  const path = await node.mount({ ...restored, volumeContext: { ...restored.volumeContext, fsType: 'xfs' } }, xfs);
  assert.equal(readFileSync(join(path, 'data'), 'utf8'), 'precious');
  assert.equal(node.mounts().find(({ mountPoint }) => mountPoint === path)?.type, 'ext4');
});

// https://github.com/NetApp/trident/issues/418
test('a volume was formatted again, because its filesystem was not to be seen for a moment', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  await node.mount(claim);
  await node.unmount(claim);
  const target = await node.controllerPublish(claim);
  const image = await imageOf(fixture, target);
  const bytes = readFileSync(image);
  truncateSync(image, 0);
  truncateSync(image, Number(SIZES.ext4));
  const stage = () => node.client.nodeStageVolume(node.stageRequest(claim, target));
  await refused(stage(), 'FAILED_PRECONDITION', /it has held a filesystem before/);
  assert.equal(allocated(image), 0);
  assert.deepEqual(fixture.loops.attachments, []);
  writeFileSync(image, bytes);
  await stage();
});

// https://github.com/longhorn/longhorn/issues/14042
test('an adopted volume, of which no one said that it is blank, was formatted', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim: Claim = { ...(await fixture.claim('ext4')), volumeContext: {} };
  const target = await node.controllerPublish(claim);
  const image = await imageOf(fixture, target);
  const stage = node.client.nodeStageVolume(node.stageRequest(claim, target));
  await refused(
    stage,
    'FAILED_PRECONDITION',
    /made from a source, as a raw block volume, or adopted, yet holds no filesystem/,
  );
  assert.equal(allocated(image), 0);
});

test('a raw block volume was formatted when it was staged as a filesystem', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('block', SIZES.ext4);
  const target = await node.controllerPublish(claim);
  const image = await imageOf(fixture, target);
  const stage = node.client.nodeStageVolume(node.stageRequest({ ...claim, kind: 'ext4' }, target));
  await refused(stage, 'FAILED_PRECONDITION', /not provably blank.* as a raw block volume/);
  assert.equal(allocated(image), 0);
});

test('a raw block volume that was made when all were called blank is still offered as a device', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim: Claim = { ...(await fixture.claim('block')), volumeContext: { formatVersion: '1', blank: 'true' } };
  writeFileSync(await node.mount(claim), 'mine', { flag: 'r+', flush: true });
  await node.unmount(claim);
  const image = await imageOf(fixture, await node.controllerPublish(claim));
  assert.equal(readFileSync(image).subarray(0, 4).toString(), 'mine');
});

// https://github.com/kubernetes-csi/external-provisioner/pull/469
test('a restore with a dirty journal could not be mounted', async (t) => {
  for (const kind of ['ext4', 'xfs'] as const) {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node, controller } = fixture;
    const source = await fixture.claim(kind);
    writeFileSync(join(await node.mount(source), 'data'), 'precious', { flush: true });
    run('sync');
    const snapshotId = await makeSnapshot(controller, source.volumeId);
    const restored = await fixture.claim(kind, SIZES[kind], fromSnapshot(snapshotId));
    const target = await node.controllerPublish(restored);
    if (kind === 'ext4') {
      const features = run('dumpe2fs', '-h', await imageOf(fixture, target));
      assert.match(features, /needs_recovery/, 'the journal is to be replayed');
    }
    await node.client.nodeStageVolume(node.stageRequest(restored, target));
    assert.equal(readFileSync(join(node.stagingPath(restored), 'data'), 'utf8'), 'precious');
  }
});

// https://github.com/canonical/lxd/pull/15949
test('a snapshot on a device that cannot be written was not to be mounted, for want of a replay', async (t) => {
  for (const kind of ['ext4', 'xfs'] as const) {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node, controller } = fixture;
    const source = await fixture.claim(kind);
    writeFileSync(join(await node.mount(source), 'data'), 'precious', { flush: true });
    run('sync');
    const snapshotId = await makeSnapshot(controller, source.volumeId);
    const restored = await fixture.claim(kind, SIZES[kind], fromSnapshot(snapshotId));
    const target = await node.controllerPublish(restored);
    const { device } = await fixture.loops.attach(target['nqn'] ?? '', node.nodeId);
    run('blockdev', '--setro', device);
    t.after(() => run('blockdev', '--setrw', device));
    await node.client.nodeStageVolume(node.stageRequest(restored, target));
    const options = node.mounts().find(({ mountPoint }) => mountPoint === node.stagingPath(restored))?.superOptions;
    assert.ok(options?.includes('ro') && (options.includes('norecovery') || options.includes('noload')), `${options}`);
  }
});

// https://github.com/hpe-storage/csi-driver/issues/68
test('a volume whose RDS or export was gone could not be taken from the node', async (t) => {
  for (const kind of ['ext4', 'xfs', 'block'] as const) {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node, simulator, loops } = fixture;
    const claim = await fixture.claim(kind);
    await node.mount(claim);
    await change(simulator, '/disk set [find where nvme-tcp-export] nvme-tcp-export=no');
    assert.deepEqual(loops.attachments, []);
    const { volumeId } = claim;
    await node.client.nodeUnpublishVolume({ volumeId, targetPath: node.targetPath(claim) });
    await node.unstage(claim);
    assert.deepEqual(node.mounts(), []);
  }
});

// https://github.com/fenio/tns-csi/issues/204
test('neighbours lost their devices when a volume was taken from the node', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, loops } = fixture;
  const [one, other] = [await fixture.claim('ext4'), await fixture.claim('xfs')];
  await node.mount(one);
  const path = await node.mount(other);
  await node.unmount(one);
  assert.equal(loops.attachments.length, 1);
  writeFileSync(join(path, 'data'), 'still here', { flush: true });
});

// A forced detach of a node that lives: Kubernetes says that it is gone, and kubelet has not unstaged.
test('a pod got what was staged before its node was detached by force', async (t) => {
  for (const kind of ['ext4', 'block'] as const) {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node, controller, loops } = fixture;
    const claim = await fixture.claim(kind);
    await node.mount(claim);
    const [before] = loops.attachments;
    await controller.controllerUnpublishVolume({ volumeId: claim.volumeId, nodeId: node.nodeId });
    const publishContext = await node.controllerPublish(claim);
    await node.client.nodePublishVolume({ ...node.publishRequest(claim, 'next-pod'), publishContext });
    const [now] = loops.attachments;
    assert.ok(now !== undefined && now.nqn === publishContext['nqn'] && now.nqn !== before?.nqn);
    const number = readFileSync(`/sys/block/${basename(now.device)}/dev`, 'utf8').trim();
    const mount = node.mounts().find(({ mountPoint }) => mountPoint === node.targetPath(claim, 'next-pod'));
    assert.equal(
      kind === 'block' ? mount?.root : mount?.device,
      kind === 'block' ? `/${basename(now.device)}` : number,
    );
  }
});
