import { ere, join, ros, type Script } from '../../routeros/index.ts';
import type { Pool, SnapshotRef, VolumeRef } from '../refs.ts';
import { addDisk, attach, diskItems, growTo, reportDisk, SIZE } from './disk.ts';
import { findMatching, proveFound, proveHome, proveRatio, proveSpace, put, searchPools } from './fragments.ts';
import type { SpaceRules } from './volume.ts';

export type VolumeSource =
  | { readonly kind: 'new' }
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotRef }
  | { readonly kind: 'volume'; readonly volume: VolumeRef };

export interface CreateVolume extends SpaceRules {
  readonly pool: Pool;
  /** All pools of the box: a source is absent only if it is in none of them. */
  readonly pools: readonly Pool[];
  readonly volume: VolumeRef;
  /** Full name of the subvolume; the same request gives the same name, so Btrfs itself arbitrates between racers. */
  readonly name: string;
  readonly comment: string;
  /** Bytes asked for; 0 leaves the size to the source. */
  readonly bytes: bigint;
  /** Largest acceptable size; 0 means any. */
  readonly limitBytes: bigint;
  readonly source: VolumeSource;
}

/** In a snapshot's name the bytes follow `snap-`, uuid, owner, source uuid and ten digits of seconds. */
const SNAPSHOT_BYTES_AT = 99n;

/**
 * Makes a volume, or completes one that an earlier call left half-made, or finds it finished: the result is looked for
 * before the source, so a retry succeeds even after the source is gone. A volume of another request (another name under
 * the same id) is left alone and reported. `xU` matches the names of the volume's id, `xO` is the name of this request;
 * `xK` is RC-MADE once this very run has made the subvolume, so that a later failure says so; `xZ` is how many bytes a
 * copy must hold.
 */
export function createVolume(request: CreateVolume): Script {
  const { volume, name, source, pool, pools } = request;
  const id = ros`$xU`;
  const sources = source.kind === 'new' ? [] : [ere`^${prefixOf(source)}`, id];
  return join([
    searchPools(pools),
    ros`:local xU ${ere`^${volume.prefix}`}; :local xO ${name}; :local xK ""; :local xZ 1`,
    findMatching(id, ...sources),
    source.kind === 'new' ? proveHome(pools, pool) : proveFound(pools),
    ros`:if (!(("".($xV->"name"))~$xU)) do={${make(request)}; :set xK "RC-MADE "}`,
    findMatching(id),
    ros`:if (($xV->"name")=$xO) do={:onerror xE in={${complete(request)}} do={:error ($xK.$xE)}}`,
    put(ros`$xA`),
    reportDisk(ros`${volume.slot}`),
  ]);
}

function prefixOf(source: Exclude<VolumeSource, { readonly kind: 'new' }>): string {
  return source.kind === 'snapshot' ? source.snapshot.prefix : source.volume.prefix;
}

/** Makes the subvolume, for a copy from `xV`. */
function make({ pool, bytes, reserveBytes, ratioPercent, limitBytes, source }: CreateVolume): Script {
  const label = ros`${pool.label}`;
  if (source.kind === 'new') {
    return join([
      proveSpace(ros`${bytes + reserveBytes}`),
      ...proveRatio(ros`${bytes}`, ratioPercent),
      ros`/disk/btrfs/subvolume add fs=${label} name=$xO`,
    ]);
  }
  // A limit is never below the bytes asked for, so the smaller of the two decides.
  const most = bytes > 0n ? bytes : limitBytes;
  const fits = most > 0n ? [ros`:if ($xZ>${most}) do={:error ("RC-SMALL ".$xZ)}`] : [];
  return join([
    ros`:if ([:len $xA]=0) do={:error "RC-NOSRC"}; :if (($xV->"fs")!=${label}) do={:error "RC-ELSEWHERE"}`,
    measure(source),
    ...fits,
    proveSpace(bytes > 0n ? ros`(${bytes + reserveBytes}-$xZ)` : ros`${reserveBytes}`),
    ...proveRatio(bytes > 0n ? ros`${bytes}` : ros`$xZ`, ratioPercent),
    ros`/disk/btrfs/subvolume add fs=($xV->"fs") parent=($xV->"name") name=$xO`,
  ]);
}

/**
 * Sets `xZ` to the bytes of the source in `xV`. A copy that a person made under a snapshot's name and more, and that alone is
 * left, is no source: behind the bytes of a snapshot nothing follows. One of a volume has no disk item.
 */
function measure(source: Exclude<VolumeSource, { readonly kind: 'new' }>): Script {
  if (source.kind === 'snapshot') {
    return ros`:local xN ($xV->"name"); :set xN [:pick $xN ${SNAPSHOT_BYTES_AT} [:len $xN]];
      :if (!($xN~${ere`^[0-9]+$`})) do={:error "RC-NOSRC"}; :set xZ [:tonum $xN]`;
  }
  return ros`:local xD ${diskItems(source.volume)}; :if ([:len $xD]=0) do={:error "RC-NODISK"};
    :local xS ("".[/disk get ($xD->0) size]);
    :if (!($xS~${ere`^[1-9][0-9]*$`})) do={:error "RC-SIZE"}; :set xZ [:tonum $xS]`;
}

/**
 * Attaches the image, proves that it is there, and grows it to what was asked for. A size of zero says that the image is
 * empty only of one that this very run has made: any other may hold data that the box has not looked at yet (U24). An image
 * that an earlier run left empty is known by `/file`, which asks the filesystem; where that does not say so, another process
 * may have given it its size a moment ago.
 */
function complete({ volume, comment, bytes, source }: CreateVolume): Script {
  if (source.kind === 'new') {
    const add = ros`:if ($xK!="") do={${addDisk(comment, ros`file-size=${bytes}`)}} else={
      :onerror xE in={${addDisk(comment)}} do={:error ("RC-HALF ".$xE)}}`;
    const image = ros`(${ere`(^|/)`}.$xO.${ere`/volume\.img$`})`;
    const unread = ros`:if ($xS="0" and ($xK!="" or [:len [/file find where name~${image} and size=0]]=1)) do={
      /disk set $xD file-size=${bytes}} else={:if (!(("".[/disk get $xD size])~${SIZE})) do={:error "RC-SIZE"}}`;
    return join([attach(volume, comment, add), growTo(ros`${bytes}`, { unread })]);
  }
  const unread = ros`:if ($xS="0" and $xK!="") do={:error ("RC-EMPTY ".$xZ)} else={:error "RC-SIZE"}`;
  const present = ros`:if ([:tonum $xS]<$xZ) do={:error ("RC-EMPTY ".$xZ)}`;
  return join([attach(volume, comment), growTo(bytes > 0n ? ros`${bytes}` : ros`$xZ`, { before: present, unread })]);
}
