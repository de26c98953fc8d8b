import { ere, join, ros, type Script } from '../../routeros/index.ts';
import { REATTACHED } from '../publication.ts';
import type { Pool, SnapshotRef, VolumeRef } from '../refs.ts';
import { attach, readSize } from './disk.ts';
import {
  find,
  living,
  proveFound,
  proveNowhereElse,
  proveOwned,
  proveSpace,
  put,
  removeSubvolumes,
  reportSubvolumes,
  searchIn,
  subvolumesCalled,
} from './fragments.ts';

export interface CreateSnapshot {
  readonly pools: readonly Pool[];
  readonly owners: readonly string[];
  readonly snapshot: SnapshotRef;
  readonly source: VolumeRef;
  /** The snapshot's name up to its size, which the device reads and appends: `snap-<uuid>-<owner>-<source>-<seconds>-`. */
  readonly namePrefix: string;
  readonly reserveBytes: bigint;
  /** Snapshots that the source may have; undefined for no limit. */
  readonly maxSnapshots?: number | undefined;
}

/**
 * Cuts a snapshot, or finds the one that an earlier call cut. The cut and all of its metadata come into being in one
 * device command, so there is no half-made snapshot.
 */
export function createSnapshot(request: CreateSnapshot): Script {
  const { pools, owners, snapshot, source } = request;
  return join([
    searchIn(pools),
    find(snapshot.prefix, source.prefix, snapshot.prefix),
    proveFound(pools),
    ros`:if ([:len $xA]=0) do={:error "RC-NOSRC"}`,
    ros`:if (!(($xV->"name")~${ere`^${snapshot.prefix}`})) do={${proveOwned(source.prefix, owners)};
      ${join([...proveQuota(request), attach(source, REATTACHED)])}; ${readSize()};
      ${proveSpace(ros`${request.reserveBytes}`)};
      /disk/btrfs/subvolume add fs=($xV->"fs") parent=($xV->"name") read-only=yes name=(${request.namePrefix}.$xB);
      ${put(ros`{"made"=true}`)}}`,
    reportSubvolumes(snapshot.prefix),
  ]);
}

/** In a snapshot's name the seconds of its time follow `snap-`, uuid, owner and source uuid. */
const SECONDS_AT = 88n;

/** Refuses with RC-QUOTA when the source has as many snapshots as it may; tells their number and the oldest. */
function proveQuota({ owners, source, maxSnapshots }: CreateSnapshot): Script[] {
  if (maxSnapshots === undefined) return [];
  const names = ere`^snap-.{36}-${owners}-${source.prefix.slice('pvc-'.length)}`;
  return [
    ros`:local xY [/disk/btrfs/subvolume print detail as-value proplist=name ${living(names)}]`,
    ros`:if ([:len $xY]>=${maxSnapshots}) do={:local xN ($xY->0->"name");
      :foreach xI in=$xY do={:local xT ($xI->"name");
        :if ([:tonum [:pick $xT ${SECONDS_AT} ${SECONDS_AT + 10n}]]<[:tonum [:pick $xN ${SECONDS_AT} ${SECONDS_AT + 10n}]]) do={
          :set xN $xT}};
      :error ("RC-QUOTA ".[:len $xY]." ".$xN)}`,
  ];
}

/** Prints a snapshot, in every row that races left of it; nothing when it does not exist. Changes nothing. */
export function readSnapshot(pools: readonly Pool[], snapshot: SnapshotRef): Script {
  return join([searchIn(pools), find(snapshot.prefix), proveFound(pools), reportSubvolumes(snapshot.prefix)]);
}

/** Removes every row of a snapshot and proves them gone; what is still there is printed. */
export function deleteSnapshot(pools: readonly Pool[], owners: readonly string[], snapshot: SnapshotRef): Script {
  return join([
    searchIn(pools),
    find(snapshot.prefix),
    proveFound(pools),
    proveNowhereElse(snapshot.prefix),
    proveOwned(snapshot.prefix, owners),
    removeSubvolumes(snapshot.prefix),
    reportSubvolumes(snapshot.prefix),
  ]);
}

/**
 * Removes one subvolume that lost a race: it is not the object that its id stands for, which is the row with the smallest
 * subvolume-id, and no disk item uses a file of it. Anything else is left alone.
 */
export function discardTwin(pools: readonly Pool[], prefix: string, name: string): Script {
  return join([
    searchIn(pools),
    find(prefix),
    proveFound(pools),
    ros`:if (($xV->"name")!=${name} and [:len [/disk find where file-path~${ere`(^|/)${name}/`}]]=0) do={
      /disk/btrfs/subvolume remove ${subvolumesCalled(name)}}`,
  ]);
}
