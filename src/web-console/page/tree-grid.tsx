import { memo } from 'preact/compat';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Row } from '../scene.ts';
import { agoText, countText, notesOf, shortId, sizeText, timeText, titleOf } from './format.ts';
import { moveOf } from './keys.ts';
import { countBelow, type Forest, hasChildren, type Shown } from './tree.ts';
import { mostRows, rowWindow, scrollTo } from './window.ts';

/** Height of a row in pixels, as page.css has it, on a wide page and on a narrow one. */
const [ROW, NARROW_ROW] = [40, 64];
const NARROW = '(max-width: 720px)';

export interface TreeGridProps {
  readonly forest: Forest;
  readonly shown: readonly Shown[];
  readonly folded: ReadonlySet<string>;
  readonly opened: string | undefined;
  readonly onFolded: (folded: ReadonlySet<string>) => void;
  readonly onOpen: (id: string) => void;
}

/** The tree. Only the rows that can be seen are made; a row has the focus by its name, wherever the grid is scrolled. */
export function TreeGrid(props: TreeGridProps) {
  const { forest, shown, folded, opened, onFolded, onOpen } = props;
  const area = useRef<HTMLDivElement>(null);
  const { scrollTop, height, rowHeight } = useScroll(area);
  const [activeId, setActiveId] = useState(opened ?? '');
  const found = shown.findIndex(({ index }) => forest.rows[index]?.id === activeId);
  const active = Math.max(0, found);
  const { from, to } = rowWindow(scrollTop, height, rowHeight, shown.length);
  // A row that scrolls out lends its elements to the one that scrolls in: to make new ones takes the most of a frame.
  const slots = mostRows(height, rowHeight);
  const isDrawn = active >= from && active < to;

  const goTo = (at: number): void => {
    const row = forest.rows[shown[at]?.index ?? -1];
    if (row === undefined) return;
    setActiveId(row.id);
    const top = scrollTo(at, area.current?.scrollTop ?? 0, height, rowHeight);
    if (top !== undefined) area.current?.scrollTo({ top });
  };
  const fold = (id: string): void => {
    const next = new Set(folded);
    if (!next.delete(id)) next.add(id);
    onFolded(next);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(height / rowHeight) - 1);
    const move = moveOf(event.key, active, { forest, shown, folded, page });
    if (move === undefined) return;
    event.preventDefault();
    if (move.kind === 'go') goTo(move.to);
    else if (move.kind === 'open') onOpen(move.id);
    else fold(move.id);
  };
  const openedAt = opened === undefined ? -1 : shown.findIndex(({ index }) => forest.rows[index]?.id === opened);
  const table = useRef<HTMLTableElement>(null);
  const before = useRef(opened);
  // Only another opened row scrolls, not a reading that moves it.
  useEffect(() => {
    if (openedAt >= 0) goTo(openedAt);
    // Whoever closes the details goes on in the tree.
    if (opened === undefined && before.current !== undefined) table.current?.focus({ preventScroll: true });
    before.current = opened;
  }, [opened]);

  return (
    <div class="scroll" ref={area}>
      <table
        ref={table}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a tree grid is a table, with its rows and cells.
        role="treegrid"
        aria-label="Lineage"
        aria-rowcount={shown.length + 1}
        aria-activedescendant={isDrawn ? `row-${active}` : undefined}
        tabIndex={0}
        onKeyDown={press}
      >
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" class="name">
              Name
            </th>
            <th scope="col" class="size">
              Size
            </th>
            <th scope="col" class="taken">
              Taken
            </th>
            <th scope="col" class="place">
              In use on
            </th>
            <th scope="col" class="notes">
              Notes
            </th>
          </tr>
        </thead>
        <tbody>
          <Gap rows={from} rowHeight={rowHeight} />
          {shown.slice(from, to).map((one, offset) => {
            const row = forest.rows[one.index];
            return row === undefined ? null : (
              <TreeRow
                key={(from + offset) % slots}
                row={row}
                at={from + offset}
                position={one.position}
                siblings={one.siblings}
                below={belowText(forest, one.index, folded.has(row.id))}
                isFolded={hasChildren(forest, one.index) ? folded.has(row.id) : undefined}
                isActive={from + offset === active}
                isOpened={row.id === opened}
                onFold={fold}
                onOpen={(id) => {
                  setActiveId(id);
                  onOpen(id);
                }}
              />
            );
          })}
          <Gap rows={shown.length - to} rowHeight={rowHeight} />
        </tbody>
      </table>
    </div>
  );
}

/** The room of rows that are not made. */
function Gap({ rows, rowHeight }: { readonly rows: number; readonly rowHeight: number }) {
  return rows <= 0 ? null : (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row takes no focus by itself.
    <tr class="gap" aria-hidden="true">
      <td style={{ height: `${rows * rowHeight}px` }} />
    </tr>
  );
}

