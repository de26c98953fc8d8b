/** Mount options that the filesystem of a volume does not take. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeSnapshot, refused } from '../support/calls.ts';
import { fromSnapshot } from '../support/requests.ts';
import { capability, SIZES, startFixture } from './fixture.ts';
import { pretend } from './pretend.ts';

const withOptions = (kind: 'ext4' | 'xfs', ...flags: string[]) => capability(kind, undefined, flags);

for (const [kind, option] of [
  ['ext4', 'bogus'],
  ['ext4', 'nouuid'],
  ['ext4', 'commit=-1'],
  ['xfs', 'bogus'],
  ['xfs', 'data=journal'],
] as const) {
  test(`an option that is none of the filesystem was reported as damage, with e2fsck to run: ${option} on ${kind}`, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node, loops } = fixture;
    const claim = await fixture.claim(kind);
    const told = `: noatime,${option}: it holds ${kind}; .*spec\\.mountOptions.*\\[NODE-OPTIONS\\]$`;
    const refusal = new RegExp(`^(?!.*(?:damaged|repair|as a new volume)).*${told}`, 's');
    await refused(node.stage(claim, withOptions(kind, 'noatime', option)), 'FAILED_PRECONDITION', refusal);
    assert.deepEqual(loops.attachments, []);
    const path = await node.mount(claim, withOptions(kind, 'noatime'));
    writeFileSync(join(path, 'data'), 'x');
  });
}

test('a restore has the filesystem of its source, and the options of another class do not suit it', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node, controller } = fixture;
  const source = await fixture.claim('ext4', SIZES.xfs);
  writeFileSync(join(await node.mount(source), 'data'), 'precious', { flush: true });
  await node.unmount(source);
  const snapshotId = await makeSnapshot(controller, source.volumeId);
  const restored = await fixture.claim('xfs', SIZES.xfs, fromSnapshot(snapshotId));
  const refusal =
    /: nouuid: it holds ext4, not xfs as a new volume would; .*A copy has the filesystem of its source \[NODE-OPTIONS\]$/s;
  await refused(node.stage(restored, withOptions('xfs', 'nouuid')), 'FAILED_PRECONDITION', refusal);
  const path = await node.mount(restored, withOptions('xfs'));
  assert.equal(readFileSync(join(path, 'data'), 'utf8'), 'precious');
});

test('a filesystem that is damaged is reported as such, whatever its options', async (t) => {
  const fixture = await startFixture(t);
  if (fixture === undefined) return;
  const { node } = fixture;
  const claim = await fixture.claim('xfs');
  await node.mount(claim);
  await node.unmount(claim);
  const said = 'mount(2) system call failed: Structure needs cleaning.';
  pretend(t, 'mount', `echo "mount: /x: ${said}" >&2; exit 32`);
  const stage = node.stage(claim, withOptions('xfs', 'noatime'));
  await refused(
    stage,
    'UNAVAILABLE',
    /^mount -t xfs .*Structure needs cleaning.*#a-damaged-filesystem\) \[NODE-MOUNT\]$/s,
  );
});
