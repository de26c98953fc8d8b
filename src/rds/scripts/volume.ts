import { ere, join, ros, type Script } from '../../routeros/index.ts';
import { REATTACHED } from '../publication.ts';
import type { Pool, VolumeRef } from '../refs.ts';
import { attach, diskItems, growTo, reportVolume } from './disk.ts';
import {
  awaitGone,
  find,
  proveFound,
  proveNowhereElse,
  proveOwned,
  proveRatio,
  proveSpace,
  removeSubvolumes,
  searchIn,
  subvolumesCalled,
} from './fragments.ts';

/** What every change to an existing volume needs. The pool of a volume is not in its id, so it is looked for in all. */
export interface VolumeTarget {
  readonly pools: readonly Pool[];
  readonly owners: readonly string[];
  readonly volume: VolumeRef;
}

/** What must stay of a pool. */
export interface SpaceRules {
  /** Bytes that must stay free. */
  readonly reserveBytes: bigint;
  /** What the pool may promise, in percent of its size; undefined for no limit. */
  readonly ratioPercent?: bigint | undefined;
}

/** A comment that records at least one node. */
export const HAS_NODES = ere`^rose-csi:1 [0-9a-f]`;
/** A boolean property as text, in either of its forms (U12). */
export const TRUE = ere`^(true|yes)$`;

/** Finds the volume, proves that it exists and is ours, and has its image attached. */
export function openVolume({ pools, owners, volume }: VolumeTarget): Script {
  return join([
    searchIn(pools),
    find(volume.prefix),
    proveFound(pools),
    ros`:if ([:len $xA]=0) do={:error "RC-NOVOL"}`,
    proveOwned(volume.prefix, owners),
    attach(volume, REATTACHED),
  ]);
}

/** Prints the volume; nothing when it does not exist. Changes nothing. */
export function readVolume({ pools, volume }: Omit<VolumeTarget, 'owners'>): Script {
  return join([searchIn(pools), find(volume.prefix), proveFound(pools), reportVolume(volume)]);
}

/**
 * Grows the image to at least `bytes`; it is never shrunk. A growth is reported only when it still stands after a time in
 * which a script that read the old size before has set its own: nobody is told a size that may yet be undone.
 */
export function expandVolume(target: VolumeTarget, bytes: bigint, { reserveBytes, ratioPercent }: SpaceRules): Script {
  const more = (extra: bigint) => ros`(${bytes + extra}-[:tonum $xS])`;
  return join([
    openVolume(target),
    growTo(ros`${bytes}`, { before: join([proveSpace(more(reserveBytes)), ...proveRatio(more(0n), ratioPercent)]) }),
    ros`:if ($xG>1) do={:delay 100ms; :if ([:tonum [/disk get $xD size]]<${bytes}) do={:error "RC-RACE"}}`,
    reportVolume(target.volume),
  ]);
}

/**
 * Refuses the disk `xD`, which is exported though its comment `xC` names no node, unless another process has published it
 * between the two looks: then the comment has changed.
 */
export function strangeExport(): Script {
  return ros`:if (("".[/disk get $xD comment])!=$xC) do={:error "RC-RACE"}; :error "RC-EXPORTED"`;
}

/**
 * Removes a volume that is published to nobody: the disk item, read again, the subvolumesCalled, each proven gone. What is
 * still there afterwards is printed; a `dead` subvolume counts as gone.
 */
export function deleteVolume({ pools, owners, volume }: VolumeTarget): Script {
  const items = diskItems(volume);
  return join([
    searchIn(pools),
    find(volume.prefix),
    proveFound(pools),
    proveNowhereElse(volume.prefix),
    proveOwned(volume.prefix, owners),
    ros`:foreach xD in=${items} do={
      :local xF [/disk get $xD file-path];
      :if (!($xF~${ere`/${volume.prefix}${owners}-`})) do={:error ("RC-SLOT ".$xF)};
      :local xC ("".[/disk get $xD comment]);
      :if ($xC~${HAS_NODES}) do={:error ("RC-PUB ".$xC)};
      :if (("".[/disk get $xD nvme-tcp-export])~${TRUE}) do={${strangeExport()}};
      /disk remove ${items}}`,
    awaitGone(items),
    ros`:if ([:len ${items}]>0) do={:error "RC-LEFT"}`,
    removeSubvolumes(volume.prefix, volume.slot),
    reportVolume(volume),
  ]);
}

/** What of a volume is only a part of it. */
export interface Incomplete {
  /** An image of fewer bytes is not whole. */
  readonly bytes: bigint;
  /** Whether the call that asks has itself made it: else a size of zero may be one that the box has not looked at (U24). */
  readonly made: boolean;
}

/**
 * Takes back a volume that could not be completed, so that an error leaves nothing behind. Another process may complete
 * it at any time, hence a disk item is removed only when its image is smaller than it must be, it is not exported, no
 * node is recorded on it and it was never published, which its NQN would show; and the subvolume only when no disk item
 * uses it. What is still there afterwards is printed.
 */
export function discardVolume(
  { pools, volume }: Omit<VolumeTarget, 'owners'>,
  name: string,
  { bytes, made }: Incomplete,
): Script {
  const items = ros`/disk find where file-path~${ere`(^|/)${name}/`}`;
  const isNumber = made ? ere`^[0-9]+$` : ere`^[1-9][0-9]*$`;
  return join([
    searchIn(pools),
    find(volume.prefix),
    proveFound(pools),
    ros`:if (($xV->"name")=${name}) do={
      :foreach xD in=[${items} and slot=${volume.slot}] do={
        :local xS ("".[/disk get $xD size]); :local xC ("".[/disk get $xD comment]);
        :local xT ("".[/disk get $xD nvme-tcp-export]); :local xR ("".[/disk get $xD nvme-tcp-server-nqn]);
        :if ($xS~${isNumber} and !($xC~${HAS_NODES}) and !($xT~${TRUE}) and !($xR~${ere`${volume.nqn}-`})) do={
          :if ([:tonum $xS]<${bytes}) do={/disk remove ${diskItems(volume)}}}};
      ${awaitGone(ros`[${items}]`)};
      :if ([:len [${items}]]=0) do={/disk/btrfs/subvolume remove ${subvolumesCalled(name)}}}`,
    awaitGone(subvolumesCalled(name)),
    reportVolume(volume),
  ]);
}
