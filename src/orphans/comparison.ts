import type { Inventory } from '../storage/inventory.ts';
import { doubtAbout } from './doubt.ts';
import { type BackendObject, backendObjects, findOrphans, loneNeed, referenceTo } from './find.ts';
import { copyIds, type Mismatch, mismatchesIn, mismatchesOf, renaming } from './mismatches.ts';
import { type KubernetesView, namedIn, objectOf, type Reference, referencesOf } from './references.ts';

/** What the backends hold, against what Kubernetes refers to at this moment. */
export interface Comparison {
  readonly objects: readonly BackendObject[];
  /** Held, and referred to by nothing. Without a grace period: what is being made right now is among them. */
  readonly orphans: readonly BackendObject[];
  /** Held, and needed by a claim or VolumeSnapshot alone. None of them is an orphan. */
  readonly awaited: readonly NeededObject[];
  /** Held, and referred to under the name of another backend. None of them is an orphan. */
  readonly mismatches: readonly Mismatch[];
  /** What Kubernetes names under this driver, and no RDS holds under our owners, whatever its backend is called. */
  readonly unseen: readonly Reference[];
  /** Why Kubernetes' answer may be of the wrong cluster, or not whole. */
  readonly doubt: string | undefined;
}

/** An object that is being made, or that has lost what stood for it in Kubernetes. */
interface NeededObject {
  readonly object: BackendObject;
  /** The claim or VolumeSnapshot, readable. */
  readonly by: string;
}

export function compare(inventory: Inventory, view: KubernetesView, driver: string): Comparison {
  const objects = backendObjects(inventory);
  const references = referencesOf(view);
  const copies = copyIds(inventory);
  const seen = new Set(objects.map(({ id }) => objectOf(id)));
  return {
    objects,
    orphans: findOrphans(inventory, references, new Set()),
    awaited: objects.flatMap((object) => {
      const needing = loneNeed(object, references);
      return needing === undefined ? [] : [{ object, by: needing.by.replace(/,$/, '') }];
    }),
    mismatches: mismatchesOf(inventory, references),
    unseen: namedIn(view).filter(
      ({ driver: of, handle }) => of === driver && !seen.has(objectOf(handle)) && !copies.has(handle),
    ),
    doubt: doubtAbout(objects, view, driver),
  };
}

/**
 * Why something must not be deleted; undefined when nothing speaks against it. What is referred to never is, not under the
 * name of another backend either, for that may be the same one renamed. A copy may be if it is named as one: what is
 * referred to stays.
 *
 * @param all everything that was found on the backends
 * @param view what Kubernetes knows; undefined when it was not asked
 * @param copyOf the handle whose copy the object is said to be
 */
export function refusal(
  object: BackendObject,
  all: readonly BackendObject[],
  view: KubernetesView | undefined,
  copyOf?: string,
): string | undefined {
  const referred = view === undefined ? undefined : referredTo(object, all, view, copyOf);
  if (referred !== undefined) return referred;
  if (object.pool === '') return 'it is in a pool that is not configured, so the rest of it cannot be seen';
  if (object.inUse) return 'it is published or exported, so a node may be using it; unpublish it first';
  return undefined;
}

function referredTo(
  object: BackendObject,
  all: readonly BackendObject[],
  view: KubernetesView,
  copyOf?: string,
): string | undefined {
  const references = referencesOf(view);
  const reference = referenceTo(object, references);
  if (loneNeed(object, references) !== undefined) {
    return `${reference?.by} needs it; rose-csi orphans adopt brings it back, or delete that in Kubernetes`;
  }
  if (reference !== undefined && reference.as === undefined) {
    return `${reference.by} refers to it; delete that in Kubernetes`;
  }
  const mismatches = mismatchesIn(all, references).filter((mismatch) => mismatch.object === object);
  const misnamed = mismatches.find(({ isCopy }) => !isCopy);
  if (misnamed !== undefined) return `${misnamed.by} refers to it as ${misnamed.as}: ${renaming([misnamed])}`;
  if (mismatches.some(({ as }) => as === copyOf)) return undefined;
  if (copyOf !== undefined) return `it is not a copy of ${copyOf} that something in Kubernetes refers to`;
  const [copy] = mismatches;
  return copy && `it is a copy of ${copy.as}, which ${copy.by} refers to; --copy-of ${copy.as} deletes it all the same`;
}
