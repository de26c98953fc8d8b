import { inTime, join, ros, type Script } from '../../routeros/index.ts';
import { slotOf } from '../names.ts';
import type { VolumeRef } from '../refs.ts';

/**
 * What every statement that changes something is held by. A script may stand still at any place and go on after others have
 * changed what it read (docs/routeros.md, U22), so a statement finds its items by what it expects of them, and by a
 * condition that is looked at in the same statement. RouterOS has no compare-and-set; this is as near as it comes, and what is
 * left in between is what the second look of the caller is for (docs/decisions/0017).
 *
 * The condition is asked of `/disk/btrfs/filesystem`, which has a row for each pool and no more: a console that evaluates what
 * stands in brackets for each row would take long over a thousand disks.
 */

/** How many filesystems there are for which this holds, while the script is in time. */
function count(conditions: readonly Script[]): Script {
  return ros`[:len [/disk/btrfs/filesystem find where ${join([...conditions, inTime], ros` and `)}]]`;
}

/** The ids that a search finds, if at this moment the conditions hold and the script is in time; else none. */
export function guarded(search: Script, ...conditions: readonly Script[]): Script {
  return ros`[:pick [${search}] 0 ${count(conditions)}]`;
}

/** The text, of at most 99 bytes, if at this moment the conditions hold and the script is in time; else an empty one. */
export function guardedText(text: Script, ...conditions: readonly Script[]): Script {
  return ros`[:pick ${text} 0 (99*${count(conditions)})]`;
}

/** The ids of the disk items of a volume: one or none. */
export function ids(volume: VolumeRef): Script {
  return ros`[/disk find where slot=${slotOf(volume)}]`;
}
