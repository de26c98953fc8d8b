import { ere, type JsonRow, ros, type Script, type ScriptBuilder, script, text } from '../../routeros/index.ts';
import { RdsError } from '../errors.ts';
import { exactly, namesOf, ownedBy, slotOf } from '../names.ts';
import type { Reading, Writing } from '../operation.ts';
import type { ChosenSubvolume, RdsSettings } from '../rds.ts';
import { isCutOff } from '../record.ts';
import { nqnOf, type VolumeRef } from '../refs.ts';
import { type DiskRow, decodeObject, type ObjectState } from '../rows.ts';
import { hasNoItem, inSlot, proveOwned, proveRatio, proveSpace, slotVariable, space } from './conditions.ts';
import { type AttachedItem, attach, growTo, itemOf, reportDisk, reportVolume, textOf } from './disk.ts';
import {
  type Found,
  isThere,
  locate,
  mountedPools,
  named,
  nameOf,
  objects,
  type ProvenPool,
  provePools,
  rowsWhere,
  searched,
} from './lookup.ts';
import { isTrue, isUnused, pathsIn, removeItem, removeSubvolume } from './removal.ts';

/** A comment that records at least one node. */
export const HAS_NODES = ere`^rose:2 [0-9a-f]+ [0-9a-f]`;

/** A disk item in its pool. */
export interface OpenVolume extends AttachedItem {
  readonly pool: ProvenPool;
}

/** Finds the volume, proves that it exists and is ours, and has its image attached. */
export function openVolume(s: ScriptBuilder, settings: RdsSettings, volume: VolumeRef): OpenVolume {
  const slot = slotVariable(s, volume);
  const { pool, ...found } = locate(s, settings, volume, hasNoItem(slot));
  s.if(ros`[:len ${found.row}]=0`, () => s.fail('RC-NOVOL'));
  proveOwned(s, found.row, ownedBy(volume, settings.owners));
  const item = attach(s, itemOf(s, slot, pool, nameOf(found.row), found.row));
  return { ...item, pool };
}

/** Has the image of a volume attached whose disk item is lost. Changes no byte of it. */
export function attachVolume(settings: RdsSettings, volume: VolumeRef): Writing<undefined> {
  return {
    kind: 'write',
    object: volume,
    name: 'attach',
    removes: false,
    script: script((s) => void openVolume(s, settings, volume)),
    decode: () => undefined,
  };
}

/** Reads the disk item of a volume; undefined when there is none. Proves nothing of its pool. Changes nothing. */
export function readDisk(volume: VolumeRef): Reading<DiskRow | undefined> {
  return {
    kind: 'read',
    script: reportDisk(ros`${slotOf(volume)}`),
    decode: (rows) => decodeObject(rows).disk,
  };
}

/** Whether the device has cut off the record of a volume (U16). Changes nothing. */
export function readCutOff(volume: VolumeRef): Reading<boolean> {
  return { ...readDisk(volume), decode: (rows) => rows.some((row) => isCutOff(text(row, 'comment'))) };
}

/** As {@link readDisk}; its decoder throws RC-SIZE as {@link sizedDisk} does. */
export function readSizedDisk(volume: VolumeRef): Reading<DiskRow | undefined> {
  return { ...readDisk(volume), decode: sizedDisk };
}

/**
 * The disk item that was reported; undefined when there is none.
 *
 * @throws RdsError RC-SIZE, and what is shown, while the device does not show a size (U24). Zero is none.
 */
export function sizedDisk(rows: readonly JsonRow[]): DiskRow | undefined {
  const { disk } = decodeObject(rows);
  if (disk !== undefined && !disk.size) throw new RdsError('RC-SIZE', `${disk.size ?? ''}`);
  return disk;
}

/** Reads the volume; no subvolume and no disk item when it does not exist. Changes nothing. */
export function readVolume(settings: RdsSettings, volume: VolumeRef): Reading<ObjectState> {
  return {
    kind: 'read',
    script: script((s) => {
      const slot = slotVariable(s, volume);
      const { pool, ...found } = locate(s, settings, volume);
      reportVolume(s, slot, found, pool);
    }),
    decode: decodeObject,
  };
}

