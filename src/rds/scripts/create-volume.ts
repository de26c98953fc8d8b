import { ere, join, ros, type Script } from '../../routeros/index.ts';
import type { Pool, SnapshotRef, VolumeRef } from '../refs.ts';
import {
  addDisk,
  attach,
  findSubvolume,
  growTo,
  livingSubvolumes,
  provePools,
  proveSpace,
  reportVolume,
} from './fragments.ts';

export type VolumeSource =
  | { readonly kind: 'new' }
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotRef }
  | { readonly kind: 'volume'; readonly volume: VolumeRef };

export interface CreateVolume {
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
  /** Bytes that must stay free in the pool. */
  readonly reserveBytes: bigint;
  readonly source: VolumeSource;
}

/** In a snapshot's name the bytes follow `snap-`, uuid, owner, source uuid and ten digits of seconds. */
const SNAPSHOT_BYTES_AT = 99n;

/**
 * Makes a volume, or completes one that an earlier call left half-made, or finds it finished: the result is looked for
 * first, so a retry succeeds even after the source is gone. A volume of another request (another name under the same
 * id) is left alone and reported. `xK` is RC-MADE once
 * this very run has made the subvolume, so that a later failure says so; `xZ` is how many bytes a copy must hold.
 */
export function createVolume(request: CreateVolume): Script {
  const { volume, name } = request;
  return join([
    provePools(request.source.kind === 'new' ? [request.pool] : request.pools),
    ros`:local xK ""; :local xZ 1`,
    ros`:if ([:len [${livingSubvolumes(volume.prefix)}]]=0) do={${make(request)}; :set xK "RC-MADE "}`,
    findSubvolume(volume.prefix),
    ros`:if (($xV->"name")=${name}) do={
      :onerror xE in={${complete(request)}} do={:error ($xK.$xE)}}`,
    reportVolume(volume),
  ]);
}

function make(request: CreateVolume): Script {
  const { pool, name, bytes, reserveBytes, source } = request;
  switch (source.kind) {
    case 'new':
      return ros`${proveSpace(ros`${pool.label}`, ros`${bytes + reserveBytes}`)};
        /disk/btrfs/subvolume add fs=${pool.label} name=${name}`;
    case 'snapshot':
      return ros`${findSubvolume(source.snapshot.prefix)}; ${proveSource(pool)}; :local xN ($xV->"name");
        :set xZ [:tonum [:pick $xN ${SNAPSHOT_BYTES_AT} [:len $xN]]]; ${clone(request)}`;
    case 'volume':
      return ros`${findSubvolume(source.volume.prefix)}; ${proveSource(pool)};
        :local xD [/disk find where slot=${source.volume.slot}]; :if ([:len $xD]=0) do={:error "RC-NODISK"};
        :local xS [:tostr [/disk get ($xD->0) size]]; :if (!($xS~${ere`^[0-9]+$`})) do={:error "RC-SIZE"};
        :set xZ [:tonum $xS]; ${clone(request)}`;
  }
}

function proveSource(pool: Pool): Script {
  return ros`:if ([:len $xA]=0) do={:error "RC-NOSRC"}; :if (($xV->"fs")!=${pool.label}) do={:error "RC-ELSEWHERE"}`;
}

/** The pre-flight of a restore, then the writable clone of `xV`, which holds `xZ` bytes. */
function clone({ pool, name, bytes, limitBytes, reserveBytes }: CreateVolume): Script {
  const misfits = [...(bytes > 0n ? [ros`$xZ>${bytes}`] : []), ...(limitBytes > 0n ? [ros`$xZ>${limitBytes}`] : [])];
  const fits = misfits.length === 0 ? [] : [ros`:if (${join(misfits, ros` or `)}) do={:error ("RC-SMALL ".$xZ)}`];
  const growth = bytes > 0n ? ros`(${bytes + reserveBytes}-$xZ)` : ros`${reserveBytes}`;
  return join([
    ...fits,
    proveSpace(ros`${pool.label}`, growth),
    ros`/disk/btrfs/subvolume add fs=${pool.label} parent=($xV->"name") name=${name}`,
  ]);
}

/** Attaches the image, proves that it is there, and grows it to what was asked for. */
function complete({ volume, comment, bytes, source }: CreateVolume): Script {
  if (source.kind === 'new') {
    return ros`:if ($xK!="") do={${addDisk(volume, comment, ros`file-size=${bytes}`)}};
      ${attach(volume, comment)}; ${growTo(ros`${bytes}`)}`;
  }
  const present = ros`:if ([:tonum $xS]<$xZ) do={:error ("RC-EMPTY ".$xZ)};`;
  return ros`${attach(volume, comment)}; ${growTo(bytes > 0n ? ros`${bytes}` : ros`$xZ`, present)}`;
}
