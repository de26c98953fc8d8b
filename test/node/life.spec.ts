import assert from 'node:assert/strict';
import { readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeSnapshot } from '../support/calls.ts';
import { pattern } from '../support/images.ts';
import { fromSnapshot, fromVolume } from '../support/requests.ts';
import { type Claim, canGrow, type Fixture, type Kind, MiB, run, SIZES, startFixture } from './fixture.ts';

/** Writes so that it is on the device when this returns. */
function write(kind: Kind, path: string, data: Buffer): void {
  writeFileSync(kind === 'block' ? path : join(path, 'data'), data, {
    flag: kind === 'block' ? 'r+' : 'w',
    flush: true,
  });
  run('sync');
}

function read(kind: Kind, path: string): Buffer {
  return kind === 'block' ? readFileSync(path).subarray(0, MiB) : readFileSync(join(path, 'data'));
}

function sizeOf(kind: Kind, path: string): number {
  if (kind === 'block') return Number(run('blockdev', '--getsize64', path));
  const { blocks, bsize } = statfsSync(path);
  return blocks * bsize;
}

async function growOnline({ controller, node }: Fixture, { volumeId, kind }: Claim, path: string): Promise<void> {
  const capacityRange = { requiredBytes: SIZES[kind] * 3n };
  const grown = await controller.controllerExpandVolume({ volumeId, capacityRange });
  const { capacityBytes } = await node.client.nodeExpandVolume({
    volumeId,
    volumePath: path,
    capacityRange: { requiredBytes: grown.capacityBytes },
  });
  assert.equal(capacityBytes, SIZES[kind] * 3n);
  assert.ok(sizeOf(kind, path) > Number(SIZES[kind]) * 2.7, 'it grew while it was in use');
}

for (const kind of ['ext4', 'xfs', 'block'] as const) {
  test(`the life of a volume: ${kind}`, { timeout: 120_000 }, async (t) => {
    const fixture = await startFixture(t);
    if (fixture === undefined) return;
    const { node, controller, loops } = fixture;
    const size = SIZES[kind];
    const growth = canGrow(t, kind) ? 2n : 1n;
    const source = await fixture.claim(kind);
    const path = await node.mount(source);
    write(kind, path, pattern('first'));
    const snapshotId = await makeSnapshot(controller, source.volumeId);
    write(kind, path, pattern('second'));

    const restored = await fixture.claim(kind, size * growth, fromSnapshot(snapshotId));
    const beside = await node.mount(restored);
    assert.ok(read(kind, beside).equals(pattern('first')), 'the restore holds what the snapshot held');
    assert.ok(read(kind, path).equals(pattern('second')), 'and its source, mounted beside it, what came later');
    assert.ok(sizeOf(kind, beside) > Number(size * growth) * 0.75, 'it has its larger size');

    if (growth > 1n) await growOnline(fixture, source, path);
    assert.ok(read(kind, path).equals(pattern('second')));

    const { usage } = await node.client.nodeGetVolumeStats({ volumeId: source.volumeId, volumePath: path });
    assert.ok(Number(usage[0]?.total) > Number(size) * 0.75);
    assert.equal(usage.length, kind === 'block' ? 1 : 2);

    const clone = await fixture.claim(kind, size * growth, fromVolume(restored.volumeId));
    assert.ok(read(kind, await node.mount(clone)).equals(pattern('first')));
    for (const claim of [source, clone, restored]) await node.unmount(claim);
    assert.deepEqual(node.mounts(), []);
    assert.deepEqual(loops.attachments, []);
    for (const { volumeId } of [source, clone]) await controller.deleteVolume({ volumeId });
    await controller.deleteSnapshot({ snapshotId });
    await controller.deleteVolume({ volumeId: restored.volumeId });
    const [pool] = await fixture.api.pools();
    assert.deepEqual([pool?.subvolumes, pool?.strayFiles], [[], []]);
  });
}
