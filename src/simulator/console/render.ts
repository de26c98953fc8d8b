import { humanValue } from './human-values.ts';
import type { Menu, Row } from './menu.ts';
import { propertyOf } from './properties.ts';
import { nothing } from './value.ts';

/** Columns of the terminal that the device assumes where there is none (docs/routeros.md, 1.1). */
const WIDTH = 80;
/** What further lines of a row begin with. */
const INDENT = '    ';
/** The same in `/file`. */
const FILE_INDENT = '     ';

/** What to show of each row. */
export interface Selection {
  /** The properties, in order; a row shows those that it has set. */
  properties(row: Row): readonly string[];
  /** Whether ids stand in place of row numbers. */
  readonly ids: boolean;
}

/**
 * `print detail`: a flags header even without rows, then each row, broken between words, and inside a word that fits no
 * line. The name of a file has lines of its own (docs/routeros.md, 4.2 and 7).
 */
export function renderDetail(menu: Menu, rows: readonly Row[], selection: Selection): readonly string[] {
  const lines = flagsHeader(menu);
  rows.forEach((row, index) => {
    const [first = '', ...others] = pairs(menu, row, selection);
    const number = label(row, index, selection);
    const prefix = `${number} ${flagLetters(menu, row).padEnd(2)} `;
    if (menu.path === '/file' && first.startsWith('name=') && others.length > 0) {
      lines.push(...wrap(`${number}   `, first, FILE_INDENT), ...wrap(FILE_INDENT, others.join(' '), FILE_INDENT));
    } else {
      lines.push(...wrap(prefix, [first, ...others].join(' ')));
    }
  });
  return lines;
}

/** `print terse`: one line per row, whatever its length. */
export function renderTerse(menu: Menu, rows: readonly Row[], selection: Selection): readonly string[] {
  return rows.map(
    (row, index) =>
      `${label(row, index, selection)} ${flagLetters(menu, row)} ${pairs(menu, row, selection).join(' ')}`,
  );
}

/** Plain `print`: a table with columns padded by spaces. */
export function renderTable(
  menu: Menu,
  rows: readonly Row[],
  columns: readonly string[],
  ids: boolean,
): readonly string[] {
  const cells = rows.map((row, index) => [
    ids ? row.id : String(index),
    flagLetters(menu, row),
    ...columns.map((name) => cell(menu, row, name)),
  ]);
  const heading = ['#', '', ...columns.map((name) => name.toUpperCase())];
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const pad = (line: readonly string[]) => line.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ');
  const titles = columns.length > 0 ? [`Columns: ${columns.map((name) => name.toUpperCase()).join(', ')}`] : [];
  return [...flagsHeader(menu), ...(rows.length > 0 ? [...titles, pad(heading), ...cells.map(pad)] : [])];
}

/** `print` of a menu with one row: a property per line. */
export function renderSingleton(menu: Menu, row: Row | undefined): readonly string[] {
  const names = row ? [...row.props.keys()] : [];
  const longest = Math.max(0, ...names.map((name) => name.length));
  return names.map((name) => `  ${name.padStart(longest)}: ${row ? cell(menu, row, name) : ''}`);
}

function flagsHeader(menu: Menu): string[] {
  const legend = Object.entries(menu.flags).map(([name, letter]) => `${letter} - ${name}`);
  return legend.length > 0 ? wrap('Flags: ', legend.join(', ')) : [];
}

function flagLetters(menu: Menu, row: Row): string {
  return Object.entries(menu.flags)
    .filter(([name]) => row.props.get(name) === true)
    .map(([, letter]) => letter)
    .join('');
}

function label(row: Row, index: number, { ids }: Selection): string {
  return (ids ? row.id : String(index)).padStart(2);
}

/** What hardware was not seen to show as a pair, though it has it (docs/routeros.md, 4.2). */
const neverShown: ReadonlySet<string> = new Set([
  '.id',
  'disabled',
  'raid-member-failed',
  'self-encryption-supported',
  'self-encryption-enabled',
  'self-encrypted-and-locked',
]);

/** `name=value` for every property; a flag appears only where it can also be set, as `nvme-tcp-export` does. */
function pairs(menu: Menu, row: Row, selection: Selection): readonly string[] {
  const settable = menu.commands['set'] ?? [];
  return (
    selection
      .properties(row)
      .filter((name) => !neverShown.has(name) && (!Object.hasOwn(menu.flags, name) || settable.includes(name)))
      // Only what is mounted shows free space; elsewhere `free` repeats the size.
      .filter((name) => name !== 'free' || propertyOf(row, 'mounted') !== false)
      .filter((name) => propertyOf(row, name) !== nothing)
      .map((name) => `${name}=${cell(menu, row, name)}`)
  );
}

function cell(menu: Menu, row: Row, name: string): string {
  const value = propertyOf(row, name);
  return value === nothing ? '' : humanValue(menu.path, name, value);
}

/** Lines that begin with `first`, the further ones with an indent. */
function wrap(first: string, text: string, further = INDENT): string[] {
  const lines: string[] = [];
  let begin = first;
  let rest = text;
  while (begin.length + rest.length > WIDTH) {
    const room = WIDTH - begin.length;
    const blank = rest.lastIndexOf(' ', room);
    lines.push(begin + rest.slice(0, blank > 0 ? blank : room));
    rest = rest.slice(blank > 0 ? blank + 1 : room);
    begin = further;
  }
  return [...lines, begin + rest];
}
