import { put, ros, text } from '../../src/routeros/index.ts';
import { identity } from '../../src/storage/ids.ts';
import { consoleOf, type Door } from './access.ts';

/** Names of subvolumes and paths of disk items on the device. */
export async function listing(door: Door): Promise<readonly string[]> {
  const console = consoleOf(door);
  try {
    const rows = await console.run(
      // In one look at each menu: what is found may be gone a moment later.
      ros`:foreach xR in=[/disk/btrfs/subvolume print detail as-value proplist=name where !dead] do={${put(ros`$xR`)}};
        :foreach xR in=[/disk print detail as-value proplist=file-path where type=file] do={${put(ros`$xR`)}}`,
    );
    return rows.map((row) => text(row, 'name') || text(row, 'file-path'));
  } finally {
    console.close();
  }
}

/** What of a listing is of this run: of its driver, its doctor, or made by hand, and was not there before. */
export function leftovers(before: readonly string[], after: readonly string[], clusterId: string): string[] {
  const { owner } = identity('rds.rose-csi.io', clusterId, []);
  const isOurs = (name: string) => [owner, clusterId, 'rose-doctor-'].some((mark) => name.includes(mark));
  return after.filter((name) => isOurs(name) && !before.includes(name));
}
