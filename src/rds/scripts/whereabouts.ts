import { ros, script, text } from '../../routeros/index.ts';
import { slotOf } from '../names.ts';
import type { Reading } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import type { VolumeRef } from '../refs.ts';
import { proveAll } from './lookup.ts';
import { put } from './output.ts';

/**
 * The label of the pool that the disk item of a volume is in; undefined where there is no item, or it is in none of the pools.
 * Asked when two filesystems hold a subvolume of the volume's name.
 */
export function homeOf({ pools }: Pick<RdsSettings, 'pools'>, volume: VolumeRef): Reading<string | undefined> {
  return {
    kind: 'read',
    script: script((s) => {
      proveAll(s, pools);
      const print = (properties: string, where: ReturnType<typeof ros>): void =>
        s.run(put(ros`[/disk print detail as-value proplist=${properties} where ${where}]`));
      print('slot,file-path', ros`slot=${slotOf(volume)}`);
      for (const { label } of pools) print('fs-label,mount-point', ros`mounted and fs-label=${label}`);
    }),
    decode(rows) {
      const [item] = rows.filter((row) => 'file-path' in row);
      const path = withoutSlash(text(item ?? {}, 'file-path'));
      const home = rows.find((row) => {
        const mountPoint = withoutSlash(text(row, 'mount-point'));
        return mountPoint !== '' && path.startsWith(`${mountPoint}/`);
      });
      return home === undefined ? undefined : text(home, 'fs-label');
    },
  };
}

function withoutSlash(path: string): string {
  return path.replace(/^\/+/, '');
}
