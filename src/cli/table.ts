import { oneLine } from './printable.ts';
import { fold } from './terminal.ts';

/** A column of a table. */
export interface Column {
  /** Stands above it, where any column has one. */
  readonly title?: string;
  readonly align?: 'right';
  /**
   * Where its texts may be broken when the table is too wide: `words` keeps every word whole, so that an id can be copied;
   * `anywhere` breaks a word that is longer than the column. Not at all unless given.
   */
  readonly folds?: 'words' | 'anywhere';
}

/** A row of a table. */
export interface TableRow {
  readonly cells: readonly string[];
  /** Begins its further lines, such as the branches of a tree that go on there. */
  readonly below?: string;
  /** Paints the first cell. */
  readonly paint?: (text: string) => string;
}

export interface TableOptions {
  /** Columns of the terminal: no line is longer. */
  readonly width: number;
  /** In front of every line. */
  readonly indent?: string;
  /** Paints the titles. */
  readonly paintTitles?: (text: string) => string;
}

const GAP = 2;
/** A column that folds is not made narrower than this. */
const LEAST_WIDTH = 12;
/** Cells that stand below their row begin under the second column, unless the first one is wider than this. */
const WIDE_FIRST = 16;

/**
 * The lines of a table, for every command. When it is too wide, columns that fold share what is left, each further line
 * below its own column. Where even that is not enough, the last cells of each row stand on lines of their own below it.
 * Nothing is left out.
 */
export function printTable(columns: readonly Column[], rows: readonly TableRow[], options: TableOptions): string[] {
  const { indent = '', paintTitles = same } = options;
  const room = options.width - indent.length;
  const titles = columns.map(({ title = '' }) => title);
  const heads: readonly TableRow[] = titles.some((title) => title !== '') ? [{ cells: titles }] : [];
  const cells = [...heads, ...rows].map((row) => row.cells.map(oneLine));
  const widths = fitting(columns, cells, room);
  const lines = [...heads, ...rows].flatMap(({ below, paint }, index) => {
    const all = cells[index] ?? [];
    const beside = besideLines(columns, widths, all.slice(0, widths.length), below ?? '', paint ?? same);
    return [...beside, ...belowLines(all.slice(widths.length), leadOf(below, widths[0] ?? 0), room)];
  });
  const [head, ...body] = lines.map((line) => `${indent}${line}`.trimEnd());
  if (head === undefined) return [];
  return [heads.length > 0 ? paintTitles(head) : head, ...body];
}

/** Widths of the columns that stand beside each other. */
function fitting(columns: readonly Column[], cells: readonly (readonly string[])[], room: number): number[] {
  const texts = columns.map((_, at) => cells.map((row) => row[at] ?? ''));
  const natural = texts.map((column) => longest(column));
  const least = columns.map(({ folds }, at) => {
    const width = natural[at] ?? 0;
    if (folds === undefined) return width;
    const words = folds === 'words' ? longest((texts[at] ?? []).flatMap((text) => text.split(' '))) : 0;
    return Math.min(width, Math.max(LEAST_WIDTH, words));
  });
  for (let beside = columns.length; beside > 1; beside -= 1) {
    const widths = shared(least.slice(0, beside), natural.slice(0, beside), room - GAP * (beside - 1));
    if (widths !== undefined) return widths;
  }
  return [Math.min(natural[0] ?? 0, room)];
}

/** What is left beyond the least widths goes to the narrowest column first that wants more; undefined when they do not fit. */
function shared(least: readonly number[], natural: readonly number[], room: number): number[] | undefined {
  const widths = [...least];
  let left = room - least.reduce((sum, width) => sum + width, 0);
  if (left < 0) return undefined;
  const wanting = () => widths.flatMap((width, at) => (width < (natural[at] ?? 0) ? [{ at, width }] : []));
  for (let columns = wanting(); left > 0 && columns.length > 0; columns = wanting()) {
    const [{ at, width } = { at: 0, width: 0 }] = columns.toSorted((a, b) => a.width - b.width);
    widths[at] = width + 1;
    left -= 1;
  }
  return widths;
}

function besideLines(
  columns: readonly Column[],
  widths: readonly number[],
  cells: readonly string[],
  below: string,
  paint: (text: string) => string,
): string[] {
  const folded = widths.map((width, at) => linesOf(cells[at] ?? '', width, columns[at]?.folds));
  const height = Math.max(...folded.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const texts = widths.map((width, at) => {
      const text = folded[at]?.[line] ?? (at === 0 && line > 0 ? below.slice(0, width) : '');
      return columns[at]?.align === 'right' ? text.padStart(width) : text.padEnd(width);
    });
    const [first = '', ...others] = texts;
    return [line === 0 ? paint(first) : first, ...others].join(' '.repeat(GAP));
  });
}

/** A text that does not fold keeps its blanks, such as those in front of the branch of a tree. */
function linesOf(text: string, width: number, folds: Column['folds']): readonly string[] {
  if (text.length <= width) return [text];
  return folds === undefined ? (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []) : fold(text, width);
}

function belowLines(cells: readonly string[], lead: string, room: number): string[] {
  const text = cells.filter((cell) => cell !== '').join(', ');
  if (text === '') return [];
  const kept = lead.slice(0, Math.max(0, room - LEAST_WIDTH));
  return fold(text, Math.max(1, room - kept.length)).map((line) => `${kept}${line}`);
}

function leadOf(below: string | undefined, first: number): string {
  if (below !== undefined) return `${below}${' '.repeat(GAP)}`;
  return ' '.repeat(first > WIDE_FIRST ? 2 * GAP : first + GAP);
}

function longest(texts: readonly string[]): number {
  return texts.reduce((most, { length }) => Math.max(most, length), 0);
}

function same(text: string): string {
  return text;
}
