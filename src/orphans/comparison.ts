import type { Survey } from '../storage/survey.ts';
import { findOrphans, type Held, heldIn, referenceTo } from './find.ts';
import { type Mismatch, mismatchesIn, renaming } from './mismatches.ts';
import { doubtAbout, type KubernetesView, namedIn, objectOf, type Reference, referencesOf } from './references.ts';

/** What the boxes hold, against what Kubernetes refers to at this moment. */
export interface Comparison {
  readonly held: readonly Held[];
  /** Held, and referred to by nothing. Without a grace period: what is being made right now is among them. */
  readonly orphans: readonly Held[];
  /** Held, and referred to under the name of another backend. None of them is an orphan. */
  readonly mismatches: readonly Mismatch[];
  /** What Kubernetes names under this driver, and no box holds under our owners, whatever its backend is called. */
  readonly unseen: readonly Reference[];
  /** Why Kubernetes' answer may be of the wrong cluster, or not whole. */
  readonly doubt: string | undefined;
}

export function compare(survey: Survey, view: KubernetesView, driver: string): Comparison {
  const held = heldIn(survey);
  const references = referencesOf(view);
  const objects = new Set(held.map(({ id }) => objectOf(id)));
  return {
    held,
    orphans: findOrphans(survey, references, new Set()),
    mismatches: mismatchesIn(held, references),
    unseen: namedIn(view).filter((named) => named.driver === driver && !objects.has(objectOf(named.handle))),
    doubt: doubtAbout(view, driver, { volumes: survey.volumes.length, snapshots: survey.snapshots.length }),
  };
}

/**
 * Why something must not be deleted; undefined when nothing speaks against it. What is referred to never is, not under the
 * name of another backend either, for that may be the same one renamed. A copy may be if it is named as one: what is
 * referred to stays.
 *
 * @param all everything that was found on the boxes
 * @param view what Kubernetes knows; undefined when it was not asked
 * @param copyOf the handle whose copy the object is said to be
 */
export function refusal(
  held: Held,
  all: readonly Held[],
  view: KubernetesView | undefined,
  copyOf?: string,
): string | undefined {
  const referred = view === undefined ? undefined : referredTo(held, all, view, copyOf);
  if (referred !== undefined) return referred;
  if (held.pool === '') return 'it is in a pool that is not configured, so the rest of it cannot be seen';
  if (held.inUse) return 'it is published or exported, so a node may be using it; unpublish it first';
  return undefined;
}

function referredTo(held: Held, all: readonly Held[], view: KubernetesView, copyOf?: string): string | undefined {
  const references = referencesOf(view);
  const reference = referenceTo(held, references);
  if (reference !== undefined && reference.as === undefined) {
    return `${reference.by} refers to it; delete that in Kubernetes`;
  }
  const mismatches = mismatchesIn(all, references).filter((mismatch) => mismatch.held === held);
  const misnamed = mismatches.find(({ isCopy }) => !isCopy);
  if (misnamed !== undefined) return `${misnamed.by} refers to it as ${misnamed.as}: ${renaming([misnamed])}`;
  if (mismatches.some(({ as }) => as === copyOf)) return undefined;
  if (copyOf !== undefined) return `it is no copy of ${copyOf} that something in Kubernetes refers to`;
  const [copy] = mismatches;
  return copy && `it is a copy of ${copy.as}, which ${copy.by} refers to; --copy-of ${copy.as} deletes it all the same`;
}
