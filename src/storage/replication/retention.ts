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
  /** Another copy of its volume, which has to outlast it: the newest of those that stay, else the newest. Undefined where it is the last one: it stays while the volume exists. */
  readonly other: Received | undefined;
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
  const alone = orphaned(view);
  const isAlone = new Set(alone);
  const others = view.received.filter((one) => one.kind === 'copy' && !isAlone.has(one));
  // Those that stay are counted on first.
  const ofVolume = Map.groupBy(
    [...alone.toSorted(byAge), ...others.toSorted(byAge)],
    ({ parsed }) => parsed.sourceUuid,
  );
  return alone
    .filter(({ uuid }) => now - (goneSince.get(uuid) ?? Number.POSITIVE_INFINITY) >= keepMs)
    .toSorted(byAge)
    .map((copy) => ({ copy, other: ofVolume.get(copy.parsed.sourceUuid)?.findLast((one) => one !== copy) }));
}

function byAge(a: Received, b: Received): number {
  return Number(a.parsed.createdAtSeconds - b.parsed.createdAtSeconds);
}
