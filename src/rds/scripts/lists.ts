import { ere, join, ros, type Script } from '../../routeros/index.ts';
import type { Pool } from '../refs.ts';
import { reportDisk } from './disk.ts';
import { proveAll, put } from './fragments.ts';

export interface ListPage {
  readonly pool: Pool;
  /** Quoted expression that the names must match. */
  readonly names: Script;
  /** Only subvolumes with a larger subvolume-id. */
  readonly after: bigint;
  /** Rows at most. */
  readonly limit: number;
}

/** Names of snapshots of our owners, of one source if given. */
export function snapshotNames(owners: readonly string[], sourceUuid?: string): Script {
  return sourceUuid === undefined ? ere`^snap-.{36}-${owners}-` : ere`^snap-.{36}-${owners}-${sourceUuid}-`;
}

/** Names of volumes of our owners. */
export function volumeNames(owners: readonly string[]): Script {
  return ere`^pvc-.{36}-${owners}-`;
}

/** Rounds of the selection after which something else is wrong: no script may run on for ever on the box. */
const MAX_ROUNDS = 64;

/** Larger than any subvolume-id. */
const NO_BOUND = 2n ** 62n;

/**
 * Sets `xT` to the upper bound of a page of at most `limit` rows: those with the smallest ids after the token, in whatever
 * order `find` gives them. While there are too many, the one at the limit becomes the bound, and the search runs again;
 * with rows in ascending order that is one more search. Prints {"more":true} when rows remain.
 */
function boundPage({ pool, limit }: ListPage, where: Script): Script {
  return join([
    proveAll([pool]),
    ros`:local xT ${NO_BOUND}; :local xF [/disk/btrfs/subvolume find ${where}]`,
    ros`:if ([:len $xF]>${limit}) do={${put(ros`{"more"=true}`)}}`,
    ros`:local xI 0; :while ([:len $xF]>${limit}) do={
      :set xI ($xI+1); :if ($xI>${MAX_ROUNDS}) do={:error "RC-RACE"};
      :set xT [/disk/btrfs/subvolume get ($xF->${limit - 1}) subvolume-id];
      :local xG [/disk/btrfs/subvolume find ${where} and subvolume-id<=$xT];
      :if ([:len $xG]=[:len $xF]) do={:set xT ($xT-1);
        :set xG [/disk/btrfs/subvolume find ${where} and subvolume-id<=$xT]};
      :set xF $xG}`,
  ]);
}

/** Runs `each` for every row `xR` of a page, after printing it. */
function list(page: ListPage, each: Script): Script {
  const { pool, names, after } = page;
  const where = ros`where fs=${pool.label} and !dead and name~${names} and subvolume-id>${after}`;
  return ros`${boundPage(page, where)};
    :foreach xR in=[/disk/btrfs/subvolume print detail as-value proplist=name,fs,subvolume-id
      ${where} and subvolume-id<=$xT] do={${put(ros`$xR`)}${each}}`;
}

/** One page of snapshots: a row each. */
export function listSnapshots(page: ListPage): Script {
  return list(page, ros``);
}

/** One page of volumes: for each, the subvolume's row and then its disk item's. */
export function listVolumes(page: ListPage): Script {
  return list(page, ros`; :local xN ($xR->"name"); :local xS ("pvc-".${slotDigits()}); ${reportDisk(ros`$xS`)}`);
}

/** The first 28 hex digits of the uuid in a volume's name `xN`: the slot is made of them. */
function slotDigits(): Script {
  const groups = [ros`4 12`, ros`13 17`, ros`18 22`, ros`23 27`, ros`28 36`];
  return join(
    groups.map((range) => ros`[:pick $xN ${range}]`),
    ros`.`,
  );
}
