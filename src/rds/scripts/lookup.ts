import { ere, join, put, ros, type Script, type ScriptBuilder } from '../../routeros/index.ts';
import { isDoubtful, namesOf } from '../names.ts';
import type { ChosenSubvolume, RdsSettings } from '../rds.ts';
import type { ObjectRef, Pool } from '../refs.ts';

/**
 * Finding an object on the RDS, and proving that the RDS is the one that is meant. `and`, `or` evaluate both sides, hence the
 * nested `if`s (docs/routeros.md, 1.3). A missing key or index yields nothing rather than an error, so the first row of an
 * empty answer is nothing.
 *
 * An object is a subvolume with a whole name of ours that was made on this RDS: one with a `received-uuid` is a copy that
 * came by `/disk/btrfs/transfer`, which keeps names, and a snapshot that is not read-only is half of such a copy. Scripts deal
 * with one row; where there are several, they refuse with RC-TWO, and {@link Rds} finds out which it is
 * (`./whereabouts.ts`, docs/decisions/0018).
 */

/** Handles on what was found of an object. */
export interface Found {
  /** The row that is the object; nothing when there is none. */
  readonly row: Script;
  /** The expression that matches all names of the object. */
  readonly names: Script;
}

/** A pool that was proven. */
export interface ProvenPool {
  readonly label: Script;
  readonly uuid: Script;
  /** Id of the `/disk` row that is mounted, as a list of one. */
  readonly disk: Script;
  /** Where it is mounted. */
  readonly mountPoint: Script;
}

/**
 * The condition for subvolumes that are there and are objects. No copy that was received is one: a device may show the empty
 * uuid of others as zeros or as a dash, but a real one has a digit that is no zero. Nor is a snapshot that can be written to.
 *
 * @param path The condition for their paths, as {@link named} makes it.
 */
export function objects(kind: ObjectRef['kind'], path: Script): Script {
  return ros`${MADE_HERE} and ${ofKind(kind, path)}`;
}

/** What is known to have been received has such a `received-uuid`. */
export const REAL_UUID = ere`[1-9a-f]`;
/** What came whole from another RDS. */
export const IS_COPY = ros`read-only=yes and received-uuid~${REAL_UUID}`;
const MADE_HERE = ros`!dead and !(received-uuid~${REAL_UUID})`;

function ofKind(kind: ObjectRef['kind'], path: Script): Script {
  return kind === 'pvc' ? path : ros`read-only=yes and ${path}`;
}

/**
 * The condition for subvolumes in the top level with such names, an expression of `../names.ts`. What lies in another subvolume is
 * no object, so it is the path that is compared, whose last part the name is (docs/routeros.md, 5.2).
 */
export function named(names: Script): Script {
  return ros`fullname~${names}`;
}

/** Whether a row with the name of a volume is an object, as {@link objects} says it. */
export function isVolume(row: Script): Script {
  const text = (property: string) => ros`("".(${row}->${property}))`;
  return ros`!(${text('received-uuid')}~${REAL_UUID}) and !(${text('fullname')}~${ere`[^>]/`})`;
}

/** The rows of subvolumes, for the script itself. */
export function rowsWhere(condition: Script): Script {
  return ros`[/disk/btrfs/subvolume print detail as-value where ${condition}]`;
}

/** The label of the filesystem that a row is in; empty for nothing. */
export function labelOf(row: Script): Script {
  return ros`("".(${row}->"fs"))`;
}

/** The name in a row; empty for nothing. */
export function nameOf(row: Script): Script {
  return ros`("".(${row}->"name"))`;
}

/** Whether the subvolume of a row is there, by its uuid. */
export function isThere(row: Script): Script {
  return ros`[:len [/disk/btrfs/subvolume find where uuid=(${row}->"uuid")]]=1`;
}

/**
 * Whether the pool has no other subvolume with the name than the one of this uuid, as one that someone has put into another
 * subvolume. `parent=` takes a name, and which of two a device would take is not known (U8); so it is also none that was
 * recreated under the name.
 */
export function isAlone(uuid: Script, name: Script, pool: ProvenPool): Script {
  return ros`[:len [/disk/btrfs/subvolume find where fs=${pool.label} and name=${name} and uuid!=${uuid}]]=0`;
}

/** The conditions under which a pool is still the one that was proven. */
export function standing(pool: ProvenPool): readonly Script[] {
  return [ros`label=${pool.label}`, ros`uuid=${pool.uuid}`];
}

