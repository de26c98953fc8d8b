import type { Cluster, Listed } from '../kubernetes/cluster.ts';
import type { Claim, Volume, VolumeAttachment, VolumeSnapshot, VolumeSnapshotContent } from '../kubernetes/kinds.ts';
import { parseHandle } from '../storage/ids.ts';

/** What Kubernetes knows, each list whole and as of one moment. */
export interface KubernetesView {
  readonly volumes: Listed<Volume>;
  /** Undefined when the API server does not know VolumeSnapshotContents. */
  readonly contents: Listed<VolumeSnapshotContent> | undefined;
  readonly attachments: Listed<VolumeAttachment>;
  /** Those without a PersistentVolume. */
  readonly claims: Listed<Claim>;
  /** Those without a VolumeSnapshotContent; undefined as `contents`. */
  readonly snapshots: Listed<VolumeSnapshot> | undefined;
}

/**
 * Asks Kubernetes what it refers to. Ask it after the RDS: what is made in between is then in the answer of Kubernetes and
 * not in that of the RDS, which does no harm; the other way round it would look like an orphan.
 *
 * @throws KubernetesError when any part cannot be read.
 */
export async function viewOf(cluster: Cluster, signal: AbortSignal): Promise<KubernetesView> {
  const contents = await cluster.snapshotContents(signal);
  const volumes = await cluster.persistentVolumes(signal);
  const attachments = await cluster.volumeAttachments(signal);
  const stand = new Set([...volumes.items, ...(contents?.items ?? [])].map(({ metadata }) => metadata.name));
  const claims = await cluster.claims(({ spec }) => !stand.has(spec.volumeName ?? ''), signal);
  const snapshots = await cluster.snapshots((snapshot) => !stand.has(contentOf(snapshot) ?? ''), signal);
  return { volumes, contents, attachments, claims, snapshots };
}

/** A handle that an object of Kubernetes names. */
export interface Reference {
  readonly handle: string;
  /** The object of Kubernetes, readable, e.g. `PersistentVolume pvc-1 (default/data)`. */
  readonly by: string;
}

type ByObject = ReadonlyMap<string, readonly Reference[]>;

/**
 * What must not be called an orphan, and why. Everything is found by {@link objectOf} its handle, without the backend: a
 * backend that was renamed in the configuration still holds what Kubernetes refers to under the old name.
 */
export interface References {
  /** What has a PersistentVolume, a VolumeSnapshotContent, or a VolumeAttachment that names its handle. */
  readonly named: ByObject;
  /** Volumes of which a VolumeSnapshotContent awaits a snapshot: any snapshot of such a volume may be that one. */
  readonly pendingSources: ByObject;
  /** By name of a PersistentVolume that is attached, also when it is gone: `pvc-<uuid>` for a volume of ours. */
  readonly attached: ReadonlyMap<string, string>;
  /** What a claim or VolumeSnapshot needs that has no PersistentVolume or VolumeSnapshotContent: `pvc-<uuid>`, `snap-<uuid>`. */
  readonly needed: ReadonlyMap<string, Needing>;
}

/** The claim or VolumeSnapshot that needs an object. */
export interface Needing {
  /** Readable. */
  readonly by: string;
  /** The claim, which a PersistentVolume that is made for it has to name; undefined for a VolumeSnapshot. */
  readonly claim: { readonly namespace: string; readonly name: string; readonly uid: string } | undefined;
}

/** What a handle means whatever its backend is called: `pvc-<uuid>` or `snap-<uuid>`; undefined for any other text. */
export function objectOf(handle: string): string | undefined {
  const parsed = parseHandle('pvc', handle) ?? parseHandle('snap', handle);
  return parsed && `${parsed.kind}-${parsed.uuid}`;
}

