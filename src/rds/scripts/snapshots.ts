import { ros, type Script, type ScriptBuilder, say, script } from '../../routeros/index.ts';
import { ownedBy, SECONDS_AT, snapshotNames } from '../names.ts';
import type { Reading, Writing } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import type { ObjectRef, SnapshotRef, VolumeRef } from '../refs.ts';
import { decodeObject, type ObjectState, type SubvolumeRow } from '../rows.ts';
import { guardedText, hasNoItem, proveOwned, proveSpace } from './conditions.ts';
import { attach, itemOf, readSize } from './disk.ts';
import {
  find,
  findOr,
  isThere,
  labelOf,
  locate,
  named,
  nameOf,
  objects,
  ownNow,
  provePools,
  reportFound,
  rowsWhere,
  standing,
} from './lookup.ts';
import { pathsIn, removeSubvolume } from './removal.ts';
import { removeOwn } from './volume.ts';

export interface CreateSnapshot {
  readonly snapshot: SnapshotRef;
  readonly source: VolumeRef;
  /** The snapshot's name up to its size, which the device reads and appends: `snap-<uuid>-<owner>-<source>-<seconds>-`. */
  readonly namePrefix: string;
  /** Snapshots that the source may have; undefined for no limit. */
  readonly maxSnapshots?: number | undefined;
}

/**
 * Takes a snapshot, or finds the one that an earlier call took. The snapshot and all of its metadata come into being in one device
 * command, so there is no partial snapshot; that command finds the source by its uuid, and takes none when there is a
 * snapshot of the id by now.
 */
export function createSnapshot(settings: RdsSettings, request: CreateSnapshot): Writing<ObjectState> {
  const { snapshot, source, namePrefix, maxSnapshots } = request;
  return {
    kind: 'write',
    object: snapshot,
    name: `snapshot ${namePrefix}`,
    removes: false,
    takes: maxSnapshots === undefined ? undefined : { of: `snapshots of ${source.uuid}`, amount: 1n },
    script: script((s) => {
      const found = findOr(s, settings, snapshot, source);
      const { row } = found;
      const pool = provePools(s, settings.pools, s.let(labelOf(row)), hasNoItem(source));
      const name = s.let(nameOf(row));
      s.if(ros`!(${name}~${found.names})`, () => {
        s.if(ros`${name}=""`, () => s.fail('RC-NOSRC'));
        s.if(ros`!(${name}~${ownedBy(source, settings.owners)})`, () => s.fail('RC-OWNER', name));
        proveQuota(s, settings, request);
        const item = attach(s, itemOf(s, source, pool, name, row));
        const size = readSize(s, item.id);
        proveSpace(s, pool, ros`${settings.reserveBytes}`);
        const none = ros`[:len [/disk/btrfs/subvolume find where ${ownNow(found, pool, 'snap')}]]=0`;
        const home = guardedText(pool.label, ...standing(pool), isThere(row), none);
        s.run(ros`/disk/btrfs/subvolume add fs=${home} parent=${name} read-only=yes name=(${namePrefix}.${size})`);
        s.run(say('made'));
      });
      reportFound(s, found, pool, 'snap');
    }),
    decode: decodeObject,
  };
}

/** Refuses with RC-QUOTA when the source has as many snapshots as it may; tells their number and the oldest. */
function proveQuota(s: ScriptBuilder, settings: RdsSettings, { source, maxSnapshots }: CreateSnapshot): void {
  if (maxSnapshots === undefined) return;
  const { owners, reserved = 0n } = settings;
  const rows = s.let(rowsWhere(objects('snap', named(snapshotNames(owners, source.uuid)))));
  if (reserved > 0n) {
    // It stands only when nothing is reserved any more, so no one reads more of it; and there may be no oldest one.
    s.if(ros`([:len ${rows}]+${reserved})>=${maxSnapshots}`, () => s.fail('RC-QUOTA'));
    return;
  }
  s.if(ros`[:len ${rows}]>=${maxSnapshots}`, () => {
    const oldest = s.let(ros`(${rows}->0->"name")`);
    const seconds = (name: Script) => ros`[:tonum [:pick ${name} ${SECONDS_AT} ${SECONDS_AT + 10n}]]`;
    s.each(rows, (row) => {
      const name = s.let(ros`(${row}->"name")`);
      s.if(ros`${seconds(name)}<${seconds(oldest)}`, () => s.set(oldest, name));
    });
    s.fail('RC-QUOTA', ros`[:len ${rows}]." ".${oldest}`);
  });
}

/** Reads a snapshot, with what a race left beside it; none when it does not exist. Changes nothing. */
export function readSnapshot(settings: RdsSettings, snapshot: SnapshotRef): Reading<ObjectState> {
  return {
    kind: 'read',
    script: script((s) => {
      const { pool, ...found } = locate(s, settings, snapshot);
      reportFound(s, found, pool, 'snap');
    }),
    decode: decodeObject,
  };
}

/** Removes a snapshot from its pool and proves it gone; what is still there is reported, what a race left beside it included. */
export function deleteSnapshot(settings: RdsSettings, snapshot: SnapshotRef): Writing<ObjectState> {
  return {
    kind: 'write',
    object: snapshot,
    name: 'delete',
    removes: true,
    script: script((s) => {
      const { pool, ...found } = locate(s, settings, snapshot);
      proveOwned(s, found.row, snapshot, settings.owners);
      removeOwn(s, found, pool, snapshot);
      reportFound(s, found, pool, 'snap');
    }),
    decode: decodeObject,
  };
}

/**
 * Removes one subvolume that lost a race: it is not the object that its id stands for, which is there and was made before it,
 * and no disk item uses a file of it. Anything else is left alone.
 */
export function removeDuplicate(
  settings: RdsSettings,
  object: ObjectRef,
  winner: SubvolumeRow,
  duplicate: SubvolumeRow,
): Writing<undefined> {
  return {
    kind: 'write',
    object,
    name: `discard ${duplicate.name}`,
    removes: true,
    script: script((s) => {
      const pool = provePools(s, settings.pools, s.let(ros`${duplicate.fs}`));
      const { row } = find(s, { chosen: { ...duplicate, label: duplicate.fs } }, object);
      const earlier = ros`!dead and fs=${pool.label} and name=${winner.name} and subvolume-id<${duplicate.subvolumeId}`;
      const paths = pathsIn(s, pool, ros`${duplicate.name}`);
      removeSubvolume(s, row, pool, paths, ros`[:len [/disk/btrfs/subvolume find where ${earlier}]]=1`);
    }),
    decode: () => undefined,
  };
}
