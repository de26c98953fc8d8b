import { ere, join, ros, type Script } from '../../routeros/index.ts';
import type { Pool } from '../refs.ts';
import { living, proveAll, put, searchIn } from './fragments.ts';

export interface LostItems {
  readonly pools: readonly Pool[];
  readonly owners: readonly string[];
  /** Only slots that begin with these hex digits behind `pvc-`. */
  readonly digits: string;
  /** Rows at most; {"more":true} is printed when there are others. */
  readonly limit: number;
}

/**
 * Prints the disk items of our volumes whose subvolume is in none of the pools, and nothing of the others, so the answer
 * is short. Looked at in one script, so that a volume that is being made does not appear.
 */
export function listLostItems({ pools, owners, digits, limit }: LostItems): Script {
  return join([
    searchIn(pools),
    proveAll(pools),
    ros`:local xJ 0; :foreach xD in=[/disk find where slot~${digits === '' ? ere`^pvc-` : ere`^pvc-${digits}`}
        and file-path~${ere`(^|/)pvc-.{36}-${owners}-`}] do={
      :local xS [/disk get $xD slot];
      :local xN ("^pvc-".${uuidOfSlot()});
      :if ([:len [/disk/btrfs/subvolume find ${living(ros`$xN`)}]]=0) do={
        :set xJ ($xJ+1);
        :if ($xJ<=${limit}) do={${put(ros`[/disk print detail as-value
          proplist=slot,file-path,size,comment,nvme-tcp-export where slot=$xS]`)}}}};
      :if ($xJ>${limit}) do={${put(ros`{"more"=true}`)}}`,
  ]);
}

/** The 28 hex digits of the slot `xS`, grouped as in the uuid that they are the beginning of. */
function uuidOfSlot(): Script {
  const groups = [ros`4 12`, ros`12 16`, ros`16 20`, ros`20 24`, ros`24 32`];
  return join(
    groups.map((range) => ros`[:pick $xS ${range}]`),
    ros`."-".`,
  );
}
