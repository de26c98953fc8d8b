import { ere, ros, type Script, type ScriptBuilder } from '../../routeros/index.ts';
import { ownedBy } from '../names.ts';
import type { ObjectRef } from '../refs.ts';
import { eachOwn, type Found, type ProvenPool } from './lookup.ts';

/** What must hold before something is done to an object, or to a pool. */

/** What must stay of a pool. */
export interface SpaceRules {
  /** Bytes that must stay free. */
  readonly reserveBytes: bigint;
  /** What the pool may promise, in percent of its size; undefined for no limit. */
  readonly ratioPercent?: bigint | undefined;
}

/** Refuses with RC-OWNER unless every subvolume of the object belongs to one of the owners. */
export function proveOwned(
  s: ScriptBuilder,
  found: Found,
  pool: ProvenPool,
  object: ObjectRef,
  owners: readonly string[],
): void {
  eachOwn(s, found, pool, (row) =>
    s.if(ros`!((${row}->"name")~${ownedBy(object, owners)})`, () => s.fail('RC-OWNER', ros`(${row}->"name")`)),
  );
}

/** Refuses with RC-SPACE unless the pool has `bytes` free, the reserve included, and is known to. */
export function proveSpace(s: ScriptBuilder, pool: ProvenPool, bytes: Script): void {
  const [free, needed] = [s.let(ros`[:tonum [/disk get ${pool.disk} free]]`), s.let(bytes)];
  s.if(ros`!(${free}>=${needed})`, () => s.fail('RC-SPACE', ros`${free}." of ".${needed}`));
}

/** `more` and the sizes of all images in the pool with this mounted disk, in bytes: what was promised to their users. */
export function sumPromises(s: ScriptBuilder, disk: Script, more: Script): Script {
  const sum = s.let(more);
  const path = s.let(ros`(${ere`^/?`}.[/disk get ${disk} mount-point]."/")`);
  s.each(ros`[/disk print detail as-value proplist=size where size>0 and file-path~${path}]`, (row) =>
    s.set(sum, ros`(${sum}+[:tonum (${row}->"size")])`),
  );
  return sum;
}

/**
 * Refuses with RC-PROMISE when the pool would have promised more than `ratioPercent` of its size with `bytes` more; without
 * a ratio anything goes.
 */
export function proveRatio(s: ScriptBuilder, pool: ProvenPool, bytes: Script, ratioPercent: bigint | undefined): void {
  if (ratioPercent === undefined) return;
  const promised = sumPromises(s, pool.disk, bytes);
  const most = s.let(ros`([:tonum [/disk get ${pool.disk} size]]/100*${ratioPercent})`);
  s.if(ros`!(${promised}<=${most})`, () => s.fail('RC-PROMISE', ros`${promised}." of ".${most}`));
}
