import { ere, join, ros, type Script } from '../../routeros/index.ts';
import type { Pool, VolumeRef } from '../refs.ts';

/**
 * The pieces that scripts are put together from. Variables begin with `x`, because inside `where` a variable named like
 * a property means the property (docs/routeros.md, 2). `and`, `or` evaluate both sides, hence the nested `:if`s (1.3).
 * A missing key or index yields nothing rather than an error, so the first row of an empty answer is nothing.
 */

/**
 * Proves that each pool's label and uuid exist exactly once and are mounted exactly once; else refuses with RC-POOL.
 * Absence of an object is believed only after this.
 */
export function provePools(pools: readonly Pool[]): Script {
  const map = join(pools.map((pool) => ros`${pool.label}=${pool.uuid}`));
  return ros`:foreach xL,xU in={${map}} do={
    :local xR [/disk/btrfs/filesystem print as-value proplist=uuid where label=$xL];
    :if ([:len $xR]!=1 or ($xR->0->"uuid")!=$xU or [:len [/disk find where mounted and fs-label=$xL]]!=1)
      do={:error ("RC-POOL ".$xL)}}`;
}

/** The search for every living subvolume whose name begins so. */
export function livingSubvolumes(prefix: string): Script {
  return ros`/disk/btrfs/subvolume print as-value proplist=.id,name,fs,subvolume-id where !dead and name~${ere`^${prefix}`}`;
}

/**
 * Sets `xA` to the rows of all living subvolumes whose names begin so, and `xV` to the one with the smallest subvolume-id,
 * or to nothing. If two processes raced and made two rows of one id, the smallest is the object, for every reader.
 */
export function findSubvolume(prefix: string): Script {
  return ros`:local xA [${livingSubvolumes(prefix)}]; :local xV ($xA->0);
    :foreach xI in=$xA do={:if (($xI->"subvolume-id")<($xV->"subvolume-id")) do={:set xV $xI}}`;
}

/** Refuses with RC-OWNER unless every subvolume in `xA` belongs to one of the owners. */
export function proveOwned(prefix: string, owners: readonly string[]): Script {
  return ros`:foreach xI in=$xA do={
    :if (!(($xI->"name")~${ere`^${prefix}${owners}-`})) do={:error ("RC-OWNER ".($xI->"name"))}}`;
}

/** Refuses with RC-SPACE unless the pool has `bytes` free. */
export function proveSpace(pool: Script, bytes: Script): Script {
  return ros`:local xF [:tonum [/disk get ([/disk find where mounted and fs-label=${pool}]->0) free]];
    :if ($xF<${bytes}) do={:error ("RC-SPACE ".$xF)}`;
}

/**
 * Adds the disk item for the image in the subvolume `xV`. `fileSize` (`file-size=…`) is given only by the script that
 * itself made the subvolume new and empty: what it does to an existing file is not known (U4).
 */
export function addDisk(volume: VolumeRef, comment: string, fileSize: Script = ros``): Script {
  return ros`:local xL ($xV->"fs"); /disk add type=file slot=${volume.slot} ${fileSize} mount-filesystem=no
    nvme-tcp-server-nqn=${volume.nqn} comment=${comment}
    file-path=([/disk get ([/disk find where mounted and fs-label=$xL]->0) mount-point]."/".($xV->"name")."/volume.img")`;
}

/**
 * Sets `xD` to the id of the disk item of the volume in `xV`, attaching the image first when the item is missing: a router
 * reset loses items, and a restored volume has none yet. The image is attached without `file-size`, so no byte changes.
 */
export function attach(volume: VolumeRef, comment: string): Script {
  return ros`:if ([:len [/disk find where slot=${volume.slot}]]=0) do={${addDisk(volume, comment)}};
    :local xD ([/disk find where slot=${volume.slot}]->0); :local xF [/disk get $xD file-path];
    :if (!($xF~("/".($xV->"name").${ere`/volume\.img$`}))) do={:error ("RC-SLOT ".$xF)}`;
}

/**
 * Sets `xB` to the size of disk `xD` as a string of digits, waiting at most 2 s until it is readable (U24), else refuses
 * with RC-SIZE.
 */
export function readSize(): Script {
  return sizeAtLeast(ros`0`, ros`:error "RC-SIZE"`);
}

/**
 * Grows disk `xD` to at least `bytes` when it is smaller, after `guard` has run, and never shrinks it. Sets `xB` to the size
 * read back; refuses with RC-GROW when the device does not grow it, and with RC-SIZE when the size stays unreadable.
 */
export function growTo(bytes: Script, guard: Script = ros``): Script {
  return sizeAtLeast(
    bytes,
    ros`:if (!$xG) do={:set xG true; ${guard}
      :onerror xE in={/disk set $xD file-size=${bytes}} do={:error ("RC-GROW ".$xE)}}`,
  );
}

/** The second look follows the first without a pause, since a device that has just grown the image knows its size. */
function sizeAtLeast(bytes: Script, whenSmaller: Script): Script {
  return ros`:local xB ""; :local xG false; :for xI from=0 to=20 do={:if ($xB="") do={
      :local xS [:tostr [/disk get $xD size]];
      :if ($xS~${ere`^[0-9]+$`}) do={:if ([:tonum $xS]>=${bytes}) do={:set xB $xS} else={${whenSmaller}}};
      :if ($xB="" and $xI>0) do={:delay 100ms}}};
    :if ($xB="") do={:if ($xG) do={:error "RC-GROW the size did not change"} else={:error "RC-SIZE"}}`;
}

/** Removes every subvolume in `xA`, unless a disk item uses a file of it, and waits until they are gone. */
export function removeSubvolumes(prefix: string): Script {
  return join([
    ros`:foreach xI in=[/disk find where file-path~${ere`(^|/)${prefix}`}] do={:error ("RC-USED ".[/disk get $xI slot])}`,
    ros`:foreach xI in=$xA do={/disk/btrfs/subvolume remove ($xI->".id")}`,
    awaitGone(ros`[${livingSubvolumes(prefix)}]`),
  ]);
}

/** Waits at most 2 s until a search finds nothing (U9). */
export function awaitGone(search: Script): Script {
  return ros`:for xI from=1 to=20 do={:if ([:len ${search}]>0) do={:delay 100ms}}`;
}

/** Prints, as JSON lines, the living subvolumes whose names begin so. */
export function reportSubvolumes(prefix: string): Script {
  return ros`:foreach xR in=[${livingSubvolumes(prefix)}] do={${put(ros`$xR`)}}`;
}

/** Prints, as JSON lines, the disk item of a volume and all of its subvolumes. */
export function reportVolume(volume: VolumeRef): Script {
  return ros`${reportSubvolumes(volume.prefix)};
    :foreach xR in=[/disk print detail as-value proplist=${DISK_PROPERTIES} where slot=${volume.slot}] do={${put(ros`$xR`)}}`;
}

/** What the driver reads of a disk item. */
export const DISK_PROPERTIES = ros`slot,size,file-path,comment,mount-filesystem,nvme-tcp-export,nvme-tcp-server-nqn`;

/** Prints one value as a JSON line. */
export function put(value: Script): Script {
  return ros`:put [:serialize to=json options=json.no-string-conversion value=${value}]`;
}
