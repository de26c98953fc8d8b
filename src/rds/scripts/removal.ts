import { ere, join, ros, type Script, type ScriptBuilder } from '../../routeros/index.ts';
import { guarded } from './conditions.ts';
import { TRUE } from './disk.ts';
import { type ProvenPool, standing } from './lookup.ts';

/** Taking things off the RDS. */

/** A condition of `/disk find` on items that are not exported. */
const NOT_EXPORTED: Script = ros`!(nvme-tcp-export=yes)`;

/** An expression that matches the paths of what lies in a subvolume of the pool. */
export function pathsIn(s: ScriptBuilder, pool: ProvenPool, name: Script): Script {
  return s.let(ros`(${ere`^/*`}.${pool.mountPoint}."/".${name}."/")`);
}

/** Whether no disk item uses a file with such a path. */
export function isUnused(paths: Script): Script {
  return ros`[:len [/disk find where file-path~${paths}]]=0`;
}

export interface ItemRemoval {
  readonly slot: Script;
  /** What its comment said when it was judged, the generation of its record included. */
  readonly comment: Script;
  /** What else is expected of its row. */
  readonly also?: readonly Script[];
  /** What else must hold. */
  readonly provided?: readonly Script[];
}

/** Removes a disk item that is not exported and still is what it was when it was judged. */
export function removeItem(s: ScriptBuilder, { slot, comment, also = [], provided = [] }: ItemRemoval): void {
  const expected = join([ros`slot=${slot}`, ros`comment=${comment}`, NOT_EXPORTED, ...also], ros` and `);
  s.run(ros`/disk remove ${guarded(ros`/disk find where ${expected}`, ...provided)}`);
}

/**
 * Removes the subvolume of a row: that very one by its uuid, not another that has its name now, and only while its pool is
 * what it was and no disk item uses a file of it. Ids may be positions, which change with every removal (U25).
 */
export function removeSubvolume(
  s: ScriptBuilder,
  row: Script,
  pool: ProvenPool,
  paths: Script,
  ...further: readonly Script[]
): void {
  const search = ros`/disk/btrfs/subvolume find where !dead and fs=${pool.label} and uuid=(${row}->"uuid")`;
  s.run(ros`/disk/btrfs/subvolume remove ${guarded(search, ...standing(pool), isUnused(paths), ...further)}`);
}

/** Waits at most 2 s until a search finds nothing (U9). */
export function awaitGone(s: ScriptBuilder, search: Script): void {
  const tries = s.let(ros`20`);
  s.while(ros`${tries}>0 and [:len ${search}]>0`, () => {
    s.run(ros`:delay 100ms`);
    s.set(tries, ros`(${tries}-1)`);
  });
}

/** Whether the text of a property says yes. */
export function isTrue(text: Script): Script {
  return ros`${text}~${TRUE}`;
}
