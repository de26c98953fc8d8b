import { type JsonRow, join, put, ros, type Script, type ScriptBuilder, script, text } from '../../routeros/index.ts';
import { snapshotNames, volumeNames } from '../names.ts';
import type { Reading } from '../operation.ts';
import { judge, LANGUAGE_FACTS, type ProbeReport } from '../probe.ts';
import type { RdsSettings } from '../rds.ts';
import { BTRFS_ERRORS, DISK_ERRORS, decodeContents, decodeSpace, type PoolContents, type PoolSpace } from '../rows.ts';
import { sumPromises } from './conditions.ts';
import { mountedPools, named, objects, proveAll } from './lookup.ts';

/**
 * Space of the mounted pools, by label.
 *
 * @param labels Those that are asked for.
 * @param withPromises Also what they have promised, which takes a look at every volume; by default where it is limited.
 */
export function poolSpace(
  settings: Pick<RdsSettings, 'pools' | 'ratioPercent'>,
  labels: readonly string[] = settings.pools.map(({ label }) => label),
  withPromises: boolean = settings.ratioPercent !== undefined,
): Reading<ReadonlyMap<string, PoolSpace>> {
  const pools = settings.pools.filter(({ label }) => labels.includes(label));
  const promised = (s: ScriptBuilder, disk: Script): Script =>
    withPromises ? sumPromises(s, ros`[/disk get ${disk} mount-point]`, ros`0`) : ros`0`;
  return ofPools(pools, (s, disk) => ros`"promised"=${promised(s, disk)}`, decodeEachSpace);
}

function decodeEachSpace(rows: readonly JsonRow[]): ReadonlyMap<string, PoolSpace> {
  return new Map(rows.map((row) => [text(row, 'fs-label'), decodeSpace(row)]));
}

/**
 * Space of the mounted pools, how many volumes and snapshots of our owners are in each, and how its devices are, by label. The
 * RDS counts them, so that the answer is as short for thousands as for none. What a race left of an object counts as one more,
 * and so does a half copy of a volume, which only its disk item tells from one.
 */
export function poolContents({
  pools,
  owners,
}: Pick<RdsSettings, 'pools' | 'owners'>): Reading<ReadonlyMap<string, PoolContents>> {
  const counts = (s: ScriptBuilder, disk: Script): Script => {
    const label = s.let(ros`[/disk get ${disk} fs-label]`);
    const count = (condition: Script): Script =>
      s.let(ros`[:len [/disk/btrfs/subvolume find where fs=${label} and ${condition}]]`);
    const [volumes, snapshots] = [
      count(objects('pvc', named(volumeNames(owners)))),
      count(objects('snap', named(snapshotNames(owners)))),
    ];
    printHealth(s, label);
    return ros`"volumes"=${volumes}; "snapshots"=${snapshots}`;
  };
  return ofPools(pools, counts, decodeContents);
}

/**
 * Prints how a pool and its disks are, each of its rows with the label as `of`. The rows are read without a `proplist`: a name
 * that a version does not know would be an error there, and is nothing here. A volume in which someone has made a filesystem
 * with the label of the pool is no disk of it.
 */
function printHealth(s: ScriptBuilder, label: Script): void {
  const print = (row: Script, names: readonly string[]): void => {
    const fields = join(names.map((name) => ros`${name}=(${row}->${name})`));
    s.run(put(ros`{"of"=${label};${fields}}`));
  };
  s.each(ros`[/disk/btrfs/filesystem print detail as-value where label=${label}]`, (row) =>
    print(row, ['missing-devs', ...BTRFS_ERRORS]),
  );
  s.each(ros`[/disk print detail as-value where fs-label=${label} and type!="file"]`, (row) =>
    print(row, ['slot', 'critical-warning', ...DISK_ERRORS]),
  );
}

/** Reads pools, all of which must be there: label, size and free space of each, and `more` about it. */
function ofPools<T>(
  pools: RdsSettings['pools'],
  more: (s: ScriptBuilder, disk: Script) => Script,
  decode: (rows: readonly JsonRow[]) => ReadonlyMap<string, T>,
): Reading<ReadonlyMap<string, T>> {
  return {
    kind: 'read',
    script: script((s) => {
      proveAll(s, pools);
      s.each(mountedPools(pools), (disk) => {
        const rest = more(s, disk);
        s.run(
          put(ros`{"fs-label"=[/disk get ${disk} fs-label]; "size"=[/disk get ${disk} size]; "free"=[/disk get ${disk} free];
            ${rest}}`),
        );
      });
    }),
    decode,
  };
}

/** Reads what the start-up judges: version, storage package, language, file systems, mounted pools. Changes nothing. */
export function probeRds({ pools }: Pick<RdsSettings, 'pools'>): Reading<ProbeReport> {
  return {
    kind: 'read',
    script: script((s) => {
      s.run(put(ros`{"version"=[/system/resource get version]}`));
      s.run(put(LANGUAGE_FACTS));
      const print = (rows: Script): void => s.each(rows, (row) => s.run(put(row)));
      print(ros`[/system/package print detail as-value proplist=name,version,disabled]`);
      for (const { label } of pools) {
        print(ros`[/disk/btrfs/filesystem print detail as-value proplist=label,uuid where label=${label}]`);
        print(ros`[/disk print detail as-value proplist=slot,fs,fs-label,mount-point,size,free
          where mounted and fs-label=${label}]`);
      }
    }),
    decode: (rows) => judge(rows, pools),
  };
}
