import type { Volume, VolumeSnapshotContent } from '../kubernetes/kinds.ts';
import { type KubernetesView, objectOf, snapshotHandleOf } from '../orphans/references.ts';

/** What an object of an RDS is called in Kubernetes. */
export interface ClusterName {
  /** The id that it refers to: another one for the copy of what it refers to. */
  readonly handle: string;
  /** The PersistentVolume or VolumeSnapshotContent. */
  readonly object: string;
  /** Namespace and name of the claim or VolumeSnapshot; undefined while nothing is bound to it. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** The names by id, and for an id under another backend's name by what it means there. */
export function clusterNames({ volumes, contents }: KubernetesView): (id: string) => ClusterName | undefined {
  const named = [...volumes.items.flatMap(ofVolume), ...(contents?.items ?? []).flatMap(ofContent)];
  const byId = new Map(named);
  const byObject = new Map(named.map(([id, name]) => [objectOf(id), name]));
  return (id) => byId.get(id) ?? byObject.get(objectOf(id));
}

function ofVolume({ metadata, spec }: Volume): [string, ClusterName][] {
  if (spec.csi === undefined) return [];
  const { namespace, name } = spec.claimRef ?? {};
  const handle = spec.csi.volumeHandle;
  return [[handle, { handle, object: metadata.name, namespace, name }]];
}

function ofContent(content: VolumeSnapshotContent): [string, ClusterName][] {
  const handle = snapshotHandleOf(content);
  const { namespace, name } = content.spec.volumeSnapshotRef;
  return handle === undefined ? [] : [[handle, { handle, object: content.metadata.name, namespace, name }]];
}
