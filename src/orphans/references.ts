import type { Attachment, Cluster, Listed, PersistentVolume, SnapshotContent } from '../kubernetes/cluster.ts';

/** What Kubernetes knows, each list whole and as of one moment. */
export interface KubernetesView {
  readonly volumes: Listed<PersistentVolume>;
  /** Undefined when the API server does not know VolumeSnapshotContents. */
  readonly contents: Listed<SnapshotContent> | undefined;
  readonly attachments: Listed<Attachment>;
}

/**
 * Asks Kubernetes what it refers to. Ask it after the box: what is made in between is then in the answer of Kubernetes and
 * not in that of the box, which does no harm; the other way round it would look like an orphan.
 *
 * @throws KubernetesError when any part cannot be read.
 */
export async function viewOf(cluster: Cluster, signal: AbortSignal): Promise<KubernetesView> {
  const contents = await cluster.snapshotContents(signal);
  const volumes = await cluster.persistentVolumes(signal);
  return { volumes, contents, attachments: await cluster.volumeAttachments(signal) };
}

/** Where something is referred to, for people, e.g. `PersistentVolume pvc-1 (default/data)`. */
export type Reference = string;

/** What must not be called an orphan, and why. */
export interface References {
  /** By handle of a volume or snapshot. */
  readonly handles: ReadonlyMap<string, Reference>;
  /** By handle of a volume of which a VolumeSnapshotContent awaits a snapshot: any snapshot of it may be that one. */
  readonly beingCut: ReadonlyMap<string, Reference>;
  /** By name of a PersistentVolume that is attached, also when it is gone: `pvc-<uuid>` for a volume of ours. */
  readonly attached: ReadonlyMap<string, Reference>;
}

/** Handles say which box and object they mean, so references count whatever driver they name. */
export function referencesOf({ volumes, contents, attachments }: KubernetesView): References {
  const handles = new Map<string, Reference>();
  const beingCut = new Map<string, Reference>();
  const attached = new Map<string, Reference>();
  for (const { name, csi, claim } of volumes.items) {
    if (csi !== undefined) handles.set(csi.volumeHandle, `PersistentVolume ${name}${claim ? ` (${claim})` : ''}`);
  }
  for (const { name, snapshotHandle, volumeHandle } of contents?.items ?? []) {
    const reference = `VolumeSnapshotContent ${name}`;
    if (snapshotHandle !== undefined) handles.set(snapshotHandle, reference);
    else if (volumeHandle !== undefined) beingCut.set(volumeHandle, `${reference}, whose snapshot is being cut`);
  }
  for (const { name, volumeName, volumeHandle } of attachments.items) {
    const reference = `VolumeAttachment ${name}`;
    if (volumeName !== undefined) attached.set(volumeName, reference);
    if (volumeHandle !== undefined && !handles.has(volumeHandle)) handles.set(volumeHandle, reference);
  }
  return { handles, beingCut, attached };
}

/** How many PersistentVolumes and VolumeSnapshotContents name this driver. */
export function countOf({ volumes, contents }: KubernetesView, driver: string): number {
  const ours = volumes.items.filter(({ csi }) => csi?.driver === driver).length;
  return ours + (contents?.items.filter((content) => content.driver === driver).length ?? 0);
}

/**
 * Why a view must not be compared with what the boxes hold; undefined when it may be.
 *
 * @param held what the boxes hold of ours
 */
export function doubtAbout(
  view: KubernetesView,
  driver: string,
  held: { readonly volumes: number; readonly snapshots: number },
): string | undefined {
  if (held.snapshots > 0 && view.contents === undefined) {
    return `Kubernetes does not know VolumeSnapshotContents, and the boxes hold ${held.snapshots} snapshots: are the snapshot CRDs installed?`;
  }
  const total = held.volumes + held.snapshots;
  if (total > 0 && countOf(view, driver) === 0) {
    return `Kubernetes names no volume and no snapshot of ${driver}, and the boxes hold ${total}: a new cluster, the wrong one, or an empty answer`;
  }
  return undefined;
}
