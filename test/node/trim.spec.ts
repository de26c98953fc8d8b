/** Space that comes back: files are deleted in a volume, and its image on the RDS takes less. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scrape, scrapeUntil } from '../metrics/scrape.ts';
import { outcome, refused } from '../support/calls.ts';
import { until } from '../support/until.ts';
import { capability, type Fixture, MiB, run, startFixture, type TestNode } from './fixture.ts';
import { pretend } from './pretend.ts';

const WRITTEN = 16 * MiB;
/** In hours: many times a second. */
const OFTEN = { trimInterval: 1e-5, metricsPort: 0, metricsAddress: '127.0.0.1' };

/** The loop device that is mounted below a path. */
function loopOf(node: TestNode, path: string): string {
  return basename(node.mounts().find(({ mountPoint }) => mountPoint === path)?.source ?? '');
}

/** Bytes that the image of a mounted volume takes of the disk of the RDS. */
function taken(loop: string): number {
  return statSync(readFileSync(`/sys/block/${loop}/loop/backing_file`, 'utf8').trim()).blocks * 512;
}

/** Writes files and deletes all but one. @returns what the image took before, and how to see what it takes */
function writeAndDelete(node: TestNode, path: string) {
  const loop = loopOf(node, path);
  writeFileSync(join(path, 'kept'), 'precious');
  writeFileSync(join(path, 'deleted'), Buffer.alloc(WRITTEN, 'x'));
  run('sync', '--file-system', path);
  const before = taken(loop);
  assert.ok(before >= WRITTEN);
  rmSync(join(path, 'deleted'));
  const now = () => {
    // XFS frees what was deleted in the background, and discards it with the next write of its log: by itself within 30 s.
    run('sync', '--file-system', path);
    return taken(loop);
  };
  return { before, now };
}

for (const kind of ['ext4', 'xfs'] as const) {
  test(`what is deleted comes back when the node trims: ${kind}`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const node = await fixture.anotherNode('trimming', OFTEN);
    const claim = await fixture.claim(kind);
    const path = await node.mount(claim);
    const { before, now } = writeAndDelete(node, path);
    await until(async () => now() <= before - WRITTEN);
    assert.equal(readFileSync(join(path, 'kept'), 'utf8'), 'precious');
    const found = await scrapeUntil(node.metricsPort, (one) => (one.value('trimmedBytes') ?? 0) >= WRITTEN);
    assert.ok((found.value('trims', { outcome: 'done' }) ?? 0) > 0);
    assert.equal(found.value('trims', { outcome: 'failed' }), 0);
    await node.unmount(claim);
    assert.deepEqual([node.mounts(), fixture.loops.attachments], [[], []]);
  });

  test(`what is deleted comes back at once with the mount option discard: ${kind}`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node } = fixture;
    const discarding = capability(kind, undefined, ['discard']);
    const claim = await fixture.claim(kind, undefined, { volumeCapabilities: [discarding] });
    const path = await node.mount(claim, discarding);
    const { before, now } = writeAndDelete(node, path);
    await until(async () => now() <= before - WRITTEN);
    assert.equal(readFileSync(join(path, 'kept'), 'utf8'), 'precious');
    await node.unmount(claim);
  });
}

/** A node that trims with a program of the test, which finds the path in `$path`. */
async function pretendFstrim(t: TestContext, script: (directory: string) => string) {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-trim-'));
  t.after(() => rmSync(directory, { recursive: true }));
  pretend(t, 'fstrim', `for path; do :; done; ${script(directory)}; echo "$path: 0 B (0 bytes) trimmed"`);
  const log = join(directory, 'log');
  const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []);
  return { directory, lines };
}

const skippedOf = async (node: TestNode) =>
  (await scrape(node.metricsPort)).value('trims', { outcome: 'skipped' }) ?? 0;

test('filesystems are trimmed one after the other', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const pretended = await pretendFstrim(
    t,
    (directory) => `echo begin >>${directory}/log; read -r go <${directory}/go; echo end >>${directory}/log`,
  );
  const go = join(pretended.directory, 'go');
  run('mkfifo', go);
  const node = await fixture.anotherNode('trimming', OFTEN);
  for (const claim of [await fixture.claim('ext4'), await fixture.claim('ext4')]) await node.mount(claim);
  const expected: string[] = [];
  for (let turn = 0; turn < 6; turn += 1) {
    expected.push('begin');
    await until(async () => pretended.lines().length >= expected.length);
    assert.deepEqual(pretended.lines(), expected);
    run('sh', '-c', 'echo go >"$1"', 'sh', go);
    expected.push('end');
  }
});

