import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LONGEST_UPTIME, wrap } from '../../routeros/envelope.ts';
import type { Operation } from '../operation.ts';
import { hostId, type SnapshotRef, type VolumeRef } from '../refs.ts';
import { ANY_AMOUNT } from '../reservations.ts';
import { createVolume } from './create-volume.ts';
import { poolContents, poolSpace, probeRds } from './device.ts';
import { listSnapshots, listVolumes } from './lists.ts';
import { listLostItems } from './lost-items.ts';
import { discardEmptySubvolume, discardLostItem } from './partial-volume.ts';
import { claimVolume, exportVolume, unpublishVolume } from './publication.ts';
import { deleteCopy, discardHalfReceived, readReceived } from './received.ts';
import { createSnapshot, deleteSnapshot, readSnapshot, removeDuplicate } from './snapshots.ts';
import { listTransfers, receiveIn, removeTransfer, startTransfer } from './transfers.ts';
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
const settings = { pools, owners, reserveBytes: BYTES, ratioPercent: 10_000n, port: 65535, reserved: ANY_AMOUNT };
/** Taking a snapshot says most where nothing is reserved. */
const ofOne = { reserved: 0n };
const narrowed = {
  ...settings,
  chosen: {
    label: pools[0]?.label ?? '',
    name: `pvc-${UUID}-ffffffff-s${UUID}-${BYTES}`,
    uuid: UUID,
    subvolumeId: BYTES,
  },
};
const volume: VolumeRef = { kind: 'pvc', uuid: UUID };
const snapshot: SnapshotRef = { kind: 'snap', uuid: UUID };
const NAME = `pvc-${UUID}-ffffffff-s${UUID}-${BYTES}`;
const [pool] = pools;
assert.ok(pool !== undefined);
const creation = { pool, volume, name: NAME, bytes: BYTES, limitBytes: BYTES, description: 'x'.repeat(300) };
const node = hostId(UUID);
assert.ok(node !== undefined);
const publication = { hostId: node, mode: 's', token: 'ffffffff' } as const;
const ALLOW_HOST = `nqn.2014-08.org.nvmexpress:uuid:${UUID}`;
const duplicate = { name: NAME, uuid: UUID, fs: pool.label, subvolumeId: BYTES, kind: 'own' } as const;
const target = { address: 'a'.repeat(253), port: 65535, user: 'u'.repeat(64), mount: 'm'.repeat(32) };
const sent = { name: `snap-${UUID}-ffffffff-${UUID}-9999999999-${BYTES}`, uuid: UUID };
const page = { pool, after: BYTES, limit: 200 };

const operations: Readonly<Record<string, Operation<unknown>>> = {
  create: createVolume(settings, { ...creation, source: undefined }),
  restore: createVolume(settings, { ...creation, source: snapshot }),
  clone: createVolume(settings, { ...creation, source: volume }),
  'clone of the size of its source': createVolume(settings, { ...creation, bytes: 0n, source: volume }),
  read: readVolume(settings, volume),
  'read disk': readDisk(volume),
  expand: expandVolume(settings, volume, BYTES),
  claim: claimVolume(settings, volume, publication, true),
  share: claimVolume(settings, volume, publication, false),
  export: exportVolume(settings, volume, publication, ALLOW_HOST),
  unpublish: unpublishVolume(settings, volume, node),
  'unpublish all': unpublishVolume(settings, volume, undefined),
  delete: deleteVolume(settings, volume),
  'discard volume': discardVolume(settings, volume, { label: pool.label, name: NAME }, { bytes: BYTES, made: false }),
  'discard empty subvolume': discardEmptySubvolume(settings, volume),
  'discard lost item': discardLostItem(settings, volume),
  snapshot: createSnapshot(
    { ...settings, ...ofOne },
    { snapshot, source: volume, maxSnapshots: 10_000, namePrefix: `snap-${UUID}-ffffffff-${UUID}-9999999999-` },
  ),
  'read snapshot': readSnapshot(settings, snapshot),
  'delete snapshot': deleteSnapshot(settings, snapshot),
  'discard duplicate': removeDuplicate(settings, volume, duplicate, duplicate),
  choose: choose(settings, volume),
  'list volumes': listVolumes(settings, { ...page, copies: true }),
  'list snapshots': listSnapshots(settings, page, UUID),
  'list snapshots and copies': listSnapshots(settings, { ...page, copies: true }),
  'lost items': listLostItems(settings, 'f'.repeat(28), 200),
  space: poolSpace(settings, undefined, false),
  'space and promises': poolSpace(settings, undefined, true),
  'space and counts': poolContents(settings),
  probe: probeRds(settings),
  transfers: listTransfers(settings, pool, target),
  send: startTransfer(settings, pool, target, { snapshot, sent, parent: sent }),
  'forget a transfer': removeTransfer(settings, pool, target, snapshot, sent.name),
  receive: receiveIn(settings, pool, { snapshot, parent: sent.uuid }),
  'what was received': readReceived(pool, snapshot),
  'delete a copy': deleteCopy(settings, pool, snapshot, UUID),
  'discard a half': discardHalfReceived(settings, pool, snapshot, { ...sent, parsed: { sourceUuid: UUID } }),
  'restore from a copy': createVolume(settings, { ...creation, source: { ...snapshot, copy: UUID } }),
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
  const changes = /\/disk(?:\/btrfs\/(?:subvolume|transfer))? (add|set|remove) (.*?)(?=;|}|$)/g;
  for (const [what, { kind, script }] of Object.entries(operations)) {
    const found = [...script.text.matchAll(changes)];
    assert.equal(kind === 'write', found.length > 0, what);
    for (const [statement] of found) assert.match(statement, /\$xU>\[\/system\/resource get uptime\]/, what);
  }
});
