import { ere, put, ros, type Script, script, text } from '../../routeros/index.ts';
import { namesOf, parseSnapshotName, parseVolumeName, slotOf } from '../names.ts';
import type { Reading } from '../operation.ts';
import type { ChosenSubvolume, RdsSettings } from '../rds.ts';
import type { ObjectRef } from '../refs.ts';
import { decodeObject, type SubvolumeRow } from '../rows.ts';
import { named, proveAll, subvolumeProperties } from './lookup.ts';

/**
 * Which of several subvolumes is the object: the one that the disk item of the volume leads to; without that, in one filesystem
 * the one with the smallest subvolume-id, as a race may have made two. Undefined where nothing says so, where it is in a pool
 * that is not configured, or there is none. The name of a snapshot that is another one with further digits behind it, as users
 * call their copies, is none of several. The name of a volume may well be: two callers of one name may ask for 1 GiB and for 10 GiB.
 */
export function choose({ pools }: RdsSettings, object: ObjectRef): Reading<ChosenSubvolume | undefined> {
  return {
    kind: 'read',
    script: script((s) => {
      proveAll(s, pools);
      const print = (menu: Script, properties: Script, where: Script): void =>
        s.run(put(ros`[${menu} print detail as-value proplist=${properties} where ${where}]`));
      print(ros`/disk/btrfs/subvolume`, subvolumeProperties(object.kind), ros`!dead and ${named(namesOf(object))}`);
      print(ros`/disk`, ros`slot,file-path`, ros`slot=${slotOf(object)}`);
      print(ros`/disk`, ros`fs-label,mount-point`, ros`mounted and fs-label~${ere`.`}`);
    }),
    decode(rows) {
      const { subvolumes } = decodeObject(rows.filter((row) => 'subvolume-id' in row));
      const found = object.kind === 'snap' ? withoutLonger(subvolumes) : subvolumes;
      const path = withoutSlash(text(rows.find((row) => 'file-path' in row) ?? {}, 'file-path'));
      const isAttached = ({ fs, name }: SubvolumeRow) =>
        rows.some(
          (row) =>
            text(row, 'fs-label') === fs && `${withoutSlash(text(row, 'mount-point'))}/${name}/volume.img` === path,
        );
      const isOneFilesystem = new Set(found.map(({ fs }) => fs)).size === 1;
      const chosen = found.find(isAttached) ?? (isOneFilesystem ? found[0] : undefined);
      if (chosen === undefined || !pools.some(({ label }) => label === chosen.fs)) return undefined;
      return { label: chosen.fs, name: chosen.name, uuid: chosen.uuid, subvolumeId: chosen.subvolumeId };
    },
  };
}

/** The rows whose names do not begin with the name of another row in the same filesystem. */
function withoutLonger(rows: readonly SubvolumeRow[]): SubvolumeRow[] {
  const isLonger = (row: SubvolumeRow, other: SubvolumeRow) =>
    row.fs === other.fs && row.name !== other.name && row.name.startsWith(other.name);
  return rows.filter((row) => !rows.some((other) => isLonger(row, other)));
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
