import { ere, join, put, ros, type Script, type ScriptBuilder, say, script } from '../../routeros/index.ts';
import { exactly, namesOf, ownedBy } from '../names.ts';
import type { Reading, Writing } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import type { Pool, SnapshotRef } from '../refs.ts';
import { decodePage, type SubvolumeRow } from '../rows.ts';
import { proveOwned } from './conditions.ts';
import {
  IS_COPY,
  named,
  nameOf,
  objects,
  type ProvenPool,
  provePool,
  REAL_UUID,
  rowsWhere,
  subvolumeProperties,
} from './lookup.ts';
import { pathsIn, removeSubvolume } from './removal.ts';

/** What other RDS have sent to a pool: copies of snapshots, and halves of them (docs/routeros.md, 6.1). */

const IS_HALF = ros`!(read-only=yes) and !(received-uuid~${REAL_UUID})`;

/** Everything in a pool that may have the name of a snapshot, wherever it lies, each as what it is, by ascending subvolume-id. */
export function readReceived(pool: Pool, snapshot: SnapshotRef): Reading<readonly SubvolumeRow[]> {
  const properties = ros`${subvolumeProperties('snap')},recv-time`;
  return {
    kind: 'read',
    script: script((s) => {
      const { label } = provePool(s, pool);
      const names = s.let(namesOf(snapshot));
      s.each(
        ros`[/disk/btrfs/subvolume print detail as-value proplist=${properties} where !dead and fs=${label} and name~${names}]`,
        (row) => s.run(put(row)),
      );
    }),
    decode: (rows) => decodePage(rows, pool).objects.map(({ subvolume }) => subvolume),
  };
}

/**
 * Removes one copy of a snapshot from a pool, that very one. Refuses with RC-USED when a disk item uses a file of it. An original is
 * never touched, nor is what is half-received. Reports whether it went.
 *
 * @param uuid Its own.
 * @param besides The own uuid of another copy, only beside which it may go; by default it always may.
 */
export function deleteCopy(
  { owners }: Pick<RdsSettings, 'owners'>,
  pool: Pool,
  snapshot: SnapshotRef,
  uuid: string,
  besides?: string,
): Writing<boolean> {
  return {
    kind: 'write',
    object: snapshot,
    name: `delete the copy ${uuid} in ${pool.label}`,
    removes: true,
    script: script((s) => {
      const proven = provePool(s, pool);
      const copy = (own: string): Script => ros`!dead and fs=${proven.label} and uuid=${own} and ${IS_COPY}`;
      const row = s.let(ros`(${rowsWhere(copy(uuid))}->0)`);
      proveOwned(s, row, ownedBy(snapshot, owners));
      const other = besides === undefined ? [] : [ros`[:len [/disk/btrfs/subvolume find where ${copy(besides)}]]=1`];
      s.if(join([ros`[:len ${row}]>0`, ...other], ros` and `), () => {
        removeReceived(s, row, proven, pool, [isStill(IS_COPY, row), ...other]);
        s.run(say('removed'));
      });
    }),
    decode: (rows) => rows.length > 0,
  };
}

/** A half-received subvolume. */
export interface Half {
  readonly name: string;
  /** Its own. */
  readonly uuid: string;
  readonly parsed: { readonly sourceUuid: string };
}

/**
 * Removes one half-received subvolume of our owners, that very one, while it can be written to and has no `received-uuid`. Where its
 * source volume is on that RDS, it may be a snapshot of its own that someone made writable, and stays. Reports whether it went.
 */
export function discardHalfReceived(
  { owners }: Pick<RdsSettings, 'owners'>,
  pool: Pool,
  snapshot: SnapshotRef,
  { name, uuid, parsed }: Half,
): Writing<boolean> {
  return {
    kind: 'write',
    object: snapshot,
    name: `discard the half ${uuid} in ${pool.label}`,
    removes: true,
    script: script((s) => {
      const proven = provePool(s, pool);
      const half = ros`!dead and fs=${proven.label} and name~${exactly(name)} and uuid=${uuid} and ${IS_HALF}`;
      const row = s.let(ros`(${rowsWhere(half)}->0)`);
      proveOwned(s, row, ownedBy(snapshot, owners));
      const volume = objects('pvc', named(namesOf({ kind: 'pvc', uuid: parsed.sourceUuid })));
      s.if(ros`[:len ${row}]>0 and [:len ${rowsWhere(volume)}]=0`, () => {
        removeReceived(s, row, proven, pool, [isStill(IS_HALF, row)]);
        s.run(say('removed'));
      });
    }),
    decode: (rows) => rows.length > 0,
  };
}

/** Whether the subvolume of a row still is what it was found to be. */
function isStill(what: Script, row: Script): Script {
  return ros`[:len [/disk/btrfs/subvolume find where ${what} and uuid=(${row}->"uuid")]]=1`;
}

/** Removes the subvolume of a row that no disk item uses, if these conditions hold. */
function removeReceived(
  s: ScriptBuilder,
  row: Script,
  pool: ProvenPool,
  { receivesIn }: Pool,
  conditions: readonly Script[],
): void {
  const name = receivesIn === undefined ? nameOf(row) : ros`(${ere`(${receivesIn}/)*`}.${nameOf(row)})`;
  const paths = pathsIn(s, pool, name);
  s.each(ros`[/disk find where file-path~${paths}]`, (item) =>
    s.fail('RC-USED', ros`[:tostr [/disk get ${item} slot]]`),
  );
  removeSubvolume(s, row, pool, paths, ...conditions);
}
