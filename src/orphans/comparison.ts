import type { Survey } from '../storage/survey.ts';
import { findOrphans, type Held, heldIn, referenceTo } from './find.ts';
import { doubtAbout, type KubernetesView, type Reference, type References, referencesOf } from './references.ts';

/** What the boxes hold, against what Kubernetes refers to at this moment. */
export interface Comparison {
  readonly held: readonly Held[];
  /** Held, and referred to by nothing. Without a grace period: what is being made right now is among them. */
  readonly orphans: readonly Held[];
  /** Handles that Kubernetes names under this driver, and that are not held under our owners. */
  readonly unseen: readonly { readonly id: string; readonly reference: Reference }[];
  /** Why Kubernetes' answer may be of the wrong cluster, or not whole. */
  readonly doubt: string | undefined;
  readonly references: References;
}

export function compare(survey: Survey, view: KubernetesView, driver: string): Comparison {
  const held = heldIn(survey);
  const references = referencesOf(view);
  const ids = new Set(held.map(({ id }) => id));
  const named = [
    ...view.volumes.items.flatMap(({ csi }) => (csi?.driver === driver ? csi.volumeHandle : [])),
    ...(view.contents?.items ?? []).flatMap((content) =>
      content.driver === driver ? (content.snapshotHandle ?? []) : [],
    ),
  ];
  return {
    ...{ held, references, orphans: findOrphans(survey, references, new Set()) },
    unseen: named.filter((id) => !ids.has(id)).map((id) => ({ id, reference: references.handles.get(id) ?? '' })),
    doubt: doubtAbout(view, driver, { volumes: survey.volumes.length, snapshots: survey.snapshots.length }),
  };
}

/**
 * Why something must not be deleted; undefined when nothing speaks against it.
 *
 * @param references what Kubernetes refers to; undefined when it was not asked
 */
export function refusal(held: Held, references: References | undefined): string | undefined {
  const reference = references === undefined ? undefined : referenceTo(held, references);
  if (reference !== undefined) return `${reference} refers to it; delete that in Kubernetes`;
  if (held.pool === '') return 'it is in a pool that is not configured, so the rest of it cannot be seen';
  if (held.inUse) return 'it is published or exported, so a node may be using it; unpublish it first';
  return undefined;
}
