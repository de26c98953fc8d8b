import { ros, type ScriptBuilder, say, script } from '../../routeros/index.ts';
import { ownedBy, snapshotNames, UNIT } from '../names.ts';
import type { Reading, Writing } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import type { ObjectRef, SnapshotRef, VolumeRef } from '../refs.ts';
import { decodeMade, decodeObject, type ObjectState, type SubvolumeRow } from '../rows.ts';
import { guardedText, hasNoItem, proveOwned, proveSpace, slotVariable } from './conditions.ts';
import { attach, itemOf, readSize } from './disk.ts';
import {
  chosenFor,
  find,
  findOr,
  isAlone,
  isThere,
  labelOf,
  locate,
  named,
  nameOf,
  objects,
  ownNow,
  provePools,
  proveWhole,
  reportFound,
  standing,
} from './lookup.ts';
import { pathsIn, removeSubvolume } from './removal.ts';
import { removeOwn } from './volume.ts';

export interface CreateSnapshot {
  readonly snapshot: SnapshotRef;
  readonly source: VolumeRef;
  /** The snapshot's name up to its size, which the device reads and appends: `snap-<uuid>-<owner>-<source>-<seconds>-`. */
  readonly namePrefix: string;
  /** Snapshots that the source may have, with what only looks like one by its name; undefined for no limit. */
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
      const slot = slotVariable(s, source);
      const pool = provePools(s, settings.pools, s.let(labelOf(row)), hasNoItem(slot));
      const name = s.let(nameOf(row));
      s.if(ros`!(${name}~${found.names})`, () => {
        s.if(ros`${name}=""`, () => s.fail('RC-NOSRC'));
        s.if(ros`!(${name}~${ownedBy(source, settings.owners)})`, () => s.fail('RC-OWNER', name));
        proveWhole(s, settings, source, name);
        proveQuota(s, settings, request);
        const item = attach(s, itemOf(s, slot, pool, name, row));
        const size = readSize(s, item.id);
        proveSpace(s, pool, ros`${settings.reserveBytes}`);
        // Where none was chosen, there is what only looks like one.
        const isChosen = chosenFor(settings, snapshot) !== undefined;
        const none = ros`[:len [/disk/btrfs/subvolume find where ${ownNow(found, pool, 'snap')}]]=0`;
        const home = guardedText(
          pool.label,
          ...standing(pool),
          isThere(row),
          isAlone(ros`(${row}->"uuid")`, name, pool),
          ...(isChosen ? [] : [none]),
        );
        // A floor: someone may have grown the image by hand.
        const bytes = ros`([:tonum ${size}]/${UNIT}*${UNIT})`;
        s.run(ros`/disk/btrfs/subvolume add fs=${home} parent=${name} read-only=yes name=(${namePrefix}.${bytes})`);
        s.run(say('made'));
      });
      reportFound(s, found, pool, 'snap');
    }),
    decode: decodeMade,
  };
}

/** Refuses with RC-QUOTA when the source has as many snapshots as it may; what only looks like one by its name counts. */
function proveQuota(s: ScriptBuilder, settings: RdsSettings, { source, maxSnapshots }: CreateSnapshot): void {
  if (maxSnapshots === undefined) return;
  const { owners, reserved = 0n } = settings;
  const rows = ros`[/disk/btrfs/subvolume find where ${objects('snap', named(snapshotNames(owners, source.uuid)))}]`;
  s.if(ros`([:len ${rows}]+${reserved})>=${maxSnapshots}`, () => s.fail('RC-QUOTA'));
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
      proveOwned(s, found.row, ownedBy(snapshot, settings.owners));
      removeOwn(s, found, pool);
      reportFound(s, found, pool, 'snap');
    }),
    decode: decodeObject,
  };
}

/**
 * Removes one subvolume that lost a race: it is not the object that its id stands for, which is there, and no disk item uses a
 * file of it. Anything else is left alone.
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
      const first = ros`!dead and fs=${pool.label} and uuid=${winner.uuid}`;
      const paths = pathsIn(s, pool, ros`${duplicate.name}`);
      removeSubvolume(s, row, pool, paths, ros`[:len [/disk/btrfs/subvolume find where ${first}]]=1`);
    }),
    decode: () => undefined,
  };
}
