import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrap } from '../../routeros/envelope.ts';
import type { Script } from '../../routeros/index.ts';
import { freshComment } from '../publication.ts';
import { poolSpace, probeBox } from './box.ts';
import { createVolume } from './create-volume.ts';
import { discardEmptySubvolume, discardLostItem } from './half-made.ts';
import { listSnapshots, listVolumes, snapshotNames, volumeNames } from './lists.ts';
import { listLostItems } from './lost-items.ts';
import { publishVolume, unpublishVolume } from './publication.ts';
import { createSnapshot, deleteSnapshot, discardTwin, readSnapshot } from './snapshots.ts';
import { deleteVolume, discardVolume, expandVolume, readVolume } from './volume.ts';

const uuid = 'ffffffff-ffff-5fff-bfff-ffffffffffff';
const bytes = 2n ** 62n;
/** As many and as long as the configuration allows. */
const pools = [32, 8, 8].map((length, index) => ({ label: `${index}`.padStart(length, 'p'), uuid }));
const owners = Array.from({ length: 9 }, (_, index) => index.toString(16).padStart(8, 'f'));
const volume = { prefix: `pvc-${uuid}-`, slot: `pvc-${'f'.repeat(28)}`, nqn: `nqn.2026-11.io.rose-csi:pvc-${uuid}` };
const snapshot = { prefix: `snap-${uuid}-` };
const name = `pvc-${uuid}-ffffffff-s${uuid}-${bytes}`;
const target = { pools, owners, volume };
const [pool] = pools;
assert.ok(pool !== undefined);
const creation = {
  ...{ pool, pools, volume, name, bytes, limitBytes: bytes, reserveBytes: bytes, ratioPercent: 10_000n },
  comment: freshComment('x'.repeat(300)),
};
const publication = { hostId: uuid, mode: 's', token: 'ffffffff' } as const;
const allowHost = `nqn.2014-08.org.nvmexpress:uuid:${uuid}`;
const page = { pool, after: bytes, limit: 200 };

const scripts: Readonly<Record<string, Script>> = {
  create: createVolume({ ...creation, source: { kind: 'new' } }),
  restore: createVolume({ ...creation, source: { kind: 'snapshot', snapshot } }),
  clone: createVolume({ ...creation, source: { kind: 'volume', volume } }),
  read: readVolume(target),
  expand: expandVolume(target, bytes, { reserveBytes: bytes, ratioPercent: 10_000n }),
  publish: publishVolume(target, { publication, port: 65535, allowHost }),
  share: publishVolume(target, { publication, port: 65535 }),
  unpublish: unpublishVolume(target, uuid),
  'unpublish all': unpublishVolume(target, undefined),
  delete: deleteVolume(target),
  'discard volume': discardVolume(target, name, { bytes, made: false }),
  'discard empty subvolume': discardEmptySubvolume(target),
  'discard lost item': discardLostItem(target),
  snapshot: createSnapshot({
    ...{ pools, owners, snapshot, source: volume, reserveBytes: bytes, ratioPercent: 10_000n },
    maxSnapshots: 10_000,
    namePrefix: `snap-${uuid}-ffffffff-${uuid}-9999999999-`,
  }),
  'read snapshot': readSnapshot(pools, snapshot),
  'delete snapshot': deleteSnapshot(pools, owners, snapshot),
  'discard twin': discardTwin(pools, volume.prefix, name),
  'list volumes': listVolumes({ ...page, names: volumeNames(owners) }),
  'list snapshots': listSnapshots({ ...page, names: snapshotNames(owners, uuid) }),
  'lost items': listLostItems({ pools, owners, digits: 'f'.repeat(28), limit: 200 }),
  space: poolSpace(pools, false),
  'space and promises': poolSpace(pools, true),
  probe: probeBox(pools),
};

for (const [what, script] of Object.entries(scripts)) {
  test(`the script "${what}" is one line that fits into a command, at its longest`, () => {
    const command = wrap(script, '0123456789abcdef');
    assert.match(command, /^[ -~]+$/);
    assert.ok(command.length <= 4096, `${command.length} bytes (U15)`);
  });

  test(`the script "${what}" never uses copy-from, which copies settings and no data`, () => {
    assert.ok(!script.text.includes('copy-from'));
  });
}

test('only the script that makes a subvolume new and empty sends file-size when it adds a disk item (U4)', () => {
  for (const [what, { text }] of Object.entries(scripts)) {
    const adds = text.split('/disk add ').slice(1);
    const sized = adds.filter((add) => /^[^;]*\bfile-size=/.test(add));
    assert.equal(sized.length, what === 'create' ? 1 : 0, what);
    for (const add of adds) {
      assert.match(add, /^[^;]*\bmount-filesystem=no\b/, what);
    }
  }
});
