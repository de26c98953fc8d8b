import { inTime, join, ros, type Script, type ScriptBuilder } from '../../routeros/index.ts';
import { slotOf } from '../names.ts';
import type { VolumeRef } from '../refs.ts';

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
 * Whether the volume with this slot has no disk item. Nothing but that tells a volume from a copy that was not received, so without it the
 * one in the pool that is there may be a copy of the one in a pool that is away.
 */
export function hasNoItem(slot: Script): Script {
  return ros`[:len ${inSlot(slot)}]=0`;
}
