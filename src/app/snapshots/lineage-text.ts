import { printSize } from '../../failures/print-size.ts';
import { printAge } from '../../storage/print-age.ts';
import type { SurveyedVolume } from '../../storage/survey.ts';
import { shorten } from '../../storage/terminal-text.ts';
import type { Branch, Thing } from './lineage.ts';

export interface TextOptions {
  /** Columns of the terminal; undefined when the text goes elsewhere and may be of any width. */
  readonly columns?: number | undefined;
  /** Milliseconds since the epoch, which ages are told against. */
  readonly now: number;
  /** The owner whose objects need no word about it; all others are adopted. */
  readonly owner: string;
}

/** One line, its parts still apart. */
interface Line {
  /** Where it hangs in the tree, and the id. */
  readonly stem: string;
  readonly size: string;
  readonly age: string;
  /** What is not as usual. */
  readonly notes: string;
}

/** Columns that an id keeps, however narrow the terminal is. */
const SHORTEST_STEM = 24;

/** The tree for people: an object a line with size, age and what is unusual about it. Lines fit the terminal. */
export function printLineage(branches: readonly Branch[], options: TextOptions): string {
  const lines = branches.flatMap((branch) => linesOf(branch, '', '', options));
  const widest = (part: (line: Line) => string) => Math.max(0, ...lines.map((line) => part(line).length));
  const [sizes, ages, notes] = [widest(({ size }) => size), widest(({ age }) => age), widest((line) => line.notes)];
  const rest = sizes + ages + notes + 6;
  const most = options.columns === undefined ? Number.POSITIVE_INFINITY : options.columns - rest;
  const stems = Math.min(
    widest(({ stem }) => stem),
    Math.max(SHORTEST_STEM, most),
  );
  return lines
    .map((line) => {
      const cells = [shorten(line.stem, stems).padEnd(stems), line.size.padStart(sizes), line.age.padStart(ages)];
      const whole = [...cells, line.notes].join('  ').trimEnd();
      return `${shorten(whole, options.columns ?? Number.POSITIVE_INFINITY)}\n`;
    })
    .join('');
}

function linesOf({ thing, children }: Branch, lead: string, below: string, options: TextOptions): Line[] {
  const last = children.length - 1;
  return [
    { stem: `${lead}${thing.id}`, ...wordsFor(thing, options) },
    ...children.flatMap((child, index) =>
      linesOf(child, `${below}${index === last ? '└─ ' : '├─ '}`, `${below}${index === last ? '   ' : '│  '}`, options),
    ),
  ];
}

function wordsFor(thing: Thing, options: TextOptions): Omit<Line, 'stem'> {
  switch (thing.kind) {
    case 'gone':
      return { size: '', age: '', notes: 'gone' };
    case 'snapshot': {
      const { name, twins } = thing.snapshot;
      const ageMs = options.now - Number(name.createdAtSeconds) * 1_000;
      const notes = [...ownerNote(name.owner, options), ...twinNote(twins)];
      return { size: printSize(name.bytes), age: printAge(ageMs), notes: notes.join(', ') };
    }
    case 'volume': {
      const { sizeBytes, name, twins } = thing.volume;
      const notes = [...stateNotes(thing.volume), ...ownerNote(name.owner, options), ...twinNote(twins)];
      return { size: sizeBytes === undefined ? '?' : printSize(sizeBytes), age: '', notes: notes.join(', ') };
    }
  }
}

const STATES: Readonly<Record<SurveyedVolume['state'], readonly string[]>> = {
  whole: [],
  'no-disk-item': ['no disk item'],
  'no-subvolume': ['disk item without subvolume'],
};

function stateNotes({ state, publishedNodeIds }: SurveyedVolume): string[] {
  const nodes = publishedNodeIds.length;
  return [...STATES[state], ...(nodes === 0 ? [] : [nodes === 1 ? 'in use' : `in use by ${nodes} nodes`])];
}

function ownerNote(owner: string, options: TextOptions): string[] {
  return owner === options.owner ? [] : [`adopted from ${owner}`];
}

function twinNote(twins: readonly string[]): string[] {
  return twins.length === 0 ? [] : [`${twins.length} left of a race`];
}
