import { ere, join, ros, type Script, type ScriptBuilder } from '../../routeros/index.ts';
import { namesOf } from '../names.ts';
import type { RdsSettings } from '../rds.ts';
import type { ObjectRef, Pool } from '../refs.ts';
import { put } from './output.ts';

/**
 * Finding an object on the box, and proving that the box is the one that is meant. `and`, `or` evaluate both sides, hence the
 * nested `if`s (docs/routeros.md, 1.3). A missing key or index yields nothing rather than an error, so the first row of an
 * empty answer is nothing.
 *
 * An object is a subvolume with a whole name of ours that was made on this box: one with a `received-uuid` is a copy that
 * came by `/disk/btrfs/transfer`, which keeps names, and a snapshot that is not read-only is half of such a copy. Names are
 * unique in a filesystem, not over all: where two hold a volume of one id, the one that its disk item is in is the object
 * (`./whereabouts.ts`), and where nothing says which it is, nothing is done (docs/decisions/0018).
 */

/** Handles on what was found of an object. */
export interface Found {
  /** Rows of all subvolumes of the object, in whichever filesystem. */
  readonly rows: Script;
  /** The row that is the object: the one with the smallest subvolume-id; nothing when there is none. */
  readonly row: Script;
  /** The expression that matches the names of the object. */
  readonly names: Script;
}

/** A pool that was proven. */
export interface ProvenPool {
  readonly label: Script;
  readonly uuid: Script;
  /** Id of the `/disk` row that is mounted. */
  readonly disk: Script;
}

/**
 * The condition for subvolumes that are there and are objects. No copy that was received is one: a device may show the empty
 * uuid of others as zeros or as a dash, but a real one has a digit that is no zero. Nor is a snapshot that can be written to.
 */
export const OBJECTS: Script = ros`!dead and !(received-uuid~${ere`[1-9a-f]`}) and (read-only=yes or name~${ere`^p`})`;

/** The rows of subvolumes, for the script itself. */
export function rowsWhere(condition: Script): Script {
  return ros`[/disk/btrfs/subvolume print detail as-value where ${condition}]`;
}

/** The label of the filesystem that a row is in; empty for nothing. */
export function labelOf(row: Script): Script {
  return ros`("".(${row}->"fs"))`;
}

/** Whether there is exactly one living subvolume with the uuid in a variable. */
export function isThere(uuid: Script): Script {
  return ros`[:len [/disk/btrfs/subvolume find where !dead and uuid=${uuid}]]=1`;
}

/** The conditions under which a pool is still the one that was proven. */
export function standing(pool: ProvenPool): readonly Script[] {
  return [ros`label=${pool.label}`, ros`uuid=${pool.uuid}`];
}

/** Where objects are looked for, as far as it has been written into a script. */
interface Places {
  /** Variable with a map from the label of each configured pool to its uuid. */
  readonly pools: Script;
  /** A condition on rows; empty when objects are looked for everywhere. */
  readonly only: Script;
}

/** Names the pools of a box in a script. */
export function placesOf(s: ScriptBuilder, { pools, only }: Pick<RdsSettings, 'pools' | 'only'>): Places {
  return {
    pools: mapOf(s, pools),
    only: only === undefined ? ros`` : ros` and fs=${only}`,
  };
}

/** Looks for an object. Refuses with RC-TWO when two filesystems hold it: see `./whereabouts.ts`. */
export function find(s: ScriptBuilder, places: Places, object: ObjectRef): Found {
  const [rows, row] = [s.let(), s.let()];
  const names = s.let(namesOf(object));
  search(s, places, { rows, row, names });
  return { rows, row, names };
}

/** As {@link find}; and when there is no such object, it looks for the other one in its place. */
export function findOr(s: ScriptBuilder, places: Places, object: ObjectRef, other: ObjectRef): Found {
  const [rows, row] = [s.let(), s.let()];
  const names = s.let(namesOf(object));
  s.each(ros`{${names};${namesOf(other)}}`, (one) =>
    s.if(ros`[:len ${row}]=0`, () => search(s, places, { rows, row, names: one })),
  );
  return { rows, row, names };
}