/** Grows the image to at least `bytes`; it is never shrunk. */
export function expandVolume(settings: RdsSettings, volume: VolumeRef, bytes: bigint): Writing<DiskRow | undefined> {
  const { reserveBytes, ratioPercent, reserved = 0n } = settings;
  return {
    kind: 'write',
    object: volume,
    name: `expand ${bytes}`,
    removes: false,
    takes: space(bytes),
    script: script((s) => {
      const item = openVolume(s, settings, volume);
      const { pool } = item;
      const prove = (shown: Script): void => {
        const more = (extra: bigint) => ros`(${bytes + extra + reserved}-[:tonum ${shown}])`;
        proveSpace(s, pool, more(reserveBytes));
        proveRatio(s, pool, more(0n), ratioPercent);
      };
      growTo(s, item, ros`${bytes}`, { before: prove });
      s.run(reportDisk(item.slot));
    }),
    decode: (rows) => decodeObject(rows).disk,
  };
}

/**
 * Refuses the disk, which is exported though its comment names no node, unless another process has published it between the
 * two looks: then the comment has changed.
 */
export function strangeExport(s: ScriptBuilder, item: Script, comment: Script): void {
  s.if(ros`${textOf(item, ros`comment`)}!=${comment}`, () => s.fail('RC-RACE'));
  s.fail('RC-EXPORTED');
}

/**
 * Removes a volume that is published to no one: the disk item, proven gone, and the subvolume. What is still there afterwards
 * is reported; a `dead` subvolume counts as gone (U9). The disk item goes only while the subvolume that was found is there,
 * or while there is still none: else it is that of a volume which was made meanwhile, and is refused with RC-LEFT.
 */
export function deleteVolume(settings: RdsSettings, volume: VolumeRef): Writing<ObjectState> {
  return {
    kind: 'write',
    object: volume,
    name: 'delete',
    removes: true,
    script: script((s) => {
      const [slot, ours] = [slotVariable(s, volume), s.let(ownedBy(volume, settings.owners))];
      const { pool, ...found } = locate(s, settings, volume, hasNoItem(slot));
      proveOwned(s, found.row, ours);
      const now = ros`[/disk/btrfs/subvolume find where ${searched(settings, volume) ?? objects('pvc', named(found.names))}]`;
      const isAsFound = ros`(([:len ${found.row}]+[:len ${now}])=0 or ([:len ${found.row}]>0 and ${isThere(found.row)}))`;
      s.each(inSlot(slot), (item) => {
        proveItsOwn(s, item, { ...found, pool }, settings, ours);
        const comment = s.let(textOf(item, ros`comment`));
        s.if(ros`${comment}~${HAS_NODES}`, () => s.fail('RC-PUB', comment));
        s.if(isTrue(textOf(item, ros`nvme-tcp-export`)), () => strangeExport(s, item, comment));
        removeItem(s, { slot: textOf(item, ros`slot`), comment, provided: [isAsFound] });
      });
      s.if(ros`!(${hasNoItem(slot)})`, () => s.fail('RC-LEFT'));
      removeOwn(s, found, pool, slot);
      reportVolume(s, slot, found, pool);
    }),
    decode: decodeObject,
  };
}

/**
 * Refuses unless the disk item is that of the subvolume that was found: with RC-POOL when it leads into a pool that is not
 * there, where its image may be whole; else with RC-SLOT. Where nothing was found, it is the rest of a volume of ours.
 */
