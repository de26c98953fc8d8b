import { ere, join, ros, type Script } from '../../routeros/index.ts';
import type { Pool } from '../refs.ts';

/**
 * The pieces that scripts are put together from. Variables begin with `x`, because inside `where` a variable named like
 * a property means the property (docs/routeros.md, 2). `and`, `or` evaluate both sides, hence the nested `:if`s (1.3).
 * A missing key or index yields nothing rather than an error, so the first row of an empty answer is nothing.
 */

/** Sets `xQ`, which the searches for subvolumes need: they look in the configured pools and nowhere else. */
export function searchPools(pools: readonly Pool[]): Script {
  return ros`:local xQ ${ere`^${pools.map(({ label }) => label)}$`}`;
}

/**
 * As {@link searchPools}, and sets `xMore`, which matches the names, and the paths, of what is called like an object and more
 * (src/storage/names.ts): copies that people keep beside it, and none of ours. A name that the box cuts short (U19) is not
 * among them. Intervals would be shorter, but a console may not know them.
 */
export function searchIn(pools: readonly Pool[]): Script {
  const parts = join(
    Array.from({ length: 11 }, () => ros`$xP`),
    ros`.`,
  );
  return ros`${searchPools(pools)}; :local xP ${ere`[^-/]+-`};
    :local xMore (${ere`(pvc-|snap-`}.$xP.${ere`)`}.${parts}.${ere`[0-9]+[^0-9/]`})`;
}

/** The condition for living subvolumes of the pools whose name matches, without the copies that people made of them. */
export function living(name: Script): Script {
  return ros`${livingOrCopied(name)} and !(name~$xMore)`;
}

/** The same with such copies. */
function livingOrCopied(name: Script): Script {
  return ros`where !dead and fs~$xQ and name~${name}`;
}

/** The rows of subvolumes. */
function rows(which: Script): Script {
  return ros`[/disk/btrfs/subvolume print detail as-value proplist=name,fs,subvolume-id ${which}]`;
}

/**
 * Sets `xA` to the rows of all living subvolumes whose names begin with the first of the prefixes that any does, and `xV`
 * to the one with the smallest subvolume-id, or to nothing. If two processes raced and made two rows of one id, the
 * smallest is the object, for every reader. Who looks for a result and then for its source looks for the result a third
 * time: another process may have made it, and a third one deleted the source, between the two looks.
 */
export function find(...prefixes: readonly string[]): Script {
  return search(
    prefixes.map((prefix) => ere`^${prefix}`),
    living,
  );
}

/** As {@link find}, by expressions, and with the copies that people made: for the one command that has no room for more. */
export function findMatching(...patterns: readonly Script[]): Script {
  return search(patterns, livingOrCopied);
}

function search(patterns: readonly Script[], which: (name: Script) => Script): Script {
  const [only] = patterns;
  const rowsFound =
    only !== undefined && patterns.length === 1
      ? ros`:local xA ${rows(which(only))}`
      : ros`:local xA [:toarray ""];
          :foreach xP in={${join(patterns)}} do={:if ([:len $xA]=0) do={:set xA ${rows(which(ros`$xP`))}}}`;
  return ros`${rowsFound}; :local xV ($xA->0);
    :foreach xI in=$xA do={
      :if ([:tonum ($xI->"subvolume-id")]<[:tonum ($xV->"subvolume-id")]) do={:set xV $xI}}`;
}

/**
 * Proves that label and uuid of pools exist exactly once and are mounted exactly once; else refuses with RC-POOL. Sets
 * `xM` to the mounted disk of the last one.
 *
 * @param which Condition on `xL`, the label.
 */
function prove(pools: readonly Pool[], which: Script): Script {
  const map = join(pools.map((pool) => ros`${pool.label}=${pool.uuid}`));
  return ros`:local xM; :foreach xL,xU in={${map}} do={:if (${which}) do={
    :local xR [/disk/btrfs/filesystem print detail as-value proplist=uuid where label=$xL];
    :set xM [/disk find where mounted and fs-label=$xL];
    :if ([:len $xR]!=1 or ($xR->0->"uuid")!=$xU or [:len $xM]!=1) do={:error ("RC-POOL ".$xL)};
    :set xM ($xM->0)}}`;
}

/** Proves all pools: nothing is absent before this. */
export function proveAll(pools: readonly Pool[]): Script {
  return prove(pools, ros`true`);
}

/**
 * Proves the pool of `xV`, or all pools when nothing was found: absence is believed only after this, and a pool that is
 * gone does not hold up the objects of the others. `xM` is the pool's disk when an object was found.
 */
export function proveFound(pools: readonly Pool[]): Script {
  return prove(pools, ros`[:len $xA]=0 or $xL=($xV->"fs")`);
}

/**
 * Refuses with RC-POOL when nothing was found in the configured pools and the object is in another one: taken out of the
 * configuration, a pool still has what was made in it, and whoever deletes that must not be told that it is gone.
 */
