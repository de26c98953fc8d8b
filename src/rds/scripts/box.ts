import { ere, join, ros, type Script } from '../../routeros/index.ts';
import type { Pool } from '../refs.ts';
import { proveAll, put, sumPromises } from './fragments.ts';

/**
 * Prints for each pool its mounted disk row, with size and free space.
 *
 * @param withPromises Also what the pool has promised, which takes a look at every volume.
 */
export function poolSpace(pools: readonly Pool[], withPromises: boolean): Script {
  const sum = withPromises ? sumPromises(ros`0`) : ros`:local xY 0`;
  const rows = pools.map(
    (pool) => ros`:foreach xM in=[/disk find where mounted and fs-label=${pool.label}] do={${sum};
      ${put(ros`{"fs-label"=[/disk get $xM fs-label]; "size"=[/disk get $xM size]; "free"=[/disk get $xM free];
        "promised"=$xY}`)}}`,
  );
  return join([proveAll(pools), ...rows]);
}

/** Prints what the start-up probe judges: version, storage package, file systems, mounted pools. Changes nothing. */
export function probeBox(pools: readonly Pool[]): Script {
  const rows = pools.flatMap((pool) => [
    ros`:foreach xR in=[/disk/btrfs/filesystem print detail as-value proplist=label,uuid where label=${pool.label}]
      do={${put(ros`$xR`)}}`,
    ros`:foreach xR in=[/disk print detail as-value proplist=slot,fs,fs-label,mount-point,size,free
      where mounted and fs-label=${pool.label}] do={${put(ros`$xR`)}}`,
  ]);
  return join([
    put(ros`{"version"=[/system/resource get version]}`),
    // What lists rest on: ids that compare as numbers, and intervals in expressions.
    put(ros`{"id-type"=[:typeof [/disk/btrfs/subvolume get ([/disk/btrfs/subvolume find]->0) subvolume-id]];
      "intervals"=("ab"~${ere`^[a-z]{2}$`})}`),
    ros`:foreach xR in=[/system/package print detail as-value proplist=name,version,disabled] do={${put(ros`$xR`)}}`,
    ...rows,
  ]);
}
