import { isLonger } from '../../rds/index.ts';
import type { Received, View } from './decision.ts';

/** Copies whose originals are gone, and when they may go, too (docs/decisions/0025-replicas.md). */

/** The copies of snapshots that are not among the originals, by their own uuids. */
export function orphaned({ originals, received }: Pick<View, 'originals' | 'received'>): Received[] {
  const there = new Set(originals.map(({ parsed }) => parsed.uuid));
  const gone = received.filter(({ kind, uuid, parsed }) => kind === 'copy' && uuid !== '' && !there.has(parsed.uuid));
  const named = Map.groupBy(received, ({ parsed }) => parsed.uuid);
  // Its name with more behind it is what a user calls something of their own.
  return gone.filter((one) => !named.get(one.parsed.uuid)?.some((other) => isLonger(one, other)));
}

/** A copy that has outlived its original for long enough. */
export interface Expired {
  readonly copy: Received;
  /** Whether it is the last one of its volume: it stays while that exists. */
  readonly isLast: boolean;
}

/**
 * The copies that may go, the oldest first. None does while there is no original at all: a pool that is empty at once is doubt.
 *
 * @param goneSince When each was first seen to have no original, by its own uuid, in ms of the clock of `now`.
 */
export function expired(
  view: Pick<View, 'originals' | 'received'>,
  goneSince: ReadonlyMap<string, number>,
  keepMs: number,
  now: number,
): Expired[] {
  if (view.originals.length === 0) return [];
  const copies = view.received.filter(({ kind }) => kind === 'copy');
  return orphaned(view)
    .filter(({ uuid }) => now - (goneSince.get(uuid) ?? Number.POSITIVE_INFINITY) >= keepMs)
    .toSorted((a, b) => Number(a.parsed.createdAtSeconds - b.parsed.createdAtSeconds))
    .map((copy) => ({
      copy,
      isLast: !copies.some((other) => other !== copy && other.parsed.sourceUuid === copy.parsed.sourceUuid),
    }));
}