export function proveNowhereElse(prefix: string): Script {
  return ros`:if ([:len $xA]=0) do={
    :local xR [/disk/btrfs/subvolume print detail as-value proplist=fs where !dead and
      name~${ere`^${prefix}`} and !(name~$xMore)];
    :if ([:len $xR]>0) do={:error ("RC-POOL ".($xR->0->"fs")." is not configured")}}`;
}

/** As {@link proveFound}, but proves only `home` when nothing was found: for what is made there without a source. */
export function proveHome(pools: readonly Pool[], home: Pool): Script {
  return ros`:local xT ($xV->"fs"); :if ([:len $xA]=0) do={:set xT ${home.label}}; ${prove(pools, ros`$xL=$xT`)}`;
}

/** Refuses with RC-OWNER unless every subvolume in `xA` belongs to one of the owners. */
export function proveOwned(prefix: string, owners: readonly string[]): Script {
  return ros`:foreach xI in=$xA do={
    :if (!(($xI->"name")~${ere`^${prefix}${owners}-`})) do={:error ("RC-OWNER ".($xI->"name"))}}`;
}

/** Refuses with RC-SPACE unless the pool of `xM` has `bytes` free, the reserve included, and is known to. */
export function proveSpace(bytes: Script): Script {
  return ros`:local xF [:tonum [/disk get $xM free]]; :local xY ${bytes};
    :if (!($xF>=$xY)) do={:error ("RC-SPACE ".$xF." of ".$xY)}`;
}

/** Sets `xY` to `more` and the sizes of all images in the pool of `xM`, in bytes: what was promised to their users. */
export function sumPromises(more: Script): Script {
  return ros`:local xY ${more}; :local xH (${ere`^/?`}.[/disk get $xM mount-point]."/");
    :foreach xI in=[/disk print detail as-value proplist=size where size>0 and file-path~$xH] do={
      :set xY ($xY+[:tonum ($xI->"size")])}`;
}

/**
 * Refuses with RC-PROMISE when the pool of `xM` would have promised more than `ratioPercent` of its size with `bytes`
 * more; without a ratio anything goes.
 */
export function proveRatio(bytes: Script, ratioPercent: bigint | undefined): Script[] {
  if (ratioPercent === undefined) return [];
  return [
    sumPromises(bytes),
    ros`:local xL ([:tonum [/disk get $xM size]]/100*${ratioPercent})`,
    ros`:if (!($xY<=$xL)) do={:error ("RC-PROMISE ".$xY." of ".$xL)}`,
  ];
}

/**
 * Removes every living subvolume of the object in `xA`, unless a disk item uses a file of it; waits until they are gone. Each
 * is found by its name in the statement that removes it: ids may be positions, which change with every removal (U25).
 *
 * @param own Slot of the object's own disk item, if it has one. That it is there means that another process has attached
 *   it again meanwhile: RC-LEFT, which passes, and not RC-USED, which a person has to look at.
 */
export function removeSubvolumes(prefix: string, own = ''): Script {
  return join([
    ros`:foreach xI in=[/disk find where file-path~${ere`(^|/)${prefix}`} and !(file-path~$xMore)] do={
      :local xS [/disk get $xI slot]; :if ($xS=${own}) do={:error "RC-LEFT"}; :error ("RC-USED ".$xS)}`,
    ros`:foreach xI in=$xA do={:local xF ($xI->"fs"); :local xN ($xI->"name");
      /disk/btrfs/subvolume remove [/disk/btrfs/subvolume find where !dead and fs=$xF and name=$xN]}`,
    awaitGone(subvolumes(prefix)),
  ]);
}

/** The ids of the living subvolumes of an object. */
export function subvolumes(prefix: string): Script {
  return ros`[/disk/btrfs/subvolume find ${living(ere`^${prefix}`)}]`;
}

/** The ids of the living subvolumes of this very name. */
export function subvolumesCalled(name: string): Script {
  return ros`[/disk/btrfs/subvolume find ${living(ere`^${name}$`)}]`;
}

/** Waits at most 2 s until a search finds nothing (U9). */
export function awaitGone(search: Script): Script {
  return ros`:local xJ 20; :while ($xJ>0 and [:len ${search}]>0) do={:delay 100ms; :set xJ ($xJ-1)}`;
}

/** Prints, as one JSON array, the living subvolumes of an object. */
export function reportSubvolumes(prefix: string): Script {
  return reportMatching(ere`^${prefix}`);
}

/** As {@link reportSubvolumes}, by an expression that names must match. */
export function reportMatching(pattern: Script): Script {
  return put(rows(living(pattern)));
}

/** Prints one value as JSON. */
export function put(value: Script): Script {
  return ros`:put [:serialize to=json options=json.no-string-conversion value=${value}]`;
}