/**
 * Looks for an object. What may be another's, as its name has no whole bytes, is refused with RC-TWO as several are.
 *
 * @param RDS Its `chosen` says which of several it is.
 */
export function find(s: ScriptBuilder, settings: Pick<RdsSettings, 'chosen'>, object: ObjectRef): Found {
  const names = s.let(namesOf(object));
  const rows = s.let(
    rowsWhere(searched(settings, object) ?? ros`${objects(object.kind, named(names))} and name~${names}`),
  );
  const row = s.let(ros`(${rows}->0)`);
  if (chosenFor(settings, object) === undefined) {
    s.each(rows, (one) => {
      const name = ros`(${one}->"name")`;
      // A name that begins otherwise is a path (U8), and has no bytes where they are in a name.
      s.if(ros`${name}~${ere`^[ps]`}`, () =>
        s.if(ros`[:len ${rows}]>1 or ${isDoubtful(name, object.kind)}`, () => s.fail('RC-TWO', name)),
      );
    });
  }
  return { row, names };
}

/**
 * As {@link find}, and when there is no such object, the other one. One search looks for both: between two, another process might
 * make the first, and a third one delete the other. Whoever uses what is found calls {@link proveWhole}. Of a snapshot, its copy
 * may be meant: that very one, by its uuid.
 */
export function findOr(
  s: ScriptBuilder,
  settings: Pick<RdsSettings, 'chosen'>,
  object: ObjectRef,
  other: ObjectRef,
): Found {
  // What was chosen is there, unless it was found to be nowhere.
  if (chosenFor(settings, object)?.label) return find(s, settings, object);
  const row = s.let();
  const [ours, theirs] = [chosenFor(settings, object), chosenFor(settings, other)];
  // Of the one that is known by its uuid, that says all.
  const copy = other.kind === 'snap' ? other.copy : undefined;
  const known = copy ?? theirs?.uuid;
  const others = s.let(known === undefined ? namesOf(other) : ere`^${other.kind}-${other.uuid}-`);
  const names = s.let(namesOf(object));
  const isOne = ours === undefined ? ofKind(object.kind, named(names)) : ros`uuid=${ours.uuid}`;
  const isOther = known === undefined ? ofKind(other.kind, named(others)) : ros`uuid=${known}`;
  const rows = s.let(
    rowsWhere(
      copy === undefined
        ? ros`${MADE_HERE} and ((${isOne}) or (${isOther}))`
        : ros`!dead and ((!(received-uuid~${REAL_UUID}) and (${isOne})) or (${IS_COPY} and ${isOther}))`,
    ),
  );
  s.each(ros`{${names};${others}}`, (expression) =>
    s.if(ros`[:len ${row}]=0`, () =>
      s.each(rows, (one) =>
        s.if(ros`(${one}->"name")~${expression}`, () => {
          s.if(ros`[:len ${row}]>0`, () => s.fail('RC-TWO', ros`(${row}->"name")`));
          s.set(row, one);
        }),
      ),
    ),
  );
  return { row, names };
}

/** Refuses with RC-TWO when the name of an object, in a variable, may not be whole, unless it is the one that was chosen. */
export function proveWhole(
  s: ScriptBuilder,
  settings: Pick<RdsSettings, 'chosen'>,
  object: ObjectRef,
  name: Script,
): void {
  if (chosenFor(settings, object) === undefined) {
    s.if(isDoubtful(name, object.kind), () => s.fail('RC-TWO', name));
  }
}

/** The one that was chosen for an object; undefined when none was, or one for another object. */
export function chosenFor(
  { chosen }: Pick<RdsSettings, 'chosen'>,
  { kind, uuid }: ObjectRef,
): ChosenSubvolume | undefined {
  return chosen?.name.startsWith(`${kind}-${uuid}-`) ? chosen : undefined;
}

/** The condition for the one that was chosen for an object; undefined when none was. */
export function searched(settings: Pick<RdsSettings, 'chosen'>, object: ObjectRef): Script | undefined {
  const chosen = chosenFor(settings, object);
  return chosen && ros`!dead and uuid=${chosen.uuid}`;
}

/**
 * Proves that label and uuid of pools exist exactly once and are mounted exactly once; else refuses with RC-POOL, as it does
 * when the label is that of no configured pool: taken out of the configuration, a pool still has what was made in it. Nothing
 * is absent before this.
 *
 * @param label Variable with the one that matters; all do while it is empty, since absence is believed only of all pools.
 *   A pool that is gone does not hold up the objects of the others.
 * @param inDoubt When all pools must be there all the same; by default never.
 */
