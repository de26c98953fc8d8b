import { handleOfCopy } from '../storage/copies.ts';
import type { Inventory } from '../storage/inventory.ts';
import { type BackendObject, backendObjects, relationsOf } from './find.ts';
import type { References } from './references.ts';

/**
 * An object on an RDS that Kubernetes refers to under the name of another backend. Either the backend was renamed in the
 * configuration, and this is what the reference means; or the object of that name is there, too, and this is a copy of it.
 */
export interface Mismatch {
  readonly object: BackendObject;
  /** The handle that the reference names. */
  readonly as: string;
  /** The object of Kubernetes, readable. */
  readonly by: string;
  /** What the reference names is on its own backend, and whole. */
  readonly isCopy: boolean;
}

/**
 * @param objects everything that was found on the backends
 * @returns the mismatches. Two objects of one uuid that are each referred to under their own name are none.
 */
export function mismatchesIn(objects: readonly BackendObject[], references: References): Mismatch[] {
  const byId = new Map(objects.map((object) => [object.id, object]));
  return objects.flatMap((object) => {
    const relations = relationsOf(object.id, references);
    const isNamedRightly = relations.some(({ as }) => as === undefined);
    return relations.flatMap(({ by, as }) => {
      if (as === undefined) return [];
      const original = byId.get(as);
      if (isNamedRightly && original !== undefined) return [];
      return [{ object, as, by, isCopy: original !== undefined && original.lacks === undefined }];
    });
  });
}

/** As {@link mismatchesIn}, without references that name a copy where it is: that is what they mean. */
export function mismatchesOf(inventory: Inventory, references: References): Mismatch[] {
  const copies = copyIds(inventory);
  return mismatchesIn(backendObjects(inventory), references).filter(({ as }) => !copies.has(as));
}

/** The ids of whole copies of snapshots, each on its own backend. */
export function copyIds({ copies }: Pick<Inventory, 'copies'>): ReadonlySet<string> {
  return new Set(copies.flatMap((copy) => handleOfCopy(copy) ?? []));
}

/** Why a configuration must be doubted whose backends are not called what Kubernetes calls them; undefined for no reason. */
export function doubtAboutNames(mismatches: readonly Mismatch[]): string | undefined {
  const [first, ...others] = mismatches.filter(({ isCopy }) => !isCopy);
  if (first === undefined) return undefined;
  const { object, as, by } = first;
  const more = others.length === 0 ? '' : `, and so on for ${others.length} more`;
  return `${by} refers to ${as}, which this configuration calls ${object.id}${more}: ${renaming([first])}`;
}

/** What to do about backends that are not called what Kubernetes calls them. */
export function renaming(mismatches: readonly Mismatch[]): string {
  const names = mismatches.map(({ object, as }) => `rename ${object.backend} back to ${as.slice(0, as.indexOf(':'))}`);
  return `a backend must keep its name; in the configuration, ${[...new Set(names)].join(', ')}`;
}
