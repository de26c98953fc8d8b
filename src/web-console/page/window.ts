/** Rows of a list that are made, of all that there are. */
export interface RowWindow {
  /** Index of the first. */
  readonly from: number;
  /** Index behind the last. */
  readonly to: number;
}

/** Rows beyond what can be seen, so that a quick scroll finds some. */
const MARGIN = 6;

/** Rows that are made at once at most. @param height of what can be seen, and of a row, in pixels */
export function mostRows(height: number, rowHeight: number): number {
  return Math.ceil(height / rowHeight) + 1 + 2 * MARGIN;
}

/**
 * The rows that can be seen of a list whose rows are equally high.
 *
 * @param scrollTop how far it is scrolled, in pixels
 * @param height of what can be seen, in pixels
 * @param rowHeight in pixels
 */
export function rowWindow(scrollTop: number, height: number, rowHeight: number, rows: number): RowWindow {
  const first = Math.floor(scrollTop / rowHeight);
  const seen = Math.ceil(height / rowHeight) + 1;
  const from = Math.max(0, Math.min(first, rows) - MARGIN);
  return { from, to: Math.min(rows, Math.max(0, first) + seen + MARGIN) };
}

/** How far to scroll so that a row is seen whole; undefined when it is. */
export function scrollTo(index: number, scrollTop: number, height: number, rowHeight: number): number | undefined {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + height ? top + rowHeight - height : undefined;
}
