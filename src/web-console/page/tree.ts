import type { Row } from '../scene.ts';

/** Rows with their places in the tree, each by the index of its row. */
export interface Forest {
  readonly rows: readonly Row[];
  /** Index of the row that it hangs on; -1 at the top. */
  readonly parents: readonly number[];
  /** Index behind the last of what hangs on it. */
  readonly ends: readonly number[];
  /** What a search looks at, in lower case. */
  readonly texts: readonly string[];
  readonly indexById: ReadonlyMap<string, number>;
}

/** Which rows are wanted, by a choice of the page. */
export type Filter = 'all' | 'in-use' | 'orphan' | 'partial' | 'copies' | 'uncopied' | 'adopted';

/** Whether a row is one of those that a filter asks for. */
export const FILTERS: Readonly<Record<Filter, (row: Row) => boolean>> = {
  all: () => true,
  'in-use': ({ nodes }) => nodes !== undefined,
  orphan: ({ orphan }) => orphan === true,
  partial: ({ lacks, duplicates }) => lacks !== undefined || duplicates !== undefined,
  copies: ({ copies, kind }) => copies !== undefined || kind === 'copy',
  uncopied: ({ uncopied }) => uncopied !== undefined,
  adopted: ({ adopted }) => adopted !== undefined,
};

/** A row that is shown, and where it stands among those that hang on the same. */
export interface Shown {
  readonly index: number;
  /** 1 for the first. */
  readonly position: number;
  readonly siblings: number;
}

/** What of a tree is to be shown. */
export interface Wanted {
  readonly filter: Filter;
  /** What someone types into the search. */
  readonly query: string;
  /** Ids below which nothing is shown. */
  readonly folded: ReadonlySet<string>;
}

/** Trees of more rows begin folded. */
const FEW = 200;

/** @param rows from top to bottom, what hangs on a row right below it and a level deeper */
export function forestOf(rows: readonly Row[]): Forest {
  const parents: number[] = [];
  const ends: number[] = rows.map((_, index) => index + 1);
  const path: number[] = [];
  for (const [index, { level }] of rows.entries()) {
    path.length = Math.min(path.length, level);
    parents.push(path.at(-1) ?? -1);
    for (const above of path) ends[above] = index + 1;
    path.push(index);
  }
  return {
    rows,
    parents,
    ends,
    texts: rows.map(textOf),
    indexById: new Map(rows.map(({ id }, index) => [id, index])),
  };
}

function textOf({ id, namespace, name, object, pool, nodes }: Row): string {
  return [id, `${namespace ?? ''}/${name ?? ''}`, object, pool, ...(nodes ?? [])].join('\n').toLowerCase();
}

/** Whether anything hangs on a row. */
export function hasChildren({ ends }: Forest, index: number): boolean {
  return (ends[index] ?? 0) > index + 1;
}

/** Ids of all rows that something hangs on. */
export function branchIds(forest: Forest): string[] {
  return forest.rows.flatMap(({ id }, index) => (hasChildren(forest, index) ? [id] : []));
}

/** Ids below which nothing is shown at first: none of a small tree, all of a large one. */
export function foldedAtFirst(forest: Forest): ReadonlySet<string> {
  return new Set(forest.rows.length > FEW ? branchIds(forest) : []);
}

/** The rows to show from top to bottom: what is wanted, and what that hangs on, unless it is folded away. */
export function shownRows(forest: Forest, { filter, query, folded }: Wanted): Shown[] {
  const { rows, parents, ends } = forest;
  const isKept = filter === 'all' && query.trim() === '' ? () => true : keptBy(forest, filter, query);
  const indices: number[] = [];
  const siblings = new Map<number, number>();
  for (let index = 0; index < rows.length; ) {
    const row = rows[index];
    if (row === undefined || !isKept(index)) {
      index += 1;
      continue;
    }
    indices.push(index);
    const parent = parents[index] ?? -1;
    siblings.set(parent, (siblings.get(parent) ?? 0) + 1);
    index = folded.has(row.id) ? (ends[index] ?? index + 1) : index + 1;
  }
  const positions = new Map<number, number>();
  return indices.map((index) => {
    const parent = parents[index] ?? -1;
    const position = (positions.get(parent) ?? 0) + 1;
    positions.set(parent, position);
    return { index, position, siblings: siblings.get(parent) ?? 1 };
  });
}

/** Whether a row, or something that hangs on it, has all words of a query and passes the filter. */
function keptBy({ rows, parents, texts }: Forest, filter: Filter, query: string): (index: number) => boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = new Uint8Array(rows.length);
  for (const [index, row] of rows.entries()) {
    const text = texts[index] ?? '';
    if (!FILTERS[filter](row) || !words.every((word) => text.includes(word))) continue;
    for (let at = index; at >= 0 && kept[at] === 0; at = parents[at] ?? -1) kept[at] = 1;
  }
  return (index) => kept[index] === 1;
}

/** How many volumes and snapshots hang on a row, however deep. */
export function countBelow(
  { rows, ends }: Forest,
  index: number,
): { readonly volumes: number; readonly snapshots: number } {
  const below = rows.slice(index + 1, ends[index]);
  const count = (wanted: Row['kind']) => below.filter(({ kind }) => kind === wanted).length;
  return { volumes: count('volume'), snapshots: count('snapshot') };
}

/** What a row came from, the oldest first. */
export function ancestors({ rows, parents }: Forest, index: number): Row[] {
  const found: Row[] = [];
  for (let at = parents[index] ?? -1; at >= 0; at = parents[at] ?? -1) {
    const row = rows[at];
    if (row !== undefined) found.unshift(row);
  }
  return found;
}
