/** Mounting is not formatting: what keeps a volume from being formatted must not keep it from being mounted. */
import assert from 'node:assert/strict';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode } from '../../src/host/errno.ts';
import { FormatRecords } from '../../src/host/format-record.ts';
import { makeSnapshot, refused } from '../support/calls.ts';
import { fromSnapshot } from '../support/requests.ts';
import { type Claim, capability, MiB, run, SIZES, startFixture, type TestNode } from './fixture.ts';
import { pretend } from './pretend.ts';

const stateOf = (node: TestNode) => join(node.directory, 'state');
const uuidOf = ({ volumeId }: Claim) => volumeId.replace(/^.*:pvc-/, '');

/** Fills the filesystem with what blkid takes for ZFS: a magic number at every kibibyte. */
function fillWithSignatures(path: string): void {
  const block = Buffer.alloc(MiB);
  for (let at = 0; at < block.length; at += 1024) block.writeUInt32LE(0x00bab10c, at);
  const file = openSync(join(path, 'dump'), 'w');
  // To the last block, which lies where a probe looks: what a large write left free, and what the kernel held back until it was flushed.
  for (const bytes of [MiB, 4096, 4096]) {
    try {
      for (;;) writeSync(file, block, 0, bytes);
    } catch (error) {
      if (!hasCode(error, 'ENOSPC')) throw error;
    }
    fsyncSync(file);
  }
  closeSync(file);
}

for (const kind of ['ext4', 'xfs'] as const) {
  test(`files that look like another filesystem must not lock the volume: ${kind}`, { timeout: 120_000 }, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node, controller, loops } = fixture;
    const claim = await fixture.claim(kind);
    const path = await node.mount(claim);
    writeFileSync(join(path, 'data'), 'precious', { flush: true });
    fillWithSignatures(path);
    await node.unmount(claim);
    const { nqn = '' } = await node.controllerPublish(claim);
    const { device } = await loops.attach(nqn, 'the test');
    assert.throws(() => run('blkid', '--probe', device), /ambivalent/);
    await loops.detach(nqn, 'the test');

    const isThere = async (one: TestNode, whose: Claim) => {
      assert.equal(readFileSync(join(await one.mount(whose), 'data'), 'utf8'), 'precious');
      await one.unmount(whose);
    };
    await isThere(node, claim);
    await isThere(await fixture.anotherNode('node-2'), claim);
    const snapshotId = await makeSnapshot(controller, claim.volumeId);
    await isThere(node, await fixture.claim(kind, SIZES[kind], fromSnapshot(snapshotId)));
  });
}

test('a superblock beside another signature where no file can be is not mounted', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, loops } = fixture;
  const claim = await fixture.claim('ext4');
  await node.mount(claim);
  await node.unmount(claim);
  const publishContext = await node.controllerPublish(claim);
  const { nqn = '' } = publishContext;
  const { device } = await loops.attach(nqn, 'the test');
  // As `cryptsetup luksFormat` of old left it, with the superblock behind its header.
  const header = Buffer.from('LUKS\xba\xbe\0\x01', 'latin1');
  writeFileSync(device, header, { flag: 'r+', flush: true });
  await loops.detach(nqn, 'the test');
  const stage = node.client.nodeStageVolume(node.stageRequest(claim, publishContext));
  await refused(stage, 'FAILED_PRECONDITION', /a superblock of ext4 beside crypto_LUKS at byte 0/);
});

/** What may become of the state directory of a node. */
const TROUBLE: Readonly<Record<string, (state: string, claim: Claim) => void>> = {
  full(state) {
    mkdirSync(state, { recursive: true });
    run('mount', '-t', 'tmpfs', '-o', 'size=4k,nr_inodes=3', 'none', state);
    writeFileSync(join(state, 'other'), Buffer.alloc(4096));
    mkdirSync(join(state, 'formatted'));
  },
  'read-only'(state) {
    mkdirSync(state, { recursive: true });
    run('mount', '-t', 'tmpfs', '-o', 'ro', 'none', state);
  },
  damaged(state, claim) {
    mkdirSync(join(state, 'formatted'), { recursive: true });
    writeFileSync(join(state, 'formatted/earlier.list'), 'nonsense');
    writeFileSync(new FormatRecords(state).path(uuidOf(claim)), '{');
  },
};

