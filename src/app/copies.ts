import { printAge } from '../cli/print-age.ts';
import { type Column, printTable } from '../cli/table.ts';
import { wrap } from '../cli/terminal.ts';
import { IS_COPY } from '../rds/index.ts';
import { ros } from '../routeros/index.ts';
import type { InventoryCopy } from '../storage/copies.ts';

export interface CopiesOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** Milliseconds since the epoch, from which ages are counted. */
  readonly now: number;
}

type Kind = InventoryCopy['kind'];

/** Longer lines of sentences are no easier to read. */
const SENTENCE = 100;
const COLUMNS: readonly Column[] = [{}, {}, {}, { align: 'right' }];

/** `copy` is said in two words, as the one on another backend that `--copy-of` is about is none that was received. */
const WORDS: Readonly<Record<Kind, string>> = {
  copy: 'received copy',
  'half-received': 'half-received',
  nested: 'nested',
  undecided: 'undecided',
};

/** What each is, and what to do about it. */
const HINTS: Readonly<Record<Kind, string>> = {
  copy: 'A received copy came whole by /disk/btrfs/transfer. It is a backup and stays when its original is deleted; how to use it: docs/guides/backup.md. On a replica it is the driver’s, until `keep` is over: rose-csi replicas ls, docs/guides/second-rds.md.',
  'half-received':
    'A half-received one is what a transfer leaves that was cut off or has not ended, and never becomes whole by itself; what someone made writable looks the same. On a replica the driver removes it and sends again, where its original is there. When no transfer runs any more (/disk/btrfs/transfer/print where it was begun) and no one needs what is in it, remove it on its RDS:',
  nested: 'A nested one lies in another subvolume. It belongs to whoever made it there.',
  undecided:
    'Undecided: several pools hold a subvolume of this id, and no disk item says which of them is the object. Calls for it are refused until you decide: docs/guides/troubleshooting.md.',
};

/** The section at the end of a list; empty when there is nothing to report. Commands to type are never broken. */
export function printCopies(copies: readonly InventoryCopy[], options: CopiesOptions): string {
  if (copies.length === 0) return '';
  const kinds = new Set(copies.map(({ kind }) => kind));
  const sentences = (text: string) => wrap(text, Math.min(SENTENCE, options.width));
  const lines = [
    '',
    ...sentences('Named like volumes and snapshots, and none of them:'),
    ...table(copies, options),
    ...[...kinds].flatMap((kind) => [
      '',
      ...sentences(HINTS[kind]),
      ...(kind === 'half-received' ? removals(copies) : []),
    ]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function table(copies: readonly InventoryCopy[], { now, width }: CopiesOptions): string[] {
  const rows = copies.map(({ kind, of, backend, pool, createdAtSeconds }) => {
    const age = createdAtSeconds === undefined ? '' : printAge(now - Number(createdAtSeconds) * 1_000);
    return { cells: [WORDS[kind], of, `${backend}/${pool}`, age] };
  });
  return printTable(COLUMNS, rows, { width, indent: '  ' });
}

/** The commands that remove half-received ones, by RDS. */
function removals(copies: readonly InventoryCopy[]): string[] {
  return [...Map.groupBy(copies, ({ backend }) => backend)].flatMap(([backend, some]) => {
    const commands = some.flatMap(removalOf);
    return commands.length === 0 ? [] : [`  # ${backend}`, ...commands.map((command) => `  ${command}`)];
  });
}

/** The command for its RDS that removes a half-received one as long as it is one: a transfer may end before someone types this. None for one that shows no uuid, which is found by hand, and for others. */
function removalOf({ kind, pool, uuid }: InventoryCopy): string[] {
  if (kind !== 'half-received' || uuid === '') return [];
  return [ros`/disk/btrfs/subvolume/remove [find where fs=${pool} and uuid=${uuid} and !(${IS_COPY})]`.text];
}

/** What is said of each. */
export const COPY_WORDS = {
  what: ({ kind }: InventoryCopy): string => WORDS[kind],
  hint: ({ kind }: InventoryCopy): string => HINTS[kind],
  removal: removalOf,
} as const;

/** For programs. What is not known is left out. The form only ever grows. */
export function copiesJson(copies: readonly InventoryCopy[]): readonly object[] {
  return copies.map(({ createdAtSeconds, ...copy }) => ({
    ...copy,
    ...(createdAtSeconds !== undefined && { createdAt: new Date(Number(createdAtSeconds) * 1_000).toISOString() }),
  }));
}

/** Behind the words that an object is not there: what has its name all the same; empty for nothing. */
export function inItsPlace(id: string, copies: readonly InventoryCopy[]): string {
  const places = copies
    .filter(({ of }) => of === id)
    .map(({ kind, backend, pool }) => `${WORDS[kind]} on ${backend}/${pool}`);
  return places.length === 0 ? '' : `; only what is no object has its name: ${places.join(', ')}`;
}
