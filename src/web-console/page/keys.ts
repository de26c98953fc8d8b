import { type Forest, hasChildren, type Shown } from './tree.ts';

/** What a key does in the tree: goes to a row, by its place among those that are shown, folds or unfolds, or opens. */
export type Move =
  | { readonly kind: 'go'; readonly to: number }
  | { readonly kind: 'fold' | 'unfold'; readonly id: string }
  | { readonly kind: 'open'; readonly id: string };

/**
 * What a key means at a row, as the pattern for tree grids has it (WAI-ARIA Authoring Practices); undefined for a key that means
 * nothing here.
 *
 * @param at place of the row among those that are shown
 * @param page rows that can be seen
 */
export function moveOf(
  key: string,
  at: number,
  {
    forest,
    shown,
    folded,
    page,
  }: {
    readonly forest: Forest;
    readonly shown: readonly Shown[];
    readonly folded: ReadonlySet<string>;
    readonly page: number;
  },
): Move | undefined {
  const last = shown.length - 1;
  const go = (to: number): Move => ({ kind: 'go', to: Math.max(0, Math.min(last, to)) });
  const index = shown[at]?.index ?? -1;
  const row = forest.rows[index];
  if (row === undefined) return last < 0 ? undefined : go(0);
  const isBranch = hasChildren(forest, index);
  switch (key) {
    case 'ArrowDown':
      return go(at + 1);
    case 'ArrowUp':
      return go(at - 1);
    case 'PageDown':
      return go(at + page);
    case 'PageUp':
      return go(at - page);
    case 'Home':
      return go(0);
    case 'End':
      return go(last);
    case 'ArrowRight':
      if (!isBranch) return undefined;
      return folded.has(row.id) ? { kind: 'unfold', id: row.id } : go(at + 1);
    case 'ArrowLeft': {
      if (isBranch && !folded.has(row.id)) return { kind: 'fold', id: row.id };
      const parent = forest.parents[index] ?? -1;
      return parent < 0 ? undefined : go(shown.findIndex((one) => one.index === parent));
    }
    case 'Enter':
    case ' ':
      return { kind: 'open', id: row.id };
    default:
      return undefined;
  }
}
