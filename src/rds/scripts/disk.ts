import { ere, put, ros, type Script, type ScriptBuilder } from '../../routeros/index.ts';
import { freshRecord, REATTACHED } from '../record.ts';
import { guarded, guardedText, inSlot } from './conditions.ts';
import { type Found, isThere, type ProvenPool, reportFound } from './lookup.ts';

/** The pieces of scripts that are about the disk item of a volume: attaching, its size, growing, printing. */

/** A readable size. A zero is none: an image has bytes, and a device may show zero before it has looked (U24). */
export const SIZE = ere`^[1-9][0-9]*$`;
/** A boolean property as text, in either of its forms (U12). */
export const TRUE = ere`^(true|yes)$`;

/** Handles on the disk item that a volume has, or is to have. */
export interface Item {
  /** Its slot. */
  readonly slot: Script;
  /** The path of the image that belongs to it. */
  readonly path: Script;
  /** What must hold for its image to be attached. */
  readonly provided: readonly Script[];
}

/** One that is there. */
export interface AttachedItem extends Item {
  /** Its id, as a list of one. */
  readonly id: Script;
}

/** The text of a property of an item. */
export function textOf(item: Script, property: Script): Script {
  return ros`("".[/disk get ${item} ${property}])`;
}

/**
 * The item that the volume has, or is to have.
 *
 * @param name Of its subvolume.
 * @param row The subvolume: its image is attached only while that very one is there. Another one may have been made under the
 *   same name, and not have an image yet.
 */
export function itemOf(s: ScriptBuilder, slot: Script, pool: ProvenPool, name: Script, row?: Script): Item {
  return {
    slot,
    path: s.let(ros`(${pool.mountPoint}."/".${name}."/volume.img")`),
    provided: row === undefined ? [] : [isThere(row)],
  };
}

/**
 * Adds the disk item for the image; its NQN is set when it is exported. One that is late, or without what must hold, adds none,
 * as its type is empty then.
 *
 * @param fileSize `file-size=…`, only where it is certain that no image is there: what it does to a file that exists is not
 *   known (U4).
 */
export function addItem(s: ScriptBuilder, item: Item, comment: Script, fileSize: Script = ros``): void {
  const type = guardedText(ros`"file"`, ...item.provided);
  s.run(
    ros`/disk add type=${type} slot=${item.slot} file-path=${item.path} mount-filesystem=no comment=${comment}${fileSize}`,
  );
}

/**
 * Sees to it that the volume has its disk item: a router reset loses items, and a restored
 * volume has none yet. An item for another file, or for this one at a place where the pool is no longer mounted, is refused
 * with RC-SLOT.
 *
 * @param add Adds a missing item; without `file-size` unless set otherwise, so that no byte can change.
 */
export function attach(
  s: ScriptBuilder,
  item: Item,
  add = () => addItem(s, item, freshRecord(REATTACHED)),
): AttachedItem {
  const search = inSlot(item.slot);
  const id = s.let(search);
  s.if(ros`[:len ${id}]=0`, () => {
    add();
    s.set(id, search);
  });
  const path = s.let(ros`[/disk get ${id} file-path]`);
  s.if(ros`!(("/".${path})~(${ere`^/*`}.${item.path}.${ere`$`}))`, () => s.fail('RC-SLOT', path));
  return { ...item, id };
}

/**
 * The size of the item as a string of digits; refuses with RC-SIZE, and what is shown, while it is not readable (U24). No
 * script waits for it: the caller asks again, so that the connection serves others meanwhile.
 */
export function readSize(s: ScriptBuilder, item: Script): Script {
  const shown = s.let(textOf(item, ros`size`));
  s.if(ros`!(${shown}~${SIZE})`, () => s.fail('RC-SIZE', shown));
  return shown;
}

export interface Growth {
  /** What must hold of the size that the disk has, before it is grown. */
  readonly before?: (shown: Script) => void;
  /** What to do when there is no readable size, with what is shown; by default RC-SIZE. */
  readonly unread?: (shown: Script) => void;
}

/**
 * Grows the disk to `bytes` if it is smaller; it is never shrunk (U3): it is found by its being smaller in the statement that
 * sets the size. Refuses with RC-GROW when the device refused and shows a smaller size afterwards (another process may have
 * grown or removed the item meanwhile), and with RC-LAG when the size does not follow at once: the caller asks again.
 */
export function growTo(s: ScriptBuilder, item: AttachedItem, wanted: Script, { before, unread }: Growth = {}): void {
  const bytes = s.let(wanted);
  const shown = s.let(textOf(item.id, ros`size`));
  s.if(
    ros`${shown}~${SIZE}`,
    () =>
      s.if(ros`[:tonum ${shown}]<${bytes}`, () => {
        before?.(shown);
        const words = s.let(ros`""`);
        s.attempt(
          () => s.run(setSize(item, bytes)),
          (refusal) => s.set(words, refusal),
        );
        s.if(ros`!([:tonum [/disk get ${item.id} size]]>=${bytes})`, () => {
          s.if(ros`${words}!=""`, () => s.fail('RC-GROW', ros`${shown}." ".${words}`));
          s.fail('RC-LAG', ros`[/disk get ${item.id} size]`);
        });
      }),
    () => (unread ?? ((what: Script) => s.fail('RC-SIZE', what)))(shown),
  );
}

/** Sets the size of a disk that is smaller. */
export function setSize(item: Item, bytes: Script): Script {
  return ros`/disk set ${guarded(ros`/disk find where slot=${item.slot} and size<${bytes}`)} file-size=${bytes}`;
}

/** What the driver reads of a disk item that it does not export now. */
const DISK_PROPERTIES = ros`slot,file-path,size,comment,mount-filesystem,nvme-tcp-export`;

/** The same with the NQN that it is exported under. */
export const EXPORTED_PROPERTIES = ros`${DISK_PROPERTIES},nvme-tcp-server-nqn`;

/** Prints, as one JSON array, the disk item in the given slot. */
export function reportDisk(slot: Script, properties = EXPORTED_PROPERTIES): Script {
  return put(ros`[/disk print detail as-value proplist=${properties} where slot=${slot}]`);
}

/** Prints all subvolumes of a volume in its pool, and its disk item. */
export function reportVolume(s: ScriptBuilder, slot: Script, found: Found, pool: ProvenPool): void {
  reportFound(s, found, pool, 'pvc');
  s.run(reportDisk(slot, DISK_PROPERTIES));
}