function belowText(forest: Forest, index: number, isFolded: boolean): string {
  if (!isFolded) return '';
  const { volumes, snapshots } = countBelow(forest, index);
  return [
    ...(snapshots > 0 ? [countText(snapshots, 'snapshot', 'snapshots')] : []),
    ...(volumes > 0 ? [countText(volumes, 'volume', 'volumes')] : []),
  ].join(', ');
}

interface TreeRowProps {
  readonly row: Row;
  readonly at: number;
  readonly position: number;
  readonly siblings: number;
  /** What is folded away, in words. */
  readonly below: string;
  /** Undefined when nothing hangs on it. */
  readonly isFolded: boolean | undefined;
  readonly isActive: boolean;
  readonly isOpened: boolean;
  readonly onFold: (id: string) => void;
  readonly onOpen: (id: string) => void;
}

/** What a row is, before its name is read out. */
const KINDS: Readonly<Record<Row['kind'], string>> = {
  volume: 'Volume',
  snapshot: 'Snapshot',
  copy: 'Copy',
  gone: 'Source that is gone',
};

/** The keys belong to the grid, so clicks are all that a row itself understands. */
const TreeRow = memo(
  ({ row, at, position, siblings, below, isFolded, isActive, isOpened, onFold, onOpen }: TreeRowProps) => {
    const { id, kind, level, size, takenAt, nodes = [] } = row;
    const notes = notesOf(row);
    return (
      <tr
        id={`row-${at}`}
        class={['row', kind, isActive && 'active', isOpened && 'opened'].filter(Boolean).join(' ')}
        aria-level={level + 1}
        aria-posinset={position}
        aria-setsize={siblings}
        aria-rowindex={at + 2}
        aria-expanded={isFolded === undefined ? undefined : !isFolded}
        aria-selected={isOpened}
        style={{ '--level': Math.min(level, 12) }}
        onClick={() => onOpen(id)}
      >
        <td class="name">
          <span
            class={isFolded === undefined ? 'twist leaf' : isFolded ? 'twist folded' : 'twist'}
            aria-hidden="true"
            onClick={(event) => {
              if (isFolded === undefined) return;
              event.stopPropagation();
              onFold(id);
            }}
          />
          <span class={`kind ${kind}`} aria-hidden="true" />
          <span class="unseen">{KINDS[kind]} </span>
          <span class="label" title={id}>
            <span class="primary">{titleOf(row)}</span>
            <span class="secondary">{row.name === undefined ? id.slice(0, id.indexOf(':')) : shortId(id)}</span>
          </span>
          {below !== '' && <span class="below">{below}</span>}
        </td>
        <td class="size">{kind === 'gone' ? '' : sizeText(size)}</td>
        <td class="taken">
          {takenAt !== undefined && (
            <time dateTime={new Date(takenAt).toISOString()} title={timeText(takenAt)}>
              {agoText(takenAt, Date.now())}
            </time>
          )}
        </td>
        <td class="place">{nodes.join(', ')}</td>
        <td class="notes">
          {notes.map(({ text, warns }) => (
            <span key={text} class={warns ? 'tag warns' : 'tag'}>
              {text}
            </span>
          ))}
        </td>
      </tr>
    );
  },
  (before, after) =>
    before.row === after.row &&
    before.at === after.at &&
    before.position === after.position &&
    before.siblings === after.siblings &&
    before.below === after.below &&
    before.isFolded === after.isFolded &&
    before.isActive === after.isActive &&
    before.isOpened === after.isOpened,
);

/** Where the area is scrolled to, and how much of it can be seen. */
function useScroll(area: { readonly current: HTMLDivElement | null }): {
  scrollTop: number;
  height: number;
  rowHeight: number;
} {
  const [place, setPlace] = useState({ scrollTop: 0, height: 800, rowHeight: ROW });
  useLayoutEffect(() => {
    const { current } = area;
    if (current === null) return;
    const narrow = matchMedia(NARROW);
    let frame = 0;
    const measure = (): void => {
      frame = 0;
      const rowHeight = narrow.matches ? NARROW_ROW : ROW;
      const head = current.querySelector('thead')?.offsetHeight ?? 0;
      const next = {
        scrollTop: current.scrollTop,
        height: Math.max(rowHeight, current.clientHeight - head),
        rowHeight,
      };
      setPlace((before) => (isSame(before, next) ? before : next));
    };
    const later = (): void => {
      if (frame === 0) frame = requestAnimationFrame(measure);
    };
    measure();
    const resized = new ResizeObserver(later);
    resized.observe(current);
    current.addEventListener('scroll', later, { passive: true });
    narrow.addEventListener('change', later);
    return () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
      current.removeEventListener('scroll', later);
      narrow.removeEventListener('change', later);
    };
  }, [area]);
  return place;
}

function isSame(one: { scrollTop: number; height: number; rowHeight: number }, other: typeof one): boolean {
  return one.scrollTop === other.scrollTop && one.height === other.height && one.rowHeight === other.rowHeight;
}
