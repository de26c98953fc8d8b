import type { Inventory, InventoryCopy, InventorySnapshot, InventoryVolume } from '../storage/inventory.ts';

/** What a branch hangs on: an object of the inventory, or one that is only named as the source of others. */
export type Thing =
  | { readonly kind: 'volume'; readonly id: string; readonly volume: InventoryVolume }
  | { readonly kind: 'snapshot'; readonly id: string; readonly snapshot: InventorySnapshot }
  | { readonly kind: 'gone'; readonly id: string };

/** An object with all snapshots, restores and clones of it. */
export interface Branch {
  readonly thing: Thing;
  readonly children: readonly Branch[];
}

interface Node {
  readonly thing: Thing;
  /** Id of what its bytes came from; undefined for a volume that began empty. */
  readonly sourceId: string | undefined;
}

/**
 * The lineage of everything in an inventory: each object once, below what its bytes came from. Sources that are not in the
 * inventory stand as `gone` at the top, for the names of what is left say no more of them than their ids. Names that
 * contradict each other, so that two objects come from one another, make no cycle: the first of them stands at the top.
 */
export function lineage(inventory: Pick<Inventory, 'volumes' | 'snapshots'>): Branch[] {
  const nodes = nodesOf(inventory);
  const bySource = Map.groupBy(nodes, ({ sourceId }) => sourceId);
  const known = new Set(nodes.map(({ thing }) => thing.id));
  const placed = new Set<Node>();

  const grow = (node: Node): Branch[] => {
    if (placed.has(node)) return [];
    placed.add(node);
    return [{ thing: node.thing, children: childrenOf(node.thing.id) }];
  };
  const childrenOf = (id: string | undefined): Branch[] => (bySource.get(id) ?? []).flatMap(grow);

  const begun = childrenOf(undefined);
  const gone = [...bySource.keys()].flatMap((id): Branch[] =>
    id === undefined || known.has(id) ? [] : [{ thing: { kind: 'gone', id }, children: childrenOf(id) }],
  );
  return [...begun, ...gone, ...nodes.flatMap(grow)];
}

/** Snapshots by time and then volumes by name, so that a tree reads in the order in which it grew. */
function nodesOf({ volumes, snapshots }: Pick<Inventory, 'volumes' | 'snapshots'>): Node[] {
  const ordered = snapshots.toSorted(
    (a, b) => Number(a.name.createdAtSeconds - b.name.createdAtSeconds) || order(a, b),
  );
  return [
    ...ordered.map((snapshot): Node => {
      const { id, backend, name } = snapshot;
      return { thing: { kind: 'snapshot', id, snapshot }, sourceId: `${backend}:pvc-${name.sourceUuid}` };
    }),
    ...volumes.toSorted(order).map((volume): Node => {
      const { id, backend, name } = volume;
      return { thing: { kind: 'volume', id, volume }, sourceId: originId(backend, name.origin) };
    }),
  ];
}

function originId(backend: string, origin: InventoryVolume['name']['origin']): string | undefined {
  if (origin.kind === 'new') return undefined;
  return `${backend}:${origin.kind === 'snapshot' ? 'snap' : 'pvc'}-${origin.uuid}`;
}

function order(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** Only the branches that hold the object: what it came from, itself, and all that came from it. */
export function through(branches: readonly Branch[], id: string): Branch[] {
  return branches.flatMap((branch) => {
    if (branch.thing.id === id) return [branch];
    const children = through(branch.children, id);
    return children.length === 0 ? [] : [{ thing: branch.thing, children }];
  });
}

/** Only the copies of the object, of what was made from it, and of what stands in these branches, which are {@link through} it. */
export function copiesThrough(
  copies: readonly InventoryCopy[],
  branches: readonly Branch[],
  id: string,
): InventoryCopy[] {
  const ids = new Set([id, ...idsIn(branches)]);
  return copies.filter(({ of, source }) => ids.has(of) || source === id);
}

/** Ids of all that stands in some branches, what is gone included. */
export function idsIn(branches: readonly Branch[]): string[] {
  return branches.flatMap(({ thing, children }) => [thing.id, ...idsIn(children)]);
}