export function provePools(s: ScriptBuilder, pools: readonly Pool[], label: Script, inDoubt?: Script): ProvenPool {
  const [disk, uuid] = [s.let(), s.let()];
  s.eachEntry(ros`{${join(pools.map((pool) => ros`${pool.label}=${pool.uuid}`))}}`, (one, expected) => {
    const isMeant = ros`${label}=${one} or ${label}=""`;
    s.if(inDoubt === undefined ? isMeant : ros`${isMeant} or ${inDoubt}`, () => {
      const where = s.let(mounted(one));
      prove(s, one, expected, where);
      const take = (): void => {
        s.set(uuid, expected);
        s.set(disk, where);
      };
      if (inDoubt === undefined) take();
      else s.if(isMeant, take);
    });
  });
  s.if(ros`[:len ${uuid}]=0`, () => s.fail('RC-POOL', ros`${label}." is not configured"`));
  return { label, uuid, disk, mountPoint: s.let(ros`[/disk get ${disk} mount-point]`) };
}

/** Proves one pool. */
export function provePool(s: ScriptBuilder, { label: name, uuid: id }: Pool): ProvenPool {
  const [label, uuid] = [s.let(ros`${name}`), s.let(ros`${id}`)];
  const disk = s.let(mounted(label));
  prove(s, label, uuid, disk);
  return { label, uuid, disk, mountPoint: s.let(ros`[/disk get ${disk} mount-point]`) };
}

function mounted(label: Script): Script {
  return ros`[/disk find where mounted and fs-label=${label}]`;
}

/**
 * Refuses with RC-POOL unless the label is that of one filesystem, with the uuid and on one mounted disk; and with RC-ERE on a
 * console whose expressions do not match the names of objects, as nothing is absent that cannot be found.
 */
function prove(s: ScriptBuilder, label: Script, uuid: Script, disk: Script): void {
  s.if(ros`!("ab"~${ere`^.{2}$`})`, () => s.fail('RC-ERE'));
  const named = s.let(ros`[/disk/btrfs/filesystem print detail as-value where label=${label}]`);
  s.if(ros`[:len ${named}]!=1 or (${named}->0->"uuid")!=${uuid} or [:len ${disk}]!=1`, () => s.fail('RC-POOL', label));
}

/** The ids of the `/disk` rows that the pools are mounted on. */
export function mountedPools(pools: readonly Pool[]): Script {
  return ros`[/disk find where mounted and fs-label~${ere`^${pools.map(({ label }) => label)}$`}]`;
}

/** Proves all pools. */
export function proveAll(s: ScriptBuilder, pools: readonly Pool[]): ProvenPool {
  return provePools(s, pools, s.let(ros`""`));
}

/** Finds an object and proves its pool, or that it is in none. With `inDoubt` see {@link provePools}. */
export function locate(
  s: ScriptBuilder,
  settings: RdsSettings,
  object: ObjectRef,
  inDoubt?: Script,
): Found & { readonly pool: ProvenPool } {
  const found = find(s, settings, object);
  return { ...found, pool: provePools(s, settings.pools, s.let(labelOf(found.row)), inDoubt) };
}

/** The condition for the subvolumes of an object in its pool as it is now; none while it is in no pool. */
export function ownNow({ names }: Found, pool: ProvenPool, kind: ObjectRef['kind']): Script {
  return ros`${objects(kind, named(names))} and fs=${pool.label}`;
}

/** What is read of a subvolume: enough to tell what it is (`../rows.ts`). */
export function subvolumeProperties(kind: ObjectRef['kind']): Script {
  const properties = ros`name,fs,uuid,subvolume-id,fullname,received-uuid`;
  return kind === 'pvc' ? properties : ros`${properties},read-only`;
}

/** Prints, as one JSON array, the subvolumes with names of the object that are there now in its pool. */
export function reportFound(s: ScriptBuilder, { names }: Found, pool: ProvenPool, kind: ObjectRef['kind']): void {
  const rows = ros`where !dead and fs=${pool.label} and ${named(names)}`;
  s.run(put(ros`[/disk/btrfs/subvolume print detail as-value proplist=${subvolumeProperties(kind)} ${rows}]`));
}