test('a call for a volume had to wait for an fstrim that hangs', { timeout: 60_000 }, async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  // It keeps the filesystem open, as the real one does.
  const { lines } = await pretendFstrim(t, (directory) => `exec 9<"$path"; echo $$ >>${directory}/log; exec sleep 600`);
  const node = await fixture.anotherNode('trimming', OFTEN);
  const claim = await fixture.claim('ext4');
  await node.mount(claim);
  await until(async () => lines().length > 0);
  const interrupted = (at: number) =>
    scrapeUntil(node.metricsPort, (found) => (found.value('trims', { outcome: 'interrupted' }) ?? 0) >= at);
  const { volumeId } = claim;
  await node.client.nodeUnpublishVolume({ volumeId, targetPath: node.targetPath(claim) });
  await interrupted(1);
  await until(async () => lines().length > 1);
  await node.unstage(claim);
  await interrupted(2);
  assert.deepEqual([node.mounts(), fixture.loops.attachments], [[], []]);
  for (const pid of lines()) assert.ok(!existsSync(`/proc/${pid}`), pid);
});

/** A filesystem on which every writer hangs in the kernel, where no signal reaches it, as on a device that is dead. */
function frozenFilesystem(t: TestContext): { readonly path: string; thaw(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-frozen-'));
  const [image, path] = [join(directory, 'image'), join(directory, 'mounted')];
  mkdirSync(path);
  run('truncate', '--size', '16M', image);
  run('mkfs.ext4', '-q', image);
  run('mount', '-o', 'loop', image, path);
  run('fsfreeze', '--freeze', path);
  let isFrozen = true;
  const thaw = () => {
    if (isFrozen) run('fsfreeze', '--unfreeze', path);
    isFrozen = false;
  };
  t.after(() => {
    thaw();
    run('umount', '--lazy', path);
    rmSync(directory, { recursive: true });
  });
  return { path, thaw };
}

test('a call had to wait for an fstrim that no signal reaches', { timeout: 60_000 }, async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const frozen = frozenFilesystem(t);
  const { lines } = await pretendFstrim(
    t,
    (directory) => `exec 9<"$path"; echo $$ >>${directory}/log; exec touch ${frozen.path}/file`,
  );
  const node = await fixture.anotherNode('trimming', OFTEN);
  const claim = await fixture.claim('ext4');
  await node.mount(claim);
  const inKernel = (pid: string) => /^State:\s+D/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  await until(async () => lines().some(inKernel));
  const { volumeId } = claim;
  await node.client.nodeUnpublishVolume({ volumeId, targetPath: node.targetPath(claim) });
  // Each fstrim that is begun between two calls hangs like the first.
  await refused(node.unstage(claim), 'ABORTED', /\[NODE-UMOUNT\]$/);
  frozen.thaw();
  await until(async () => (await outcome(node.unstage(claim))) === 'OK');
  assert.deepEqual([node.mounts(), fixture.loops.attachments], [[], []]);
});

/** Mounts of others below the directory of the node. */
async function mountOthers(fixture: Fixture, node: TestNode): Promise<void> {
  const [image, own, bound] = ['image', 'own', 'bound'].map((name) => join(node.directory, name));
  assert.ok(image && own && bound);
  for (const path of [own, bound]) mkdirSync(path);
  run('truncate', '--size', '16M', image);
  run('mkfs.ext4', '-q', image);
  run('mount', '-o', 'loop', image, own);
  run('mount', '--bind', '/etc', bound);
  // And of another node of this driver, on the same machine.
  await fixture.node.mount(await fixture.claim('ext4'));
}

test('a mount that is not of this node would have been trimmed', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { lines } = await pretendFstrim(t, (directory) => `echo "$path" >>${directory}/log`);
  const node = await fixture.anotherNode('trimming', OFTEN);
  await mountOthers(fixture, node);
  const [claim, hidden] = [await fixture.claim('ext4'), await fixture.claim('ext4')];
  await node.stage(hidden);
  run('mount', '--bind', '/etc', node.stagingPath(hidden));
  await node.mount(claim);
  // One round after the other: what began before that has ended when a volume was trimmed that is there only since.
  await until(async () => lines().includes(node.stagingPath(claim)));
  const before = lines().length;
  await until(async () => lines().length > before + 2);
  assert.deepEqual(new Set(lines().slice(before)), new Set([node.stagingPath(claim)]));
});

test('a filesystem that gave up was trimmed all the same', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { lines } = await pretendFstrim(t, (directory) => `echo "$path" >>${directory}/log`);
  const node = await fixture.anotherNode('trimming', OFTEN);
  const claim = await fixture.claim('xfs');
  const path = await node.mount(claim);
  await until(async () => lines().length > 0);
  run('xfs_io', '-x', '-c', 'shutdown', path);
  await until(async () => (await skippedOf(node)) > 0);
  const [tried, times] = [lines().length, await skippedOf(node)];
  await until(async () => (await skippedOf(node)) > times + 2);
  assert.equal(lines().length, tried);
});
