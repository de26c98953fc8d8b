import { printAge } from '../cli/print-age.ts';
import { type Column, printTable, type TableRow } from '../cli/table.ts';
import { printSize } from '../failures/print-size.ts';
import type { InventoryVolume } from '../storage/inventory.ts';
import type { Branch, Thing } from './lineage.ts';

export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** Milliseconds since the epoch, from which ages are counted. */
  readonly now: number;
  /** The owner whose objects need no word about it; all others are adopted. */
  readonly owner: string;
}

/** Where an object hangs in the tree with its id, its size, its age, and what is not as usual. */
const COLUMNS: readonly Column[] = [{}, { align: 'right' }, { align: 'right' }, { folds: 'words' }];

/** The tree as text: an object a row, with size, age and what is unusual about it. */
export function printLineage(branches: readonly Branch[], options: TextOptions): string {
  const rows = branches.flatMap((branch) => rowsOf(branch, '', '', options));
  return printTable(COLUMNS, rows, options)
    .map((line) => `${line}\n`)
    .join('');
}

function rowsOf({ thing, children }: Branch, lead: string, below: string, options: TextOptions): TableRow[] {
  const last = children.length - 1;
  return [
    {
      cells: [`${lead}${thing.id}`, ...wordsFor(thing, options)],
      below: children.length === 0 ? below : `${below}│`,
    },
    ...children.flatMap((child, index) =>
      rowsOf(child, `${below}${index === last ? '└─ ' : '├─ '}`, `${below}${index === last ? '   ' : '│  '}`, options),
    ),
  ];
}

/** Size, age and notes. */
function wordsFor(thing: Thing, options: TextOptions): [size: string, age: string, notes: string] {
  switch (thing.kind) {
    case 'gone':
      return ['', '', 'gone'];
    case 'snapshot': {
      const { name, duplicates } = thing.snapshot;
      const ageMs = options.now - Number(name.createdAtSeconds) * 1_000;
      const notes = [...ownerNote(name.owner, options), ...duplicateNote(duplicates)];
      return [printSize(name.bytes), printAge(ageMs), notes.join(', ')];
    }
    case 'volume': {
      const { sizeBytes, name, duplicates } = thing.volume;
      const notes = [...stateNotes(thing.volume), ...ownerNote(name.owner, options), ...duplicateNote(duplicates)];
      return [sizeBytes === undefined ? '?' : printSize(sizeBytes), '', notes.join(', ')];
    }
  }
}

const STATES: Readonly<Record<InventoryVolume['state'], readonly string[]>> = {
  whole: [],
  'no-disk-item': ['no disk item'],
  'no-subvolume': ['disk item without subvolume'],
};

function stateNotes({ state, publishedNodeIds }: InventoryVolume): string[] {
  const nodes = publishedNodeIds.length;
  return [...STATES[state], ...(nodes === 0 ? [] : [nodes === 1 ? 'in use' : `in use by ${nodes} nodes`])];
}

function ownerNote(owner: string, options: TextOptions): string[] {
  return owner === options.owner ? [] : [`adopted from ${owner}`];
}

function duplicateNote(duplicates: readonly string[]): string[] {
  return duplicates.length === 0 ? [] : [`${duplicates.length} left of a race`];
}
