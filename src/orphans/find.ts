import type { Inventory, InventorySnapshot, InventoryVolume, Origin } from '../storage/inventory.ts';
import {
  type KubernetesView,
  type Needing,
  objectOf,
  type Reference,
  type References,
  referencesOf,
} from './references.ts';

/** Something of ours on an RDS. */
export interface BackendObject {
  readonly id: string;
  /** Partial: a volume that {@link lacks} a part. */
  readonly kind: 'volume' | 'snapshot' | 'partial';
  readonly lacks: 'disk item' | 'subvolume' | undefined;
  readonly backend: string;
  /** Label of the pool; empty when it is none of the configured. */
  readonly pool: string;
  /** What is there: the subvolume's name, or the slot of a disk item whose subvolume is gone. */
  readonly what: string;
  /** Bytes; undefined where the device does not report. */
  readonly sizeBytes: bigint | undefined;
  /** Owner in its name: first 8 hex digits of a hash over driver name and cluster id. */
  readonly owner: string;
  /** Handle of what it was made from. */
  readonly source: string | undefined;
  /** Unix seconds, for a snapshot. */
  readonly createdAtSeconds: bigint | undefined;
  /** Exported, or recorded as published: in use, whether Kubernetes knows or not. */
  readonly inUse: boolean;
  /** True for what an interrupted call can leave without data: only that may ever be removed without being asked. */
  readonly mayBeEmpty: boolean;
}

/** Everything that an inventory found. */
export function backendObjects({ volumes, snapshots }: Pick<Inventory, 'volumes' | 'snapshots'>): BackendObject[] {
  return [...volumes.map(volumeObject), ...snapshots.map(snapshotObject)];
}

/**
 * What no one refers to. Partial volumes that something refers to are none: the next publication completes them.
 *
 * @param running ids of operations that are under way in this process
 */
export function findOrphans(
  inventory: Pick<Inventory, 'volumes' | 'snapshots'>,
  references: References,
  running: ReadonlySet<string>,
): BackendObject[] {
  return backendObjects(inventory).filter(
    (object) => !running.has(object.id) && referenceTo(object, references) === undefined,
  );
}

/** How Kubernetes refers to something on an RDS. */
export interface Relation {
  /** The object of Kubernetes, readable. */
  readonly by: string;
  /** The handle that it names, if that has another backend than the one whose RDS holds the object: a mismatch. */
  readonly as: string | undefined;
}

/** How Kubernetes refers to something on an RDS, under its own name if there is a choice; undefined when it does not. */
export function referenceTo(object: BackendObject, references: References): Relation | undefined {
  const { id, kind, source = '' } = object;
  const relation = properFirst(relationsOf(id, references));
  if (relation !== undefined) return relation;
  const key = objectOf(kind === 'snapshot' ? source : id) ?? '';
  const by = kind === 'snapshot' ? references.pendingSources.get(key)?.[0]?.by : references.attached.get(key);
  const needing = by ?? needingOf(id, references)?.by;
  return needing === undefined ? undefined : { by: needing, as: undefined };
}

/**
 * The claim or VolumeSnapshot that needs an object, if nothing else refers to it: it is being made, or what stood for it in
 * Kubernetes was lost; undefined when there is none.
 */
export function loneNeed(object: BackendObject, references: References): Needing | undefined {
  const needing = needingOf(object.id, references);
  return referenceTo(object, references)?.by === needing?.by ? needing : undefined;
}

function needingOf(id: string, { needed }: Pick<References, 'needed'>): Needing | undefined {
  return needed.get(objectOf(id) ?? '');
}

/** What in Kubernetes stands for a volume or snapshot; undefined for nothing. */
export function standInOf(id: string, view: KubernetesView): Relation | undefined {
  return properFirst(relationsOf(id, { named: referencesOf(view).named }));
}

/** Every way in which handles name an object, whatever backend they name. */
export function relationsOf(id: string, references: Partial<Pick<References, 'named' | 'pendingSources'>>): Relation[] {
  const key = objectOf(id) ?? '';
  const relation = ({ handle, by }: Reference) => ({ by, as: handle === id ? undefined : handle });
  return [references.named, references.pendingSources].flatMap((map) => map?.get(key) ?? []).map(relation);
}

function properFirst(relations: readonly Relation[]): Relation | undefined {
  return relations.find(({ as }) => as === undefined) ?? relations[0];
}

/** The pool, readable. */
export function poolOf({ pool }: Pick<BackendObject, 'pool'>): string {
  return pool === '' ? 'a pool that is not configured' : `pool ${pool}`;
}

const LACKS = { whole: undefined, 'no-disk-item': 'disk item', 'no-subvolume': 'subvolume' } as const;

function volumeObject({ id, backend, pool, name, sizeBytes, ...volume }: InventoryVolume): BackendObject {
  return {
    id,
    backend,
    pool,
    sizeBytes,
    owner: name.owner,
    createdAtSeconds: undefined,
    kind: volume.state === 'whole' ? 'volume' : 'partial',
    lacks: LACKS[volume.state],
    what: volume.subvolume ?? volume.slot ?? '',
    source: sourceOf(backend, name.origin),
    inUse: volume.exported || volume.publishedNodeIds.length > 0,
    mayBeEmpty:
      pool !== '' &&
      (volume.state === 'no-subvolume' || (volume.state === 'no-disk-item' && name.origin.kind === 'new')),
  };
}

function snapshotObject({ id, backend, pool, subvolume, name }: InventorySnapshot): BackendObject {
  return {
    id,
    kind: 'snapshot',
    backend,
    pool,
    what: subvolume,
    sizeBytes: name.bytes,
    owner: name.owner,
    source: `${backend}:pvc-${name.sourceUuid}`,
    createdAtSeconds: name.createdAtSeconds,
    lacks: undefined,
    inUse: false,
    mayBeEmpty: false,
  };
}

function sourceOf(backend: string, origin: Origin): string | undefined {
  if (origin.kind === 'new') return undefined;
  return `${backend}:${origin.kind === 'snapshot' ? 'snap' : 'pvc'}-${origin.uuid}`;
}
