import type { Branch, Thing } from './lineage.ts';

/**
 * The tree for programs. Sizes are bytes, times ISO 8601 in UTC; what is not known is left out. `children` is always
 * there. The form only ever grows.
 */
export function lineageJson(branches: readonly Branch[], owner: string): readonly object[] {
  return branches.map(({ thing, children }) => ({
    kind: thing.kind,
    id: thing.id,
    ...factsOf(thing, owner),
    children: lineageJson(children, owner),
  }));
}

function factsOf(thing: Thing, owner: string): object {
  if (thing.kind === 'gone') return {};
  const { backend, pool, subvolume, name, duplicates } = thing.kind === 'volume' ? thing.volume : thing.snapshot;
  const common = { backend, pool, subvolume, owner: name.owner, adopted: name.owner !== owner, duplicates };
  if (thing.kind === 'snapshot') {
    const { createdAtSeconds, bytes } = thing.snapshot.name;
    return { ...common, sizeBytes: Number(bytes), createdAt: new Date(Number(createdAtSeconds) * 1_000).toISOString() };
  }
  const { state, slot, sizeBytes, exported, publishedNodeIds } = thing.volume;
  const size = sizeBytes === undefined ? undefined : Number(sizeBytes);
  return { ...common, state, slot, sizeBytes: size, exported, publishedNodeIds };
}
