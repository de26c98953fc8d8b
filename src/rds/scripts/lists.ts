import { ere, ros, type Script, type ScriptBuilder, script } from '../../routeros/index.ts';
import { slotOfName, snapshotNames, volumeNames } from '../names.ts';
import type { Reading } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import { ENTRIES_AT, ENTRY_BYTES, MAX_SHARED_NODES } from '../record.ts';
import type { ObjectRef, Pool } from '../refs.ts';
import { decodePage, type ListedPage } from '../rows.ts';
import { named, objects, proveAll, subvolumeProperties } from './lookup.ts';
import { put, say } from './output.ts';

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

/** Rounds of the selection after which something else is wrong: no script may run on for ever on the RDS. */
const MAX_ROUNDS = 64;

/** Larger than any subvolume-id. */
const NO_BOUND = 2n ** 62n;

/**
 * The rows of a page of at most `limit`: those with the smallest ids after the token, in whatever order the RDS gives them.
 * While there are too many, the one at the limit becomes the upper bound, and the search runs again; with rows in ascending
 * order the second search is the last. The first one, which may find very many, reads nothing but ids. Prints {"more":true}
 * when rows remain.
 */
function pageOf(s: ScriptBuilder, limit: number, properties: Script, where: Script): Script {
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
  return rows;
}

/** What is read of rows that are objects; the page knows its pool. */
const OF_OBJECTS = ros`name,subvolume-id`;

/** Prints the rows of a page. @returns a variable with them */
function printPage(s: ScriptBuilder, page: PageOf, kind: ObjectRef['kind'], names: Script): Script {
  const { pool, after, limit, copies = false } = page;
  proveAll(s, [pool]);
  // Copies in other subvolumes, too, whose path does not begin with the name.
  const what = copies ? ros`!dead and name~${names}` : objects(kind, named(names));
  const where = ros`where fs=${pool.label} and ${what} and subvolume-id>${after}`;
  const rows = pageOf(s, limit, copies ? ros`${subvolumeProperties(kind)},recv-time` : OF_OBJECTS, where);
  s.each(rows, (row) => s.run(put(row)));
  return rows;
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
    script: script((s) => void printPage(s, page, 'snap', snapshotNames(owners, sourceUuid))),
    decode: (rows) => decodePage(rows, page.pool.label),
  };
}

/** One page of volumes of our owners: their subvolumes and their disk items. */
export function listVolumes({ owners }: RdsSettings, page: PageOf): Reading<ListedPage> {
  return {
    kind: 'read',
    script: script((s) => printItems(s, printPage(s, page, 'pvc', volumeNames(owners)))),
    decode: (rows) => decodePage(rows, page.pool.label),
  };
}
