import type { BackendInventory } from '../storage/inventory.ts';
import { seenTwice } from '../storage/volume-health.ts';

/**
 * What looks at an RDS have seen that a call or a transfer which is under way may leave out for a moment. It is believed when two
 * looks in a row have seen it, as everywhere else (docs/health.md).
 */
export interface Look {
  /** Volumes with what seems to be wrong with them. */
  readonly unwell: readonly Pick<BackendInventory['volumes'][number], 'id' | 'conditions'>[];
  /** Partial volumes, by id, and what is half-received, by its own uuid. */
  readonly unfinished: ReadonlySet<string>;
  /** Of {@link unfinished}, what the look before has seen, too. */
  readonly twice: ReadonlySet<string>;
  /** How much of all this has only been seen once. */
  readonly once: number;
}

/** That of someone who has seen nothing yet. */
export const FIRST_LOOK: Look = { unwell: [], unfinished: new Set(), twice: new Set(), once: 0 };

/** An inventory, its volumes with the conditions that the look before had seen, too. */
export function lookedAgain(
  seen: BackendInventory,
  before: Look,
): { readonly inventory: BackendInventory; readonly look: Look } {
  const unwell = seen.volumes.filter(({ conditions }) => conditions.length > 0);
  const volumes = seenTwice(before.unwell, seen.volumes);
  const unfinished = new Set([
    ...seen.volumes.filter(({ state }) => state !== 'whole').map(({ id }) => id),
    ...seen.copies.filter(({ kind }) => kind === 'half-received').map(({ uuid }) => uuid),
  ]);
  const twice = new Set([...unfinished].filter((one) => before.unfinished.has(one)));
  const known = volumes.filter(({ conditions }) => conditions.length > 0);
  const doubtful = new Set([...unwell.map(({ id }) => id), ...unfinished]);
  const certain = new Set([...known.map(({ id }) => id), ...twice]);
  return {
    inventory: { ...seen, volumes },
    look: {
      unwell: unwell.map(({ id, conditions }) => ({ id, conditions })),
      unfinished,
      twice,
      once: [...doubtful].filter((one) => !certain.has(one)).length,
    },
  };
}
