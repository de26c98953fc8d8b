/** Filesystems that the kernel has given up while pods use them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { refused } from '../support/calls.ts';
import { KubernetesApi } from '../support/kubernetes-api.ts';
import { until } from '../support/until.ts';
import { run, startFixture } from './fixture.ts';

/** How each of them gives up: XFS shuts down, and ext4 becomes read-only, as it does after an I/O error. */
const GIVE_UP = {
  xfs: (path: string) => run('xfs_io', '-x', '-c', 'shutdown', path),
  ext4: (path: string) => run('mount', '-o', 'remount,abort', path),
} as const;

for (const kind of ['xfs', 'ext4'] as const) {
  test(`a filesystem that gave up was invisible, and nothing but another mount heals it: ${kind}`, async (t) => {
    const api = await KubernetesApi.start(t);
    const fixture = await startFixture(t, { access: api.access, config: { events: { enabled: false } } });
    if (fixture === undefined) return;
    const { node } = fixture;
    const claim = await fixture.claim(kind);
    const { volumeId } = claim;
    const path = await node.mount(claim);
    writeFileSync(join(path, 'data'), 'precious', { flush: true });
    run('sync');
    const stats = () => node.client.nodeGetVolumeStats({ volumeId, volumePath: path });
    assert.equal((await stats()).usage.length, 2);

    GIVE_UP[kind](path);
    assert.throws(() => writeFileSync(join(path, 'more'), 'x'), /EIO|EROFS/);
    await refused(
      stats(),
      'FAILED_PRECONDITION',
      /has given up.*delete the pods that use the volume.*\[NODE-GAVEUP\]$/,
    );
    await until(async () => api.events().length > 0);
    await refused(stats(), 'FAILED_PRECONDITION', /has given up/);
    assert.deepEqual(
      api.events().map(({ reason, involvedObject }) => [reason, involvedObject['kind']]),
      [['FilesystemGaveUp', 'Node']],
      'once for each pod that has it',
    );

    const publishContext = await node.controllerPublish(claim);
    const second = () => node.client.nodePublishVolume({ ...node.publishRequest(claim, 'next'), publishContext });
    await refused(second(), 'FAILED_PRECONDITION', /still published at/);
    assert.equal(api.events().length, 1);
    const targetPath = node.targetPath(claim);
    await node.client.nodeUnpublishVolume({ volumeId, targetPath });
    await second();
    const next = node.targetPath(claim, 'next');
    assert.equal(readFileSync(join(next, 'data'), 'utf8'), 'precious');
    writeFileSync(join(next, 'more'), 'x', { flush: true });
    await node.client.nodeGetVolumeStats({ volumeId, volumePath: next });

    GIVE_UP[kind](next);
    await refused(node.client.nodeGetVolumeStats({ volumeId, volumePath: next }), 'FAILED_PRECONDITION', /given up/);
    await until(async () => api.events().filter(({ reason }) => reason === 'FilesystemGaveUp').length === 2);
    await node.client.nodeUnpublishVolume({ volumeId, targetPath: next });
    await node.unmount(claim);
    assert.deepEqual(node.mounts(), []);
  });
}
