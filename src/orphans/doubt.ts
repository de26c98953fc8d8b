import { type BackendObject, referenceTo } from './find.ts';
import { type KubernetesView, namedIn, referencesOf } from './references.ts';

/**
 * Why a view must not be compared with what the backends hold; undefined when it may be. A cluster in which something refers to
 * an object is one that knows the objects of that owner. One that refers to none of them may be another one that uses the
 * driver, too, or the heir of a cluster that still lives.
 *
 * @param objects what the backends hold of ours, of one owner or of several
 */
export function doubtAbout(
  objects: readonly BackendObject[],
  view: KubernetesView,
  driver: string,
): string | undefined {
  const snapshots = objects.filter(({ kind }) => kind === 'snapshot').length;
  const unknownKind = Object.entries({
    VolumeSnapshotContents: view.contents,
    VolumeSnapshots: view.snapshots,
  }).find(([, list]) => list === undefined);
  if (snapshots > 0 && unknownKind !== undefined) {
    return `Kubernetes does not know ${unknownKind[0]}, and the backends hold ${snapshots} snapshots: are the snapshot CRDs installed?`;
  }
  if (objects.length > 0 && !namedIn(view).some((reference) => reference.driver === driver)) {
    return `Kubernetes names no volume and no snapshot of ${driver}, and the backends hold ${objects.length}: a new cluster, the wrong one, or an empty answer`;
  }
  const references = referencesOf(view);
  const unknown = [...Map.groupBy(objects, ({ owner }) => owner)].find(
    ([, held]) => !held.some((object) => referenceTo(object, references) !== undefined),
  );
  if (unknown === undefined) return undefined;
  const [owner, held] = unknown;
  return `Kubernetes refers to none of the ${held.length} objects that the backends hold of owner ${owner}: the wrong cluster, or an adopted one that may still live`;
}
