import { ere, put, ros, say, script } from '../../routeros/index.ts';
import { nameOfSlot, volumePaths } from '../names.ts';
import type { Reading } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import { decodeLostItems, type LostItems } from '../rows.ts';
import { isVolume, proveAll, rowsWhere } from './lookup.ts';

/** Bytes of `/volume.img`. */
const IMAGE_BYTES = 11;

/**
 * Reads the disk items of our volumes whose subvolume, the one that their path names, is in none of the pools, and nothing of
 * the others, so the answer is short. Looked at in one script, so that a volume that is being made does not appear.
 *
 * @param digits Only slots that begin with these hex digits behind `pvc-`.
 * @param limit Rows at most.
 */
export function listLostItems({ pools, owners }: RdsSettings, digits: string, limit: number): Reading<LostItems> {
  return {
    kind: 'read',
    script: script((s) => {
      proveAll(s, pools);
      const number = s.let(ros`0`);
      const slots = digits === '' ? ere`^pvc-` : ere`^pvc-${digits}`;
      s.each(ros`[/disk find where slot~${slots} and file-path~${volumePaths(owners)}]`, (item) => {
        const [slot, path] = [s.let(ros`[/disk get ${item} slot]`), s.let(ros`[/disk get ${item} file-path]`)];
        const name = s.let(ros`[:pick ${path} [:find ${path} ${nameOfSlot(slot)}] ([:len ${path}]-${IMAGE_BYTES})]`);
        const isThere = s.let(ros`false`);
        s.each(rowsWhere(ros`!dead and name=${name}`), (row) => s.if(isVolume(row), () => s.set(isThere, ros`true`)));
        s.if(ros`!${isThere}`, () => {
          s.set(number, ros`(${number}+1)`);
          s.if(ros`${number}<=${limit}`, () =>
            s.run(
              put(ros`[/disk print detail as-value
                proplist=slot,file-path,size,comment,nvme-tcp-export,nvme-tcp-server-nqn where slot=${slot}]`),
            ),
          );
        });
      });
      s.if(ros`${number}>${limit}`, () => s.run(say('more')));
    }),
    decode: (rows) => decodeLostItems(rows, pools),
  };
}