for (const [what, cause] of Object.entries(TROUBLE)) {
  test(`a ${what} state directory must not stop a mount, and nothing is formatted without it`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const claim = await fixture.claim('ext4');
    const empty = await fixture.claim('ext4');
    writeFileSync(join(await fixture.node.mount(claim), 'data'), 'precious', { flush: true });
    await fixture.node.unmount(claim);
    const node = await fixture.anotherNode('node-2');
    cause(stateOf(node), claim);
    for (let round = 0; round < 2; round += 1) {
      assert.equal(readFileSync(join(await node.mount(claim), 'data'), 'utf8'), 'precious');
      await node.unmount(claim);
    }
    const code = what === 'damaged' ? 'FAILED_PRECONDITION' : 'UNAVAILABLE';
    await refused(node.stage(empty), code, /node-2\/state\/formatted/);
    const raw = await fixture.claim('block');
    await node.mount({ ...raw, volumeContext: { ...raw.volumeContext, blank: 'true' } });
    await node.unmount(raw);
  });
}

test('raw data must not be formatted on the word of a format that failed before it was written', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, controller } = fixture;
  const other = await fixture.anotherNode('node-2');
  const claim = await fixture.claim('ext4');
  const { nqn = '' } = await node.controllerPublish(claim);
  await new FormatRecords(stateOf(node)).write(uuidOf(claim), {
    version: 1,
    state: 'formatting',
    filesystem: 'ext4',
    uuid: '12345678-1234-4234-8234-123456789abc',
    nqn,
    bytes: `${SIZES.ext4}`,
  });
  await controller.controllerUnpublishVolume({ volumeId: claim.volumeId, nodeId: node.nodeId });
  const raw: Claim = { ...claim, kind: 'block' };
  const data = Buffer.alloc(MiB, 'raw');
  const file = openSync(await other.mount(raw), 'r+');
  for (let at = 0; at < Number(SIZES.ext4); at += MiB) writeSync(file, data, 0, MiB, at);
  fsyncSync(file);
  closeSync(file);
  await other.unmount(raw);
  await refused(node.stage(claim), 'FAILED_PRECONDITION', /not provably blank: the byte at 0 is not zero/);
  await controller.controllerUnpublishVolume({ volumeId: claim.volumeId, nodeId: node.nodeId });
  const path = await other.mount(raw);
  assert.ok(readFileSync(path).subarray(-MiB).equals(data));
});

test('a device that was offered raw must not be formatted, wherever its data begins', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  const raw: Claim = { ...claim, kind: 'block' };
  const file = openSync(await node.mount(raw), 'r+');
  writeSync(file, Buffer.from('far from every superblock'), 0, 25, 20 * MiB);
  fsyncSync(file);
  closeSync(file);
  await node.unmount(raw);
  await refused(node.stage(claim), 'FAILED_PRECONDITION', /it has been a raw block volume before/);
});

test('a restore of a volume that was never mounted must say what to do instead', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, controller } = fixture;
  const source = await fixture.claim('ext4');
  const snapshotId = await makeSnapshot(controller, source.volumeId);
  const restored = await fixture.claim('ext4', SIZES.ext4, fromSnapshot(snapshotId));
  const stage = node.stage(restored, capability('ext4'));
  await refused(stage, 'FAILED_PRECONDITION', /never mounted.*nothing to restore: make a claim without a dataSource/);
});

test('a volume was formatted again: that it held a filesystem could not be written down, and it was handed out', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('ext4');
  const records = join(stateOf(node), 'formatted');
  const mkfs = run('sh', '-c', 'command -v mkfs.ext4');
  // Someone puts a file in the place of the directory while mkfs works.
  pretend(t, 'mkfs.ext4', `${mkfs} "$@" && mv ${records} ${records}.kept && touch ${records}`);
  await refused(node.stage(claim), 'UNAVAILABLE', /state\/formatted/);
  assert.deepEqual(node.mounts(), []);
  run('sh', '-c', `rm ${records} && mv ${records}.kept ${records}`);
  pretend(t, 'mkfs.ext4', `exec ${mkfs} "$@"`);
  const path = await node.mount(claim);
  writeFileSync(join(path, 'data'), 'precious', { flush: true });
  const record = await new FormatRecords(stateOf(node)).read(uuidOf(claim));
  assert.equal(record?.state, 'formatted');
  await node.unmount(claim);
});
