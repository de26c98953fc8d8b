import { ere, put, ros, type ScriptBuilder, script } from '../../routeros/index.ts';
import { MADE_EMPTY, namesOf, ownedBy } from '../names.ts';
import type { Writing } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import { freshRecord, REATTACHED } from '../record.ts';
import type { VolumeRef } from '../refs.ts';
import { decodeObject, type ObjectState } from '../rows.ts';
import { hasNoItem, inSlot, proveOwned, slotVariable } from './conditions.ts';
import { addItem, type Item, itemOf, reportDisk, reportVolume, SIZE, textOf } from './disk.ts';
import { locate, mountedPools, named, nameOf, objects, ownNow, proveAll, rowsWhere } from './lookup.ts';
import { awaitGone, isTrue, isUnused, pathsIn, removeItem, removeSubvolume } from './removal.ts';
import { HAS_NODES } from './volume.ts';

/**
 * What removes the rest of an interrupted creation or deletion, and nothing that holds or could hold data. A subvolume with
 * an image but without a disk item may be a volume after a reset of the router, so it is left alone like everything else.
 * Each reports what is still there afterwards.
 */

/**
 * Removes a single subvolume that was made new, that no disk item uses, and in which `/file` lists nothing of any size. That
 * counts only when `/file` lists the subvolume itself, and the image of some other volume of the pool: a listing that is not
 * deep enough (docs/routeros.md, 7) would show every volume to be empty. And only when its image is refused, or has no size
 * when it was attached before: a listing may also be late. What is not attached is attached by this, as publishing would do
 * it, and reported: the caller waits for its size, and asks again while there is none.
 */
export function discardEmptySubvolume(settings: RdsSettings, volume: VolumeRef): Writing<ObjectState> {
  return {
    kind: 'write',
    object: volume,
    name: 'discard',
    removes: true,
    script: script((s) => {
      const slot = slotVariable(s, volume);
      const { pool, ...found } = locate(s, settings, volume);
      proveOwned(s, found.row, ownedBy(volume, settings.owners));
      const name = s.let(nameOf(found.row));
      const own = ros`[/disk/btrfs/subvolume find where ${ownNow(found, pool, 'pvc')}]`;
      s.if(ros`${name}~${MADE_EMPTY} and [:len ${own}]=1`, () => {
        const item = itemOf(s, slot, pool, name, found.row);
        const paths = pathsIn(s, pool, name);
        const directory = s.let(ros`(${ere`(^|/)`}.${name}.${ere`$`})`);
        const others = s.let(ros`(${ere`^/*`}.${pool.mountPoint}.${ere`/[^/]+/volume\.img$`})`);
        const isEmpty = ros`[:len [/file find where name~${paths} and size>0]]=0`;
        const isListed = ros`[:len [/file find where name~${directory}]]=1 and [:len [/file find where name~${others}]]>0`;
        s.if(ros`${isListed} and ${isEmpty}`, () => {
          const hasNone = s.let(ros`false`);
          s.if(
            ros`${hasNoItem(item.slot)} and ${isUnused(paths)}`,
            () => {
              const add = (): void => addItem(s, item, freshRecord(REATTACHED));
              s.attempt(add, () => s.set(hasNone, ros`true`));
            },
            () => removeUnsized(s, item, () => s.set(hasNone, ros`true`)),
          );
          s.if(ros`${hasNone} and ${hasNoItem(item.slot)}`, () => {
            removeSubvolume(s, found.row, pool, paths, isEmpty);
            awaitGone(s, own);
          });
        });
      });
      reportVolume(s, slot, found, pool);
    }),
    decode: decodeObject,
  };
}

/** Removes the disk item while it has no size, no node recorded, and is not exported. */
function removeUnsized(s: ScriptBuilder, { slot }: Item, then: () => void): void {
  const items = inSlot(slot);
  s.each(items, (item) => {
    const comment = s.let(textOf(item, ros`comment`));
    s.if(ros`!(${textOf(item, ros`size`)}~${SIZE}) and !(${comment}~${HAS_NODES})`, () => {
      then();
      s.attempt(() => {
        removeItem(s, { slot, comment, also: [ros`!(size>0)`] });
        awaitGone(s, items);
      });
    });
  });
}

/**
 * Removes a disk item of ours that is not exported, with no node recorded, whose subvolume is nowhere on the RDS and whose
 * path is in a pool that is proven to be there.
 */
export function discardLostItem({ pools, owners }: RdsSettings, volume: VolumeRef): Writing<ObjectState> {
  return {
    kind: 'write',
    object: volume,
    name: 'discard',
    removes: true,
    script: script((s) => {
      proveAll(s, pools);
      const slot = slotVariable(s, volume);
      const names = s.let(namesOf(volume));
      const subvolumes = rowsWhere(objects('pvc', named(names)));
      s.each(inSlot(slot), (item) => {
        const [path, comment, isOurs] = [
          s.let(ros`[/disk get ${item} file-path]`),
          s.let(textOf(item, ros`comment`)),
          s.let(ros`false`),
        ];
        s.each(mountedPools(pools), (disk) =>
          s.if(
            ros`${path}~(${ere`^/*`}.[/disk get ${disk} mount-point]."/") and ${path}~${ownedBy(volume, owners)}`,
            () => s.set(isOurs, ros`true`),
          ),
        );
        const exported = isTrue(textOf(item, ros`nvme-tcp-export`));
        s.if(ros`${isOurs} and !(${comment}~${HAS_NODES}) and !(${exported})`, () => {
          const provided = [ros`[:len ${subvolumes}]=0`];
          removeItem(s, { slot: textOf(item, ros`slot`), comment, provided });
          awaitGone(s, inSlot(slot));
        });
      });
      s.run(put(subvolumes));
      s.run(reportDisk(slot));
    }),
    decode: decodeObject,
  };
}
