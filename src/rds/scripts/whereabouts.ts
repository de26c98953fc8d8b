import { ere, type JsonRow, put, ros, type Script, script, text } from '../../routeros/index.ts';
import { type NamedObject, namesOf, parseSnapshotName, parseVolumeName, slotOf } from '../names.ts';
import type { Reading } from '../operation.ts';
import type { ChosenSubvolume, RdsSettings } from '../rds.ts';
import type { ObjectRef } from '../refs.ts';
import { decodeSubvolumes, objectOf, type SubvolumeRow } from '../rows.ts';
import { named, proveAll, subvolumeProperties } from './lookup.ts';

/**
 * Which of several subvolumes is the object, as {@link objectOf} says; the one that is nowhere when none of them has a whole name
 * of ours. Undefined where nothing says which, and where it is in a pool that is not configured.
 */
export function choose({ pools }: RdsSettings, object: NamedObject): Reading<ChosenSubvolume | undefined> {
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
      const found = decodeSubvolumes(rows);
      if (found.length === 0) return nowhere(object);
      const path = withoutSlash(text(rows.find((row) => 'file-path' in row) ?? {}, 'file-path'));
      const isAttached = ({ fs, name }: SubvolumeRow) =>
        rows.some(
          (row) =>
            text(row, 'fs-label') === fs && `${withoutSlash(text(row, 'mount-point'))}/${name}/volume.img` === path,
        );
      const chosen = objectOf(found, isAttached);
      if (chosen === undefined || !pools.some(({ label }) => label === chosen.fs)) return undefined;
      return { label: chosen.fs, name: chosen.name, uuid: chosen.uuid, subvolumeId: chosen.subvolumeId };
    },
  };
}

/** Chosen where what was found is no object: a subvolume that no search finds. */
function nowhere({ kind, uuid }: NamedObject): ChosenSubvolume {
  return { label: '', name: `${kind}-${uuid}-`, uuid: 'none', subvolumeId: 0n };
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

/**
 * The path of a subvolume that has the name of an object and lies in another subvolume of its filesystem, so that the name does not
 * say which of them is meant (U8); undefined when there is none. Of a copy, it may lie in the top level.
 */
export function namesake(object: ObjectRef): Reading<string | undefined> {
  const properties = subvolumeProperties(object.kind);
  return {
    kind: 'read',
    script: put(
      ros`[/disk/btrfs/subvolume print detail as-value proplist=${properties} where !dead and name~${namesOf(object)}]`,
    ),
    decode(rows) {
      const other = rows.find((row) => isNamesake(row, object, rows));
      return other && text(other, 'fullname');
    },
  };
}

function isNamesake(row: JsonRow, object: ObjectRef, rows: readonly JsonRow[]): boolean {
  const { copy } = object.kind === 'snap' ? object : { copy: undefined };
  const hasNameOf = (one: JsonRow) => text(one, 'fs') === text(row, 'fs') && text(one, 'name') === text(row, 'name');
  if (copy !== undefined)
    return text(row, 'uuid') !== copy && rows.some((one) => text(one, 'uuid') === copy && hasNameOf(one));
  const isNested = /[^>]\//.test(text(row, 'fullname'));
  return (
    isNested && decodeSubvolumes(rows).some(({ fs, name }) => fs === text(row, 'fs') && name === text(row, 'name'))
  );
}

function withoutSlash(path: string): string {
  return path.replace(/^\/+/, '');
}
