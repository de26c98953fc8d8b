import { ere, ros, type Script, script, text } from '../../routeros/index.ts';
import { namesOf, parseSnapshotName, parseVolumeName, slotOf } from '../names.ts';
import type { Reading } from '../operation.ts';
import type { ChosenSubvolume, RdsSettings } from '../rds.ts';
import type { ObjectRef } from '../refs.ts';
import { decodeObject } from '../rows.ts';
import { proveAll, subvolumeProperties } from './lookup.ts';
import { put } from './output.ts';

/**
 * Which of several subvolumes is the object: in a pool the one with the smallest subvolume-id, as a race may have made two; of
 * several pools the one that the disk item of the volume is in. Undefined where nothing says so, or there is none.
 */
export function choose({ pools }: RdsSettings, object: ObjectRef): Reading<ChosenSubvolume | undefined> {
  return {
    kind: 'read',
    script: script((s) => {
      proveAll(s, pools);
      const print = (menu: Script, properties: Script, where: Script): void =>
        s.run(put(ros`[${menu} print detail as-value proplist=${properties} where ${where}]`));
      print(ros`/disk/btrfs/subvolume`, subvolumeProperties(object.kind), ros`!dead and name~${namesOf(object)}`);
      print(ros`/disk`, ros`slot,file-path`, ros`slot=${slotOf(object)}`);
      for (const { label } of pools) {
        print(ros`/disk`, ros`fs-label,mount-point`, ros`mounted and fs-label=${label}`);
      }
    }),
    decode(rows) {
      const configured = pools.map(({ label }) => label);
      const found = decodeObject(rows.filter((row) => 'subvolume-id' in row)).subvolumes;
      const subvolumes = found.filter(({ fs }) => configured.includes(fs));
      const path = withoutSlash(text(rows.find((row) => 'file-path' in row) ?? {}, 'file-path'));
      const home = rows.find((row) => {
        const mountPoint = withoutSlash(text(row, 'mount-point'));
        return mountPoint !== '' && path.startsWith(`${mountPoint}/`);
      });
      const labels = new Set(subvolumes.map(({ fs }) => fs));
      const label = labels.size === 1 ? subvolumes[0]?.fs : text(home ?? {}, 'fs-label');
      const chosen = subvolumes.find(({ fs }) => fs === label);
      return chosen && { label: chosen.fs, name: chosen.name, uuid: chosen.uuid, subvolumeId: chosen.subvolumeId };
    },
  };
}

/**
 * The name that is none of ours and has the beginning of an object's uuid in it, whatever else the device has made of the one
 * that it was sent (U19); undefined when it lists no such thing.
 */
export function shownName({ uuid }: ObjectRef): Reading<string | undefined> {
  return {
    kind: 'read',
    script: put(
      ros`[/disk/btrfs/subvolume print detail as-value proplist=name where !dead and name~${ere`${uuid.slice(0, 8)}`}]`,
    ),
    decode: (rows) =>
      rows
        .map((row) => text(row, 'name'))
        .find((name) => parseVolumeName(name) === undefined && parseSnapshotName(name) === undefined),
  };
}

function withoutSlash(path: string): string {
  return path.replace(/^\/+/, '');
}
