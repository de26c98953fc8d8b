import { ros, type Script, type ScriptBuilder, script } from '../../routeros/index.ts';
import { slotOfName, snapshotNames, volumeNames } from '../names.ts';
import type { Reading } from '../operation.ts';
import type { RdsSettings } from '../rds.ts';
import type { ObjectRef, Pool } from '../refs.ts';
import { decodePage, type ListedPage } from '../rows.ts';
import { reportDisk } from './disk.ts';
import { objects, proveAll, subvolumeProperties } from './lookup.ts';
import { put } from './output.ts';

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

/** Rounds of the selection after which something else is wrong: no script may run on for ever on the box. */
const MAX_ROUNDS = 64;

/** Larger than any subvolume-id. */
const NO_BOUND = 2n ** 62n;

/**
 * The upper bound of a page of at most `limit` rows: those with the smallest ids after the token, in whatever order `find`
 * gives them. While there are too many, the one at the limit becomes the bound, and the search runs again; with rows in
 * ascending order that is one more search. Prints {"more":true} when rows remain.
 */
function boundPage(s: ScriptBuilder, limit: number, where: Script): Script {
  const find = (bound: Script) => ros`[/disk/btrfs/subvolume find ${where} and subvolume-id<=${bound}]`;
  const bound = s.let(ros`${NO_BOUND}`);
  const rows = s.let(ros`[/disk/btrfs/subvolume find ${where}]`);
  s.if(ros`[:len ${rows}]>${limit}`, () => s.run(put(ros`{"more"=true}`)));
  const round = s.let(ros`0`);
  s.while(ros`[:len ${rows}]>${limit}`, () => {
    s.set(round, ros`(${round}+1)`);
    s.if(ros`${round}>${MAX_ROUNDS}`, () => s.fail('RC-RACE'));
    s.set(bound, ros`[/disk/btrfs/subvolume get (${rows}->${limit - 1}) subvolume-id]`);
    const fewer = s.let(find(bound));
    s.if(ros`[:len ${fewer}]=[:len ${rows}]`, () => {
      s.set(bound, ros`(${bound}-1)`);
      s.set(fewer, find(bound));
    });
    s.set(rows, fewer);
  });
  return bound;
}

/** What is read of rows that are objects. */
const OF_OBJECTS = ros`name,fs,subvolume-id`;

/** Runs `each` for every row of a page, after printing it. */
function list(
  page: PageOf,
  kind: ObjectRef['kind'],
  names: Script,
  each: (s: ScriptBuilder, row: Script) => void,
): Script {
  const { pool, after, limit, copies = false } = page;
  const what = copies ? ros`!dead` : objects(kind);
  return script((s) => {
    proveAll(s, [pool]);
    const where = ros`where fs=${pool.label} and ${what} and name~${names} and subvolume-id>${after}`;
    const bound = boundPage(s, limit, where);
    const rows = ros`[/disk/btrfs/subvolume print detail as-value proplist=${copies ? subvolumeProperties(kind) : OF_OBJECTS} ${where} and subvolume-id<=${bound}]`;
    s.each(rows, (row) => {
      s.run(put(row));
      each(s, row);
    });
  });
}

/** One page of snapshots of our owners, or of those of one source: a row each. */
export function listSnapshots({ owners }: RdsSettings, page: PageOf, sourceUuid?: string): Reading<ListedPage> {
  return {
    kind: 'read',
    script: list(page, 'snap', snapshotNames(owners, sourceUuid), () => undefined),
    decode: decodePage,
  };
}

/** One page of volumes of our owners: for each, the subvolume's row and then its disk item's. */
export function listVolumes({ owners }: RdsSettings, page: PageOf): Reading<ListedPage> {
  const item = (s: ScriptBuilder, row: Script): void => {
    const name = s.let(ros`(${row}->"name")`);
    s.run(reportDisk(s.let(slotOfName(name))));
  };
  return { kind: 'read', script: list(page, 'pvc', volumeNames(owners), item), decode: decodePage };
}
