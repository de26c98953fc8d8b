import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Row, Scene } from '../scene.ts';
import { Details } from './details.tsx';
import { hashOf } from './route.ts';
import { branchIds, FILTERS, type Filter, type Forest, foldedAtFirst, forestOf, shownRows } from './tree.ts';
import { TreeGrid } from './tree-grid.tsx';

const FILTER_WORDS: Readonly<Record<Filter, string>> = {
  all: 'All',
  'in-use': 'In use',
  orphan: 'Not referred to',
  partial: 'Partial',
  copies: 'With copies',
  uncopied: 'Without a copy',
  adopted: 'Adopted',
};

/** The lineage of all volumes and snapshots, and beside it the one that was opened. */
export function Tree({ scene, opened }: { readonly scene: Scene; readonly opened: string | undefined }) {
  const forest = useMemo(() => forestOf(scene.rows), [scene.rows]);
  const [folded, setFolded] = useState(() => foldedAtFirst(forest));
  const [found, setFound] = useState<ReadonlySet<string>>(new Set());
  const [query, setQuery] = useState('');
  const [filter, setFilter] = useState<Filter>('all');
  const isSearch = query.trim() !== '' || filter !== 'all';
  // What a search finds is unfolded, and what was folded before is so again behind it.
  const [hidden, setHidden] = isSearch ? [found, setFound] : [folded, setFolded];
  const shown = useMemo(() => shownRows(forest, { filter, query, folded: hidden }), [forest, filter, query, hidden]);
  const at = opened === undefined ? undefined : forest.indexById.get(opened);
  const search = (text: string): void => {
    setQuery(text);
    setFound(new Set());
  };
  useUnfolded(forest, opened, setFolded);
  return (
    <div class={opened === undefined ? 'explorer' : 'explorer with-details'}>
      <h1 class="unseen">Volumes and snapshots</h1>
      <section class="lineage" aria-label="Volumes and snapshots">
        <Controls
          rows={scene.rows}
          query={query}
          filter={filter}
          shown={shown.length}
          isSearch={isSearch}
          onQuery={search}
          onFilter={(next) => {
            setFilter(next);
            setFound(new Set());
          }}
          onFold={(all) => setHidden(new Set(all ? branchIds(forest) : []))}
        />
        {scene.rows.length === 0 ? (
          <p class="empty">There are no volumes and no snapshots of this cluster.</p>
        ) : shown.length === 0 ? (
          <p class="empty">Nothing here has these words.</p>
        ) : (
          <TreeGrid
            forest={forest}
            shown={shown}
            folded={hidden}
            opened={opened}
            onFolded={setHidden}
            onOpen={(id) => {
              location.hash = hashOf({ view: 'tree', id });
            }}
          />
        )}
      </section>
      {opened !== undefined && <Details key={opened} id={opened} at={at} forest={forest} scene={scene} />}
    </div>
  );
}

/** Unfolds what the opened row hangs on, so that a link to it leads to a row that is shown. */
function useUnfolded(
  forest: Forest,
  opened: string | undefined,
  setFolded: (change: (before: ReadonlySet<string>) => ReadonlySet<string>) => void,
): void {
  const latest = useRef(forest);
  latest.current = forest;
  useEffect(() => {
    const { rows, parents, indexById } = latest.current;
    const start = opened === undefined ? undefined : indexById.get(opened);
    if (start === undefined) return;
    setFolded((before) => {
      const after = new Set(before);
      for (let at = parents[start] ?? -1; at >= 0; at = parents[at] ?? -1) after.delete(rows[at]?.id ?? '');
      return after.size === before.size ? before : after;
    });
  }, [opened, setFolded]);
}

function Controls(props: {
  readonly rows: readonly Row[];
  readonly query: string;
  readonly filter: Filter;
  readonly shown: number;
  readonly isSearch: boolean;
  readonly onQuery: (text: string) => void;
  readonly onFilter: (filter: Filter) => void;
  readonly onFold: (all: boolean) => void;
}) {
  const { rows, query, filter, shown, isSearch, onQuery, onFilter, onFold } = props;
  const filters = useMemo(() => filtersOf(rows), [rows]);
  return (
    <search class="controls">
      <label>
        <span class="unseen">Search names, ids, nodes and pools</span>
        <input
          type="search"
          placeholder="Search names, ids, nodes, pools"
          value={query}
          onInput={({ currentTarget }) => onQuery(currentTarget.value)}
          autocomplete="off"
          spellcheck={false}
        />
      </label>
      {filters.length > 1 && (
        <fieldset class="filters">
          <legend class="unseen">Show</legend>
          {filters.map(([name, count]) => (
            <label key={name}>
              <input type="radio" name="filter" checked={filter === name} onChange={() => onFilter(name)} />
              <span>
                {FILTER_WORDS[name]} <span class="count">{count.toLocaleString('en')}</span>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      <div class="folds">
        <button type="button" onClick={() => onFold(false)}>
          Unfold all
        </button>
        <button type="button" onClick={() => onFold(true)}>
          Fold all
        </button>
      </div>
      <p class="unseen" role="status">
        {isSearch ? `${shown} rows` : ''}
      </p>
    </search>
  );
}

/** Filters that leave anything over. */
function filtersOf(rows: readonly Row[]): [Filter, number][] {
  const names = Object.keys(FILTERS) as Filter[];
  return names
    .map((name): [Filter, number] => [name, rows.filter(FILTERS[name]).length])
    .filter(([name, count]) => name === 'all' || count > 0);
}
