import { ere, put, ros, type Script, type ScriptBuilder, say, script } from '../../routeros/index.ts';
import { slotOfName, snapshotNames, uuidOf, volumeNames } from '../names.ts';
import type { Reading } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import { ENTRIES_AT, ENTRY_BYTES, MAX_SHARED_NODES } from '../record.ts';
import type { ObjectRef, Pool } from '../refs.ts';
import { decodePage, type ListedPage } from '../rows.ts';
import { named, objects, proveAll, subvolumeProperties } from './lookup.ts';

/** A part of a list. */
export interface PageOf {
  readonly pool: Pool;
  /** Only subvolumes with a larger subvolume-id. */
  readonly after: bigint;
  /** Rows at most. */
  readonly limit: number;
  /** Copies that came from another filesystem, whole and half, are listed too, each as what it is. */
  readonly copies?: boolean;
}

/** Rounds of the selection after which something else is wrong: no script may run on forever on the RDS. */
const MAX_ROUNDS = 64;

/** Larger than any subvolume-id. */
const NO_BOUND = 2n ** 62n;

/**
 * The rows of a page of at most `limit`: those with the smallest ids after the token, in whatever order the RDS gives them.
 * While there are too many, the one at the limit becomes the upper bound, and the search runs again; with rows in ascending
 * order the second search is the last. The first one, which may find very many, reads nothing but ids. Prints {"more":true}
 * when rows remain.
 */
function pageOf(s: ScriptBuilder, limit: number, properties: Script, where: Script): Rows {
  const bound = s.let(ros`${NO_BOUND}`);
  const upToBound = ros`[/disk/btrfs/subvolume print detail as-value proplist=${properties} ${where} and subvolume-id<=${bound}]`;
  const all = s.let(ros`[/disk/btrfs/subvolume find ${where}]`);
  s.if(ros`[:len ${all}]>${limit}`, () =>
    s.set(bound, ros`[/disk/btrfs/subvolume get (${all}->${limit - 1}) subvolume-id]`),
  );
  const rows = s.let(upToBound);
  const round = s.let(ros`0`);
  s.while(ros`[:len ${rows}]>${limit}`, () => {
    s.set(round, ros`(${round}+1)`);
    s.if(ros`${round}>${MAX_ROUNDS}`, () => s.fail('RC-RACE'));
    s.set(bound, ros`(${rows}->${limit - 1}->"subvolume-id")`);
    const fewer = s.let(upToBound);
    s.if(ros`[:len ${fewer}]=[:len ${rows}]`, () => {
      s.set(bound, ros`(${bound}-1)`);
      s.set(fewer, upToBound);
    });
    s.set(rows, fewer);
  });
  s.if(ros`${bound}<${NO_BOUND}`, () => s.run(say('more')));
  return { rows, bound };
}

/** What is on a page. */
interface Rows {
  /** Variable with the rows. */
  readonly rows: Script;
  /** Variable with the subvolume-id that none of them exceeds. */
  readonly bound: Script;
}

/**
 * Prints of what else could be an object, in any pool, that with the id of a row on the page: then the caller finds out which it
 * is. One reading of all, as a search for each row would be one each.
 */
function printRivals(
  s: ScriptBuilder,
  { pool, after }: PageOf,
  { rows, bound }: Rows,
  kind: ObjectRef['kind'],
  path: Script,
): void {
  const uuids = s.let(ros`""`);
  s.each(rows, (row) => {
    const name = s.let(ros`(${row}->"name")`);
    s.set(uuids, ros`(${uuids}.${uuidOf(name, kind)}.",")`);
  });
  const isOffPage = ros`(fs!=${pool.label} or subvolume-id<=${after} or subvolume-id>${bound})`;
  const others = ros`[/disk/btrfs/subvolume print detail as-value proplist=name,fs where ${objects(kind, path)} and ${isOffPage}]`;
  s.if(ros`${uuids}!=""`, () =>
    s.each(others, (row) => {
      const name = s.let(ros`(${row}->"name")`);
      const uuid = s.let(uuidOf(name, kind));
      s.if(ros`[:typeof [:find ${uuids} (${uuid}.",")]]="num"`, () =>
        s.run(put(ros`{"rival"=${uuid};"fs"=(${row}->"fs")}`)),
      );
    }),
  );
}

/** What is read of rows that are objects; the page knows its pool. */
const OF_OBJECTS = ros`name,subvolume-id`;

/**
 * Prints the rows of a page.
 *
 * @param all The expression for all names of objects of the kind, if it is not the one for those that are listed.
 * @returns a variable with them
 */
function printPage(s: ScriptBuilder, page: PageOf, kind: ObjectRef['kind'], names: Script, all = names): Script {
  const { pool, after, limit, copies = false } = page;
  proveAll(s, [pool]);
  // Copies in other subvolumes, too, whose path does not begin with the name.
  const what = copies ? ros`!dead and name~${names}` : objects(kind, named(names));
  const where = ros`where fs=${pool.label} and ${what} and subvolume-id>${after}`;
  const properties = copies ? ros`${subvolumeProperties(kind)},recv-time` : OF_OBJECTS;
  const found = pageOf(s, limit, properties, where);
  s.each(found.rows, (row) => s.run(put(row)));
  if (!copies) printRivals(s, page, found, kind, named(all));
  return found.rows;
}

/** Of a comment, what says who has the volume. */
const RECORD_BYTES = ENTRIES_AT + MAX_SHARED_NODES * ENTRY_BYTES;

/** Prints the disk items of the volumes in these rows, which it looks for in one reading of all disks. */
function printItems(s: ScriptBuilder, rows: Script): void {
  const slots = s.let(ros`""`);
  s.each(rows, (row) => {
    const name = s.let(ros`(${row}->"name")`);
    s.set(slots, ros`(${slots}.${slotOfName(name)}.",")`);
  });
  const properties = ros`slot,size,comment,nvme-tcp-export`;
  s.each(ros`[/disk print detail as-value proplist=${properties} where slot~${ere`^pvc-`}]`, (disk) =>
    s.if(ros`[:typeof [:find ${slots} ((${disk}->"slot").",")]]="num"`, () =>
      s.run(
        put(ros`{"slot"=(${disk}->"slot");"size"=(${disk}->"size");"nvme-tcp-export"=(${disk}->"nvme-tcp-export");
          "comment"=[:pick ("".(${disk}->"comment")) 0 ${RECORD_BYTES}]}`),
      ),
    ),
  );
}

/** One page of snapshots of our owners, or of those of one source: a row each. */
export function listSnapshots({ owners }: RdsSettings, page: PageOf, sourceUuid?: string): Reading<ListedPage> {
  return {
    kind: 'read',
    script: script((s) => void printPage(s, page, 'snap', snapshotNames(owners, sourceUuid), snapshotNames(owners))),
    decode: (rows) => decodePage(rows, page.pool),
  };
}

/** One page of volumes of our owners: their subvolumes and their disk items. */
export function listVolumes({ owners }: RdsSettings, page: PageOf): Reading<ListedPage> {
  return {
    kind: 'read',
    script: script((s) => printItems(s, printPage(s, page, 'pvc', volumeNames(owners)))),
    decode: (rows) => decodePage(rows, page.pool),
  };
}