function search(s: ScriptBuilder, { pools, only }: Places, { rows, row, names }: Found): void {
  s.set(rows, rowsWhere(ros`${OBJECTS}${only} and name~${names}`));
  const elsewhere = s.let();
  s.each(rows, (one) => {
    const label = s.let(labelOf(one));
    s.if(
      ros`[:len (${pools}->${label})]=0`,
      () => s.set(elsewhere, label),
      () => {
        s.if(ros`[:len ${row}]=0`, () => s.set(row, one));
        s.if(ros`(${row}->"fs")!=${label}`, () => s.fail('RC-TWO', ros`(${row}->"name")`));
        const number = (of: Script) => ros`[:tonum (${of}->"subvolume-id")]`;
        s.if(ros`${number(one)}<${number(row)}`, () => s.set(row, one));
      },
    );
  });
  // Taken out of the configuration, a pool still has what was made in it: that is not absent.
  s.if(ros`[:len ${row}]=0 and [:len ${elsewhere}]>0`, () => s.fail('RC-POOL', ros`${elsewhere}." is not configured"`));
}

/**
 * Proves that label and uuid of pools exist exactly once and are mounted exactly once; else refuses with RC-POOL. Nothing is
 * absent before this.
 *
 * @param label Variable with the one that matters; all do while it is empty, since absence is believed only of all pools.
 *   A pool that is gone does not hold up the objects of the others.
 */
export function provePools(s: ScriptBuilder, { pools }: Pick<Places, 'pools'>, label: Script): ProvenPool {
  const [disk, uuid] = [s.let(), s.let()];
  s.eachEntry(pools, (one, expected) =>
    s.if(ros`${label}=${one} or ${label}=""`, () => {
      s.set(uuid, expected);
      s.set(disk, ros`[/disk find where mounted and fs-label=${one}]`);
      const named = s.let(ros`[/disk/btrfs/filesystem print detail as-value where label=${one}]`);
      s.if(ros`[:len ${named}]!=1 or (${named}->0->"uuid")!=${uuid} or [:len ${disk}]!=1`, () =>
        s.fail('RC-POOL', one),
      );
      s.set(disk, ros`(${disk}->0)`);
    }),
  );
  return { label, uuid, disk };
}

/** Proves all pools. */
export function proveAll(s: ScriptBuilder, pools: readonly Pool[]): ProvenPool {
  return provePools(s, { pools: mapOf(s, pools) }, s.let(ros`""`));
}

/** The configured pools, as a map from label to uuid. */
function mapOf(s: ScriptBuilder, pools: readonly Pool[]): Script {
  return s.let(ros`{${join(pools.map((pool) => ros`${pool.label}=${pool.uuid}`))}}`);
}

/** Finds an object and proves its pool, or that it is in none. */
export function locate(
  s: ScriptBuilder,
  box: Pick<RdsSettings, 'pools' | 'only'>,
  object: ObjectRef,
): Found & { readonly pool: ProvenPool } {
  const places = placesOf(s, box);
  const found = find(s, places, object);
  return { ...found, pool: provePools(s, places, s.let(labelOf(found.row))) };
}

/** Runs the block for each subvolume of the object: the object itself and what a race left beside it, in its own pool. */
export function eachOwn(s: ScriptBuilder, { rows }: Found, pool: ProvenPool, block: (row: Script) => void): void {
  s.each(rows, (row) => s.if(ros`(${row}->"fs")=${pool.label}`, () => block(row)));
}

/** The condition for the subvolumes of an object in its pool as it is now; none while it is in no pool. */
export function ownNow({ names }: Found, pool: ProvenPool): Script {
  return ros`${OBJECTS} and fs=${pool.label} and name~${names}`;
}

/** Prints, as one JSON array, the subvolumes of the object that are there now in its pool. */
export function reportFound(s: ScriptBuilder, found: Found, pool: ProvenPool): void {
  s.run(
    put(ros`[/disk/btrfs/subvolume print detail as-value proplist=name,fs,subvolume-id where ${ownNow(found, pool)}]`),
  );
}
