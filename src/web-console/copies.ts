import { hasCopy, type SnapshotWithCopy } from '../replicas/overview.ts';
import type { InventoryCopy } from '../storage/inventory.ts';
import type { PairState } from './pair-reading.ts';
import type { CopyScene } from './scene.ts';

/** What is said of what bears the name of a volume or snapshot and is none. */
export interface CopyWords {
  /** What it is. */
  readonly what: (copy: InventoryCopy) => string;
  /** What to do about it, in sentences. */
  readonly hint: (copy: InventoryCopy) => string;
  /** The commands for its RDS that remove it; none where it should stay, or has to be found by hand. */
  readonly removal: (copy: InventoryCopy) => readonly string[];
}

/** A snapshot with its copy, and where that is. */
export interface PairedSnapshot extends SnapshotWithCopy {
  readonly pair: PairState;
}

/** What pairs say of snapshots. */
export interface Paired {
  /** Of each snapshot whose pool has a replica, by its id; with those of which only the copy is there. */
  readonly byId: ReadonlyMap<string, PairedSnapshot>;
  /** By the id that a copy has, or would have, on the replica. */
  readonly byCopyId: ReadonlyMap<string, PairedSnapshot>;
  /** Copies without an original that was seen. */
  readonly alone: readonly PairedSnapshot[];
}

/** Everything that pairs say. */
export function paired(pairs: readonly PairState[]): Paired {
  const all = pairs.flatMap((pair) => pair.snapshots.map((one) => ({ ...one, pair })));
  return {
    byId: new Map(all.map((one) => [one.id, one])),
    byCopyId: new Map(all.map((one) => [one.copyId, one])),
    alone: all.filter(({ state }) => state === 'alone' || state === 'unknown original'),
  };
}

/** The copies by what they are named like. */
export function attributed(
  copies: readonly InventoryCopy[],
  words: CopyWords,
  { byCopyId }: Pick<Paired, 'byCopyId'>,
): ReadonlyMap<string, readonly CopyScene[]> {
  const scenes = copies.map((copy): [string, CopyScene] => {
    const { of, backend, pool, createdAtSeconds } = copy;
    const taken = createdAtSeconds === undefined ? {} : { takenAt: Number(createdAtSeconds) * 1000 };
    return [of, { what: words.what(copy), backend, pool, ...taken, ...ofPair(copy, byCopyId) }];
  });
  const grouped = Map.groupBy(scenes, ([of]) => of);
  return new Map([...grouped].map(([of, some]) => [of, some.map(([, scene]) => scene)]));
}

/** What is known of what lies in a replica pool. */
function ofPair(copy: InventoryCopy, byCopyId: Paired['byCopyId']): Partial<CopyScene> {
  const known = onReplica(copy, byCopyId);
  if (known === undefined) return {};
  if (copy.kind === 'half-received') return known.state === 'sending' ? { what: 'being received' } : {};
  if (copy.kind !== 'copy' || !hasCopy(known)) return {};
  const { copyId: id, receivedAt: received } = known;
  return { id, ...(received !== undefined && { received }) };
}

/** The snapshot whose name something has that lies in a replica pool; undefined for anything else. */
export function onReplica(
  { of, backend, pool }: Pick<InventoryCopy, 'of' | 'backend' | 'pool'>,
  byCopyId: Paired['byCopyId'],
): PairedSnapshot | undefined {
  const known = byCopyId.get(`${backend}:${of.slice(of.indexOf(':') + 1)}`);
  return known?.pair.to.pool === pool ? known : undefined;
}