/** Handles say which object they mean, so references count whatever driver and backend they name. */
export function referencesOf(view: KubernetesView): References {
  const inline: Reference[] = [];
  const attached = new Map<string, string>();
  for (const { metadata, spec } of view.attachments.items) {
    const by = `VolumeAttachment ${metadata.name}`;
    const { persistentVolumeName, inlineVolumeSpec } = spec.source;
    if (persistentVolumeName !== undefined) attached.set(persistentVolumeName, by);
    if (inlineVolumeSpec?.csi !== undefined) inline.push({ handle: inlineVolumeSpec.csi.volumeHandle, by });
  }
  const pendingSources = (view.contents?.items ?? []).flatMap((content) => {
    const handle = content.spec.source.volumeHandle;
    const by = `VolumeSnapshotContent ${content.metadata.name}, whose snapshot is being taken,`;
    return handle === undefined || snapshotHandleOf(content) !== undefined ? [] : [{ handle, by }];
  });
  return {
    named: byObject([...namedIn(view), ...inline]),
    pendingSources: byObject(pendingSources),
    attached,
    needed: neededIn(view),
  };
}

function contentOf({ spec, status }: VolumeSnapshot): string | undefined {
  return status?.boundVolumeSnapshotContentName ?? spec.source.volumeSnapshotContentName;
}

/**
 * By the names that the sidecars, snapshot-controller and `rose-csi orphans adopt` give: what is made for a claim or
 * VolumeSnapshot bears its uid. A claim that has a volume needs that one, and not another that was made for it.
 */
function neededIn({ claims, snapshots }: KubernetesView): Map<string, Needing> {
  const byClaims = claims.items.map(({ metadata, spec }): [string, Needing] => {
    const { namespace = '', name, uid = '' } = metadata;
    const by = `PersistentVolumeClaim ${namespace}/${name}, which has no PersistentVolume,`;
    return [spec.volumeName || `pvc-${uid}`, { by, claim: { namespace, name, uid } }];
  });
  const bySnapshots = (snapshots?.items ?? []).map((snapshot): [string, Needing] => {
    const { namespace, name, uid } = snapshot.metadata;
    const by = `VolumeSnapshot ${namespace}/${name}, which has no VolumeSnapshotContent,`;
    const uuid = contentOf(snapshot)?.replace(/^(adopted|snapcontent)-/, '') ?? uid;
    return [`snap-${uuid}`, { by, claim: undefined }];
  });
  return new Map([...byClaims, ...bySnapshots]);
}

/** Handles that PersistentVolumes and VolumeSnapshotContents name, each with the driver that goes with it. */
export function namedIn({ volumes, contents }: KubernetesView): (Reference & { readonly driver: string })[] {
  const byVolumes = volumes.items.flatMap(({ metadata: { name }, spec: { csi, claimRef } }) => {
    const by = `PersistentVolume ${name}${claimRef ? ` (${claimRef.namespace}/${claimRef.name})` : ''}`;
    return csi === undefined ? [] : [{ driver: csi.driver, handle: csi.volumeHandle, by }];
  });
  const byContents = (contents?.items ?? []).flatMap((content) => {
    const by = `VolumeSnapshotContent ${content.metadata.name}`;
    return [...new Set(handlesOf(content))].map((handle) => ({ driver: content.spec.driver, handle, by }));
  });
  return [...byVolumes, ...byContents];
}

/** The snapshot of a content, once it is taken or when it was given. */
export function snapshotHandleOf({ spec, status }: VolumeSnapshotContent): string | undefined {
  return status?.snapshotHandle ?? spec.source.snapshotHandle;
}

/** Every snapshot that a content names. */
export function handlesOf({ spec, status }: VolumeSnapshotContent): string[] {
  return [status?.snapshotHandle, spec.source.snapshotHandle].filter((handle) => handle !== undefined);
}

function byObject(references: readonly Reference[]): ByObject {
  const objects = new Map<string, Reference[]>();
  for (const reference of references) {
    const object = objectOf(reference.handle);
    if (object !== undefined) objects.set(object, [...(objects.get(object) ?? []), reference]);
  }
  return objects;
}
