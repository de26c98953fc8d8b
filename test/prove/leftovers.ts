import { put, ros, text } from '../../src/routeros/index.ts';
import { identity } from '../../src/storage/ids.ts';
import { consoleOf, type Door } from './access.ts';

/** A subvolume or a disk item, as the device shows it. */
export interface Shown {
  /** Of a subvolume; of a disk item its slot. */
  readonly name: string;
  /** File of a disk item. */
  readonly path?: string;
}

/** Subvolumes and disk items on the device. */
export async function listing(door: Door): Promise<readonly Shown[]> {
  const console = consoleOf(door);
  try {
    const rows = await console.run(
      // In one look at each menu: what is found may be gone a moment later.
      ros`:foreach xR in=[/disk/btrfs/subvolume print detail as-value proplist=name where !dead] do={${put(ros`$xR`)}};
        :foreach xR in=[/disk print detail as-value proplist=slot,file-path where type=file] do={${put(ros`$xR`)}}`,
    );
    return rows.map((row) => {
      const slot = text(row, 'slot');
      return slot === '' ? { name: text(row, 'name') } : { name: slot, path: text(row, 'file-path') };
    });
  } finally {
    console.close();
  }
}

/** What the objects of a run have in their names: those of its driver, those made by hand, and those of its doctor. */
export function marksOf(clusterId: string): { readonly run: readonly string[]; readonly doctor: string } {
  const { owner } = identity('rds.rose-csi.io', clusterId, []);
  return { run: [`-${owner}-`, `${clusterId}-`], doctor: 'rose-doctor-' };
}

/** What of a listing was not there before and has one of the marks, in its name or in that of its file. */
export function leftovers(before: readonly Shown[], after: readonly Shown[], marks: readonly string[]): Shown[] {
  const key = ({ name, path = '' }: Shown) => `${name}\0${path}`;
  const known = new Set(before.map(key));
  const isMarked = ({ name, path = '' }: Shown) => marks.some((mark) => name.includes(mark) || path.includes(mark));
  return after.filter((shown) => isMarked(shown) && !known.has(key(shown)));
}
