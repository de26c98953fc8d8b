import { ere, join, ros, type Script } from '../../routeros/index.ts';
import type { VolumeRef } from '../refs.ts';
import { put, reportSubvolumes } from './fragments.ts';

/** The pieces of scripts that are about the disk item of a volume: attaching, its size, growing, printing. */

/** A readable size. A zero is none: an image has bytes, and a device may show zero before it has looked (U24). */
export const SIZE = ere`^[1-9][0-9]*$`;

/** Sets `xX` to the slot of a volume, and `xP` to the path of its image in the subvolume `xV`, which is in the pool of `xM`. */
export function imagePath(volume: VolumeRef): Script {
  return ros`:local xX ${volume.slot};:local xP ([/disk get $xM mount-point]."/".($xV->"name")."/volume.img")`;
}

/**
 * Adds the disk item `xX` for the image at `xP`; its NQN is set when it is exported. `fileSize` (`file-size=…`) is given only where it is certain that no image is
 * there: what it does to an existing file is not known (U4).
 */
export function addDisk(comment: string, fileSize: Script = ros``): Script {
  return ros`/disk add type=file slot=$xX file-path=$xP ${fileSize} mount-filesystem=no comment=${comment}`;
}

/** The ids of the disk items of a volume: one or none. */
export function diskItems(volume: VolumeRef): Script {
  return ros`[/disk find where slot=${volume.slot}]`;
}

/**
 * Sets `xD` to the id of the disk item of the volume in `xV`, adding the item first when it is missing: a router reset
 * loses items, and a restored volume has none yet. An item for another file, or for this one at a place where the pool is
 * no longer mounted, is refused with RC-SLOT.
 *
 * @param add How a missing item is added; without `file-size` unless told otherwise, so that no byte can change.
 */
export function attach(volume: VolumeRef, comment: string, add: Script = addDisk(comment)): Script {
  return ros`${imagePath(volume)}; :if ([:len [/disk find where slot=$xX]]=0) do={${add}};
    :local xD ([/disk find where slot=$xX]->0); :local xF [/disk get $xD file-path];
    :if ($xF!=$xP and $xF!=("/".$xP) and ("/".$xF)!=$xP) do={:error ("RC-SLOT ".$xF)}`;
}

/** What to do when the size of disk `xD` stays unreadable, with the last thing read in `xS`. */
const UNREAD = ros`:error "RC-SIZE"`;

/** Sets `xB` to the size of disk `xD` as a string of digits, waiting at most 2 s until it is readable (U24). */
export function readSize(unread = UNREAD): Script {
  return ros`:local xB ""; :local xS ""; :local xJ 21; :while ($xB="" and $xJ>0) do={:set xJ ($xJ-1);
      :set xS ("".[/disk get $xD size]); :if ($xS~${SIZE}) do={:set xB $xS} else={:delay 100ms}};
    :if ($xB="") do={${unread}}`;
}

/**
 * As {@link readSize}, after growing the disk to `bytes` if it is smaller; it is never shrunk (U3). RouterOS has no
 * compare-and-set, so the size is read anew in the statement before it is set. Refuses with RC-GROW when the device
 * refused and shows a smaller size afterwards (another process may have grown or removed the item meanwhile), and with
 * RC-LAG when the size does not follow within 2 s. `xG` is above 1 when it was grown.
 *
 * @param before What must hold before it is grown.
 */
export function growTo(
  bytes: Script,
  { before = ros``, unread = UNREAD }: { before?: Script; unread?: Script } = {},
): Script {
  return ros`:local xB ""; :local xS ""; :local xR ""; :local xG 0; :for xJ from=1 to=23 do={:if ($xB="") do={
      :set xS ("".[/disk get $xD size]);
      :if ($xS~${SIZE}) do={:if ([:tonum $xS]>=${bytes}) do={:set xB $xS} else={
        :if ($xR!="") do={:error ("RC-GROW ".$xS." ".$xR)};
        :if ($xG=0) do={${before}};
        :if ($xG=1) do={:onerror xE in={/disk set $xD file-size=${bytes}} do={:set xR $xE}};
        :if ($xG>1) do={:delay 100ms};
        :set xG ($xG+1)}
      } else={:delay 100ms}}};
    :if ($xB="") do={:if ($xG>0) do={:error ("RC-LAG ".$xS)}; ${unread}}`;
}

/** What the driver reads of a disk item. */
const DISK_PROPERTIES = ros`slot,size,comment,mount-filesystem,nvme-tcp-export,nvme-tcp-server-nqn`;

/** Prints, as one JSON array, the disk item in the given slot. */
export function reportDisk(slot: Script): Script {
  return put(ros`[/disk print detail as-value proplist=${DISK_PROPERTIES} where slot=${slot}]`);
}

/** Prints all subvolumes of a volume and its disk item. */
export function reportVolume(volume: VolumeRef): Script {
  return join([reportSubvolumes(volume.prefix), reportDisk(ros`${volume.slot}`)]);
}
