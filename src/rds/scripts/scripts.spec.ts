import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LONGEST_UPTIME, wrap } from '../../routeros/envelope.ts';
import type { Operation } from '../operation.ts';
import type { SnapshotRef, VolumeRef } from '../refs.ts';
import { ANY_AMOUNT } from '../reservations.ts';
import { poolContents, poolSpace, probeBox } from './box.ts';
import { createVolume } from './create-volume.ts';
import { discardEmptySubvolume, discardLostItem } from './half-made.ts';
import { listSnapshots, listVolumes } from './lists.ts';
import { listLostItems } from './lost-items.ts';
import { claimVolume, exportVolume, unpublishVolume } from './publication.ts';
import { createSnapshot, deleteSnapshot, discardTwin, readSnapshot } from './snapshots.ts';
import { deleteVolume, discardVolume, expandVolume, readDisk, readVolume } from './volume.ts';
import { choose } from './whereabouts.ts';

const UUID = 'ffffffff-ffff-5fff-bfff-ffffffffffff';
const BYTES = 2n ** 62n;
/** As many and as long as the configuration allows. */
const pools = [32, 8, 6, 6, 6, 6].map((length, index) => {
  const label = `${index}`.padStart(length, 'p');
  return { label, uuid: UUID, mountPoint: label };
});
const owners = Array.from({ length: 9 }, (_, index) => index.toString(16).padStart(8, 'f'));
const box = { pools, owners, reserveBytes: BYTES, ratioPercent: 10_000n, port: 65535, reserved: ANY_AMOUNT };
/** A cut says most where nothing is reserved. */
const ofOne = { reserved: 0n };
const narrowed = {
  ...box,
  chosen: {
    label: pools[0]?.label ?? '',
    name: `pvc-${UUID}-ffffffff-s${UUID}-${BYTES}`,
    uuid: UUID,
    subvolumeId: BYTES,
  },
};
const volume: VolumeRef = { kind: 'pvc', uuid: UUID, nqn: `nqn.2026-11.io.rose-csi:pvc-${UUID}` };
const snapshot: SnapshotRef = { kind: 'snap', uuid: UUID };
const NAME = `pvc-${UUID}-ffffffff-s${UUID}-${BYTES}`;
const [pool] = pools;
assert.ok(pool !== undefined);
const creation = { pool, volume, name: NAME, bytes: BYTES, limitBytes: BYTES, description: 'x'.repeat(300) };
const publication = { hostId: UUID, mode: 's', token: 'ffffffff' } as const;
const ALLOW_HOST = `nqn.2014-08.org.nvmexpress:uuid:${UUID}`;
const twin = { name: NAME, uuid: UUID, fs: pool.label, subvolumeId: BYTES, kind: 'own' } as const;
const page = { pool, after: BYTES, limit: 200 };

const operations: Readonly<Record<string, Operation<unknown>>> = {
  create: createVolume(box, { ...creation, source: undefined }),
  restore: createVolume(box, { ...creation, source: snapshot }),
  clone: createVolume(box, { ...creation, source: volume }),
  'clone of the size of its source': createVolume(box, { ...creation, bytes: 0n, source: volume }),
  read: readVolume(box, volume),
  'read disk': readDisk(volume),
  expand: expandVolume(box, volume, BYTES),
  claim: claimVolume(box, volume, publication, true),
  share: claimVolume(box, volume, publication, false),
  export: exportVolume(box, volume, publication, ALLOW_HOST),
  unpublish: unpublishVolume(box, volume, UUID),
  'unpublish all': unpublishVolume(box, volume, undefined),
  delete: deleteVolume(box, volume),
  'discard volume': discardVolume(box, volume, { label: pool.label, name: NAME }, { bytes: BYTES, made: false }),
  'discard empty subvolume': discardEmptySubvolume(box, volume),
  'discard lost item': discardLostItem(box, volume),
  snapshot: createSnapshot(
    { ...box, ...ofOne },
    { snapshot, source: volume, maxSnapshots: 10_000, namePrefix: `snap-${UUID}-ffffffff-${UUID}-9999999999-` },
  ),
  'read snapshot': readSnapshot(box, snapshot),
  'delete snapshot': deleteSnapshot(box, snapshot),
  'discard twin': discardTwin(box, volume, twin, twin),
  choose: choose(box, volume),
  'list volumes': listVolumes(box, { ...page, copies: true }),
  'list snapshots': listSnapshots(box, page, UUID),
  'list snapshots and copies': listSnapshots(box, { ...page, copies: true }),
  'lost items': listLostItems(box, 'f'.repeat(28), 200),
  space: poolSpace(box, undefined, false),
  'space and promises': poolSpace(box, undefined, true),
  'space and counts': poolContents(box),
  probe: probeBox(box),
  ...Object.fromEntries(
    Object.entries({
      create: createVolume(narrowed, { ...creation, source: undefined }),
      restore: createVolume(narrowed, { ...creation, source: snapshot }),
      clone: createVolume(narrowed, { ...creation, source: volume }),
      'clone of one': createVolume(narrowed, {
        ...creation,
        volume: { ...volume, uuid: 'f'.repeat(36) },
        source: volume,
      }),
      'clone of one, of the size of its source': createVolume(narrowed, {
        ...creation,
        bytes: 0n,
        volume: { ...volume, uuid: 'f'.repeat(36) },
        source: volume,
      }),
      claim: claimVolume(narrowed, volume, publication, true),
      snapshot: createSnapshot(
        { ...narrowed, ...ofOne },
        { snapshot, source: volume, maxSnapshots: 10_000, namePrefix: `snap-${UUID}-ffffffff-${UUID}-9999999999-` },
      ),
    }).map(([what, operation]) => [`${what}, of several`, operation]),
  ),
};

for (const [what, { kind, script }] of Object.entries(operations)) {
  test(`the script "${what}" is one line that fits into a command, at its longest`, (t) => {
    const command = wrap(script, '0123456789abcdef', kind === 'write' ? LONGEST_UPTIME : undefined);
    assert.match(command, /^[ -~]+$/);
    t.diagnostic(`${command.length} bytes`);
    assert.ok(command.length <= 4096, `${command.length} bytes (U15)`);
  });

  test(`the script "${what}" never uses copy-from, which copies settings and no data`, () => {
    assert.ok(!script.text.includes('copy-from'));
  });
}

test('only the script that makes a subvolume new and empty sends file-size when it adds a disk item (U4)', () => {
  for (const [what, { script }] of Object.entries(operations)) {
    const { text } = script;
    const adds = text.split('/disk add ').slice(1);
    const sized = adds.filter((add) => /^[^;]*\bfile-size=/.test(add));
    assert.equal(sized.length, what.startsWith('create') ? 1 : 0, what);
    for (const add of adds) {
      assert.match(add, /^[^;]*\bmount-filesystem=no\b/, what);
    }
  }
});

test('every statement that changes something looks, itself, whether it is in time and finds what it expects', () => {
  const changes = /\/disk(?:\/btrfs\/subvolume)? (add|set|remove) (.*?)(?=;|}|$)/g;
  for (const [what, { kind, script }] of Object.entries(operations)) {
    const found = [...script.text.matchAll(changes)];
    assert.equal(kind === 'write', found.length > 0, what);
    for (const [statement] of found) assert.match(statement, /\$xU>\[\/system\/resource get uptime\]/, what);
  }
});