function proveItsOwn(
  s: ScriptBuilder,
  item: Script,
  { row, pool }: Found & { readonly pool: ProvenPool },
  { pools }: RdsSettings,
  ours: Script,
): void {
  const path = s.let(ros`("/".[/disk get ${item} file-path])`);
  const own = ros`(${ere`^/*`}.${pool.mountPoint}."/".${nameOf(row)}."/")`;
  s.if(ros`[:len ${row}]=0 or !(${path}~${own})`, () => {
    s.if(ros`!(${path}~${ours})`, () => s.fail('RC-SLOT', path));
    const isThere = s.let(ros`false`);
    s.each(mountedPools(pools), (disk) =>
      s.if(ros`${path}~(${ere`^/*`}.[/disk get ${disk} mount-point]."/")`, () => s.set(isThere, ros`true`)),
    );
    s.if(ros`!${isThere}`, () => s.fail('RC-POOL', path));
    s.if(ros`[:len ${row}]>0`, () => s.fail('RC-SLOT', path));
  });
}

/**
 * Removes the subvolume of an object. Refuses with RC-USED when a disk item uses a file of it:
 * someone has to look at that; with RC-LEFT when it is the object's own, which another process has attached again meanwhile.
 *
 * @param own The slot of the object; a snapshot has none.
 */
export function removeOwn(s: ScriptBuilder, { row }: Found, pool: ProvenPool, own?: Script): void {
  s.if(ros`[:len ${row}]>0`, () => {
    const paths = pathsIn(s, pool, nameOf(row));
    s.each(ros`[/disk find where file-path~${paths}]`, (item) => {
      const slot = s.let(textOf(item, ros`slot`));
      if (own !== undefined) s.if(ros`${slot}=${own}`, () => s.fail('RC-LEFT'));
      s.fail('RC-USED', slot);
    });
    removeSubvolume(s, row, pool, paths);
  });
}

/** What of a volume is only a part of it. */
export interface Incomplete {
  /** An image of fewer bytes is not whole. */
  readonly bytes: bigint;
  /** Whether the call that asks has itself made it: else a size of zero may be one that the RDS has not looked at (U24). */
  readonly made: boolean;
}

/**
 * Rolls back a volume that could not be completed, so that an error leaves nothing behind. Another process may complete it at
 * any time, hence a disk item is removed only when its image is smaller than it must be, it is not exported, no node is
 * recorded on it and it was never published, which its NQN would show; and the subvolume only when no disk item uses it.
 * What is still there afterwards is reported.
 *
 * @param subvolume That very one; another is left alone.
 */
export function discardVolume(
  settings: RdsSettings,
  volume: VolumeRef,
  { label, name }: Pick<ChosenSubvolume, 'label' | 'name'>,
  { bytes, made }: Incomplete,
): Writing<ObjectState> {
  const isNumber = made ? ere`^[0-9]+$` : ere`^[1-9][0-9]*$`;
  return {
    kind: 'write',
    object: volume,
    name: 'discard',
    removes: true,
    script: script((s) => {
      const slot = slotVariable(s, volume);
      const found = { row: s.let(), names: s.let(namesOf(volume)) };
      s.set(found.row, ros`(${rowsWhere(ros`${objects('pvc', named(exactly(name)))} and fs=${label}`)}->0)`);
      const pool = provePools(s, settings.pools, s.let(ros`${label}`));
      s.if(ros`[:len ${found.row}]>0`, () => {
        const paths = pathsIn(s, pool, ros`${name}`);
        s.each(ros`[/disk find where slot=${slot} and file-path~${paths}]`, (item) => {
          const [size, comment] = [s.let(textOf(item, ros`size`)), s.let(textOf(item, ros`comment`))];
          const neverPublished = ros`!(${textOf(item, ros`nvme-tcp-server-nqn`)}~${ere`${nqnOf(volume.uuid)}-`})`;
          const exported = isTrue(textOf(item, ros`nvme-tcp-export`));
          s.if(ros`${size}~${isNumber} and !(${comment}~${HAS_NODES}) and !(${exported}) and ${neverPublished}`, () =>
            s.if(ros`[:tonum ${size}]<${bytes}`, () =>
              removeItem(s, { slot: textOf(item, ros`slot`), comment, also: [ros`size<${bytes}`] }),
            ),
          );
        });
        s.if(isUnused(paths), () => removeSubvolume(s, found.row, pool, paths));
      });
      reportVolume(s, slot, found, pool);
    }),
    decode: decodeObject,
  };
}
