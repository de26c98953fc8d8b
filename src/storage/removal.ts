import type { ObjectState } from '../rds/index.ts';

/**
 * Repeats a removal while it takes something away: what a race has left beside an object goes with it, one by one.
 *
 * @returns what is left in the end.
 */
export async function untilGone(remove: () => Promise<ObjectState>): Promise<ObjectState> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const left = await remove();
    const { length } = left.subvolumes;
    if (length === 0 || length >= before) return left;
    before = length;
  }
}
