import { ere, inTime, join, ros, type Script, type ScriptBuilder } from '../../routeros/index.ts';
import { slotOf } from '../names.ts';
import type { VolumeRef } from '../refs.ts';
import type { Share } from '../reservations.ts';
import { nameOf, type ProvenPool } from './lookup.ts';

/** What must hold before something is done to an object, or to a pool. */

/**
 * Refuses with RC-OWNER unless the object belongs to one of the owners; what does not exist does.
 *
 * @param ours The expression for names of the object that are ours.
 */
export function proveOwned(s: ScriptBuilder, row: Script, ours: Script): void {
  s.if(ros`[:len ${row}]>0 and !(${nameOf(row)}~${ours})`, () => s.fail('RC-OWNER', ros`(${row}->"name")`));
}

/** So many bytes: of the RDS and not of one pool, as it is not known before in which pool a volume is. */
export function space(amount: bigint): Share {
  return { of: 'space', amount };
}

/** Refuses with RC-SPACE unless the pool has `bytes` free, the reserve included, and is known to. */
export function proveSpace(s: ScriptBuilder, pool: ProvenPool, bytes: Script): void {
  const [free, needed] = [s.let(ros`[:tonum [/disk get ${pool.disk} free]]`), s.let(bytes)];
  s.if(ros`!(${free}>=${needed})`, () => s.fail('RC-SPACE', ros`${free}." of ".${needed}`));
}

/** `more` and the sizes of all images in the pool that is mounted there, in bytes: what was promised to their users. */
export function sumPromises(s: ScriptBuilder, mountPoint: Script, more: Script): Script {
  const sum = s.let(more);
  s.each(ros`[/disk print detail as-value where size>0 and file-path~(${ere`^/*`}.${mountPoint}."/")]`, (row) =>
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
  const promised = sumPromises(s, pool.mountPoint, bytes);
  const most = s.let(ros`([:tonum [/disk get ${pool.disk} size]]/100*${ratioPercent})`);
  s.if(ros`!(${promised}<=${most})`, () => s.fail('RC-PROMISE', ros`${promised}." of ".${most}`));
}

/**
 * What every statement that changes something is held by. A script may stand still at any place and go on after others have
 * changed what it read (docs/routeros.md, U22), so a statement finds its items by what it expects of them, and by a
 * condition that is looked at in the same statement. RouterOS has no compare-and-set; this is as near as it comes, and what is
 * left in between is what the second look of the caller is for (docs/decisions/0017).
 *
 * The condition is asked of a table that is short: a console that evaluates what stands in brackets for each row would take
 * long over a thousand disks.
 */

/** How many pools there are for which this holds, while the script is in time: none or one, as their uuid is part of it. */
function pools(conditions: readonly Script[]): Script {
  return ros`[:len [/disk/btrfs/filesystem find where ${join([...conditions, inTime], ros` and `)}]]`;
}

/** Nothing while the script is late, else the number of packages; there is always one. */
const IN_TIME: Script = ros`[:len [/system/package find where ${inTime}]]`;

function count(conditions: readonly Script[]): Script {
  return conditions.length === 0 ? IN_TIME : pools(conditions);
}

/**
 * The ids that a search finds, if at this moment the script is in time, and the conditions hold of a pool when there are any;
 * else none.
 */
export function guarded(search: Script, ...conditions: readonly Script[]): Script {
  return ros`[:pick [${search}] 0 ${count(conditions)}]`;
}

/** As {@link guarded}, a text of at most 99 bytes; else an empty one. */
export function guardedText(text: Script, ...conditions: readonly Script[]): Script {
  return ros`[:pick ${text} 0 (99*${count(conditions)})]`;
}

/** The ids of the disk items in a slot: one or none. */
export function inSlot(slot: Script): Script {
  return ros`[/disk find where slot=${slot}]`;
}

/** A variable with the slot of a volume. */
export function slotVariable(s: ScriptBuilder, volume: VolumeRef): Script {
  return s.let(ros`${slotOf(volume)}`);
}

/**
 * Whether the volume with this slot has no disk item. Nothing but that tells a volume from a copy that was not received, so
 * without it the one in the pool that is there may be a copy of the one in a pool that is away.
 */
export function hasNoItem(slot: Script): Script {
  return ros`[:len ${inSlot(slot)}]=0`;
}
