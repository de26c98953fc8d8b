import { stringify } from 'yaml';
import { printQuantity } from '../kubernetes/quantity.ts';
import type { InventorySnapshot, InventoryVolume } from '../storage/inventory.ts';
import { toSnapshot } from '../storage/snapshots.ts';
import { annotationsOf, rfc3339 } from './annotations.ts';

/** An object for `kubectl apply`, with what one has to know or add. */
export interface Manifest {
  readonly object: object;
  /** The object as YAML, with comments before and behind. */
  readonly text: string;
}

export interface VolumeOptions {
  /** Name of the CSI driver. */
  readonly driver: string;
  readonly fsType: string | undefined;
  readonly storageClass: string;
  /** The claim that it is for: one that needs it already, which has a uid, or one that is to be made. */
  readonly claim: { readonly namespace: string; readonly name: string; readonly uid?: string };
  /** `volume_context` of a volume that is never formatted. */
  readonly volumeAttributes: Readonly<Record<string, string>>;
}

/**
 * The PersistentVolume for a volume that is on an RDS. It is retained when its claim goes, and nothing in it lets a node
 * format it. It is reserved for one claim: Kubernetes would give one without a reservation to whatever claim of its class comes first.
 *
 * @throws RangeError when its data is gone, or its size is not known.
 */
export function volumeManifest(volume: InventoryVolume, options: VolumeOptions): Manifest {
  const { id, name, slot, publishedNodeIds, exported } = volume;
  const bytes = volume.sizeBytes ?? name.requestedBytes;
  if (volume.pool === '')
    throw new RangeError(`${id}: it is in a pool that is not configured; configure the pool first`);
  if (volume.state === 'no-subvolume') throw new RangeError(`${id}: only its disk item is left, its data is gone`);
  if (bytes === 0n) throw new RangeError(`${id}: its size is not known, and its disk item is missing; look at the RDS`);
  const object = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pvc-${name.uuid}`, annotations: { 'pv.kubernetes.io/provisioned-by': options.driver } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: printQuantity(bytes) },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...options.claim },
      csi: {
        driver: options.driver,
        ...(options.fsType !== undefined && { fsType: options.fsType }),
        volumeAttributes: options.volumeAttributes,
        volumeHandle: id,
      },
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: options.storageClass,
      volumeMode: 'Filesystem',
    },
  };
  const isInUse = exported || publishedNodeIds.length > 0;
  const before = [
    `${id}, ${name.origin.kind === 'new' ? 'made empty' : `made from ${name.origin.kind} ${name.origin.uuid}`}.`,
    ...(options.fsType === undefined
      ? ['Its filesystem is not known from the RDS: --fs-type says it. A raw block volume needs volumeMode: Block.']
      : []),
    ...(volume.state === 'whole'
      ? []
      : [
          'Its disk item is missing. Publishing it attaches the image again, if the subvolume has one.',
          'Half of a transfer looks the same: look at the data before anything relies on it (docs/orphans.md).',
        ]),
    ...(isInUse
      ? [`The RDS records it as published${publishedNodeIds.map((node) => ` to ${node}`).join()} (disk slot ${slot}):`]
      : []),
    ...(isInUse
      ? ['make sure that no host uses it; rose-csi why, once this is applied, prints what releases it.']
      : []),
  ];
  return { object, text: withComments(before, object, claimFor(`pvc-${name.uuid}`, bytes, options)) };
}

function claimFor(volumeName: string, bytes: bigint, { storageClass, claim }: VolumeOptions): string[] {
  const { namespace, name, uid } = claim;
  if (uid !== undefined) return [`It is for the claim ${namespace}/${name}, which is there and needs it.`];
  const object = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: printQuantity(bytes) } },
      storageClassName: storageClass,
      volumeName,
    },
  };
  return [
    'No other claim than this one gets it. Its name and namespace stand in claimRef, too:',
    'change both, or neither.',
    '---',
    ...lines(stringify(object)),
  ];
}

export interface SnapshotOptions {
  readonly driver: string;
  /** Namespace of the VolumeSnapshot that binds it. */
  readonly namespace: string;
}

/** A VolumeSnapshotContent, and the VolumeSnapshot that binds it. */
export interface SnapshotManifest extends Manifest {
  readonly binding: object;
  /** Both as YAML, where the text of the manifest has the second one as a comment. */
  readonly both: string;
}

/** The VolumeSnapshotContent for a snapshot that is on an RDS; it stays when its VolumeSnapshot goes. */
export function snapshotManifest(
  snapshot: InventorySnapshot,
  { driver, namespace }: SnapshotOptions,
): SnapshotManifest {
  const { id, name, backend, pool } = snapshot;
  const { sourceVolumeId } = toSnapshot(backend, pool, name);
  const [contentName, snapshotName] = [`adopted-${name.uuid}`, `snap-${name.uuid}`];
  const object = {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotContent',
    metadata: { name: contentName, annotations: annotationsOf(toSnapshot(backend, pool, name)) },
    spec: {
      deletionPolicy: 'Retain',
      driver,
      source: { snapshotHandle: id },
      sourceVolumeMode: 'Filesystem',
      volumeSnapshotRef: { name: snapshotName, namespace },
    },
  };
  const binding = {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name: snapshotName, namespace },
    spec: { source: { volumeSnapshotContentName: contentName } },
  };
  const before = [
    `${id}, taken ${rfc3339(name.createdAtSeconds)} from ${sourceVolumeId}.`,
    'Of a raw block volume it needs sourceVolumeMode: Block.',
  ];
  const text = withComments(before, object, ['---', ...lines(stringify(binding))]);
  return { object, text, binding, both: `${withComments(before, object, [])}---\n${stringify(binding)}` };
}

function withComments(before: readonly string[], object: object, behind: readonly string[]): string {
  const comments = (texts: readonly string[]) => texts.map((text) => `# ${text}\n`).join('');
  return `---\n${comments(before)}${stringify(object)}${comments(behind)}`;
}

function lines(text: string): string[] {
  return text.trimEnd().split('\n');
}
