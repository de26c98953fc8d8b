import { ere, join, ros, type Script } from '../../routeros/index.ts';
import { REATTACHED } from '../publication.ts';
import { addDisk, diskItems, readSize, reportVolume } from './disk.ts';
import { awaitGone, find, proveAll, proveOwned, searchIn } from './fragments.ts';
import { HAS_NODES, TRUE, type VolumeTarget } from './volume.ts';

/**
 * What removes the rest of an interrupted creation or deletion, and nothing that holds or could hold data. A subvolume with
 * an image but without a disk item may be a volume after a reset of the router, so it is left alone like everything else.
 * Each prints what is still there afterwards.
 */

/** A new volume's name behind its owner: no source, and the bytes asked for. */
const NEW_TAIL = ere`-n[0-]{36}-[0-9]+$`;

/**
 * Removes a single subvolume that was made new, that no disk item uses, and in which `/file` lists nothing of any size. That
 * counts only when `/file` lists the subvolume itself, and the image of some other volume of the pool: a listing that is not
 * deep enough (docs/routeros.md, 7) would show every volume to be empty. And only when its image, attached for a moment, is
 * refused or has no size: a listing may also be late. An image that has a size stays attached, as publishing would do it,
 * and so does one that another process attaches at this very moment.
 */
export function discardEmptySubvolume({ pools, owners, volume }: VolumeTarget): Script {
  const items = diskItems(volume);
  const same = ros`[/disk/btrfs/subvolume find where !dead and fs~$xQ and name=$xN]`;
  const empty = ros`[:len [/file find where name~$xH and size>0]]=0`;
  return join([
    searchIn(pools),
    find(volume.prefix),
    proveAll(pools),
    proveOwned(volume.prefix, owners),
    ros`:local xN ("".($xV->"name")); :if ([:len $xA]=1 and $xN~${NEW_TAIL}) do={
      :local xL ($xV->"fs"); :local xR [/disk get ([/disk find where mounted and fs-label=$xL]->0) mount-point];
      :local xF (${ere`(^|/)`}.$xN.${ere`$`}); :local xH (${ere`(^|/)`}.$xN."/");
      :local xK (${ere`^/?`}.$xR.${ere`/[^/]+/volume\.img$`});
      :if ([:len [/file find where name~$xF]]=1 and ${empty} and [:len [/file find where name~$xK]]>0
        and [:len ${items}]=0 and [:len [/disk find where file-path~$xH]]=0) do={
        :local xY false; :local xX ${volume.slot}; :local xP ($xR."/".$xN."/volume.img");
        :onerror xE in={${addDisk(REATTACHED)}} do={:set xY false};
        :onerror xE in={:local xD (${items}->0); ${readSize()}; :set xY true} do={:set xY false};
        :if (!$xY) do={
          /disk remove ${items}; ${awaitGone(items)};
          :if ([:len ${items}]=0 and ${empty}) do={/disk/btrfs/subvolume remove ${same}; ${awaitGone(same)}}}}}`,
    reportVolume(volume),
  ]);
}

/**
 * Removes a disk item of ours that is not exported, with no node recorded, whose subvolume is nowhere on the box and whose
 * path is in a pool that is proven to be there.
 */
export function discardLostItem({ pools, owners, volume }: VolumeTarget): Script {
  const items = diskItems(volume);
  return join([
    searchIn(pools),
    proveAll(pools),
    ros`:foreach xD in=${items} do={:if ([:len [/disk/btrfs/subvolume find where name~${ere`^${volume.prefix}`}]]=0) do={
      :local xF [/disk get $xD file-path]; :local xC ("".[/disk get $xD comment]);
      :local xT ("".[/disk get $xD nvme-tcp-export]);
      :local xY false; :foreach xI in=[/disk find where mounted and fs-label~$xQ] do={
        :local xH (${ere`^/?`}.[/disk get $xI mount-point].${ere`/${volume.prefix}${owners}-`});
        :if ($xF~$xH) do={:set xY true}};
      :if ($xY and !($xC~${HAS_NODES}) and !($xT~${TRUE})) do={/disk remove ${items}; ${awaitGone(items)}}}}`,
    reportVolume(volume),
  ]);
}
