import type { Condition } from '../failures/conditions.ts';
import {
  type DiskRow,
  type ListedObject,
  type ListedPage,
  type LostItem,
  listLostItems,
  listSnapshots,
  listVolumes,
  type Origin,
  type PageOf,
  parseSnapshotName,
  parseVolumeName,
  type SnapshotName,
  slotOf,
  type VolumeName,
} from '../rds/index.ts';
import type { Backend } from './backend.ts';
import type { Call } from './call.ts';
import { attribute, classifyCopies, type InventoryCopy, type Sorted, type SortedObject } from './copies.ts';
import { failure } from './failures.ts';
import { printHandle, recordedNodes } from './ids.ts';
import { examineVolume } from './volume-conditions.ts';

export type { InventoryCopy, Origin };

/** A volume as the RDS holds it, whole or not. */
export interface InventoryVolume {
  readonly id: string;
  readonly backend: string;
  readonly pool: string;
  /** Undefined when only a disk item is left. */
  readonly subvolume: string | undefined;
  /** Undefined when there is no disk item. */
  readonly slot: string | undefined;
  readonly name: VolumeName;
  /** Bytes of the image; undefined while the device does not report. */
  readonly sizeBytes: bigint | undefined;
  /** Nodes on its record, exported or not: a restart of the RDS may lose the export, and the node uses it all the same (U17). */
  readonly publishedNodeIds: readonly string[];
  readonly exported: boolean;
  readonly state: 'whole' | 'no-disk-item' | 'no-subvolume';
  /** Subvolumes of the same id that lost a race and were not withdrawn. */
  readonly duplicates: readonly string[];
  /** What is wrong with it, as far as the RDS reports it. */
  readonly conditions: readonly Condition[];
}

export interface InventorySnapshot {
  readonly id: string;
  readonly backend: string;
  readonly pool: string;
  readonly subvolume: string;
  readonly name: SnapshotName;
  /** Subvolumes of the same id that lost a race and were not withdrawn. */
  readonly duplicates: readonly string[];
}

/** Everything of our owners on the configured backends. */
export interface Inventory {
  readonly volumes: readonly InventoryVolume[];
  readonly snapshots: readonly InventorySnapshot[];
  /** No objects: the driver never touches them. */
  readonly copies: readonly InventoryCopy[];
}

/** Rows of one exec, so that its answer stays below 48 KiB (U21). */
const SNAPSHOT_ROWS = 200;
/** Of rows that say what is a copy, which are longer. */
const COPY_ROWS = 90;
const VOLUME_ROWS = 50;
/** Without what tells copies from them. */
const LISTED_VOLUME_ROWS = 130;
const ITEM_ROWS = 50;
const HEX = '0123456789abcdef';

/** What one backend holds of our owners. What its copies are copies of, only all backends together tell. */
export interface BackendInventory extends Pick<Inventory, 'volumes' | 'snapshots'>, Pick<Sorted, 'copies'> {}

/**
 * Reads everything of our owners on these backends, in as many execs as it takes.
 *
 * @throws StorageError when any pool cannot be read: an inventory is whole or it is none.
 */
export async function readInventory(backends: readonly Backend[], call: Call): Promise<Inventory> {
  const parts = await Promise.all(backends.map((backend) => readBackendInventory(backend, call)));
  return joinInventories(parts, backends);
}

/** What some backends hold, as one. @param backends all that are configured, by which copies are attributed */
export function joinInventories(
  parts: readonly BackendInventory[],
  backends: readonly Pick<Backend, 'name'>[],
): Inventory {
  const volumes = parts.flatMap((part) => part.volumes);
  const snapshots = parts.flatMap((part) => part.snapshots);
  const ids = new Set([...volumes, ...snapshots].map(({ id }) => id));
  const copies = parts.flatMap((part) => part.copies);
  return { volumes, snapshots, copies: attribute(copies, backends, ids) };
}

/** What one backend has listed: everything with the name of a volume or snapshot of our owners. */
export interface BackendList {
  readonly volumes: readonly ListedObject[];
  readonly snapshots: readonly ListedObject[];
  readonly items: readonly LostItem[];
}

/**
 * Reads everything of our owners on a backend, in as many execs as it takes.
 *
 * @throws StorageError when any of its pools cannot be read.
 */
async function readBackendInventory(backend: Backend, call: Call): Promise<BackendInventory> {
  return await sortBackendList(backend, await listBackend(backend, call), call);
}

/** The lists that {@link sortBackendList} makes an inventory of. Throws as {@link readBackendInventory}. */
export async function listBackend({ name, rds }: Backend, call: Call): Promise<BackendList> {
  const volumes: ListedObject[] = [];
  const snapshots: ListedObject[] = [];
  try {
    for (const pool of rds.settings.pools) {
      const page = { pool, copies: true };
      volumes.push(
        ...(await walk((after) =>
          rds.run((settings) => listVolumes(settings, { ...page, after, limit: VOLUME_ROWS }), call),
        )),
      );
      snapshots.push(...(await everySnapshot(rds, page, call)));
    }
    return { volumes, snapshots, items: await lostItems(rds, '', call) };
  } catch (error) {
    throw failure(error, `backend ${name}`, call);
  }
}

/** Tells objects from what only has their names; the RDS is asked where that is in doubt. Throws as {@link readBackendInventory}. */
export async function sortBackendList(
  backend: Backend,
  { volumes, snapshots, items }: BackendList,
  call: Call,
): Promise<BackendInventory> {
  const { name } = backend;
  try {
    const [sortedVolumes, sortedSnapshots] = [
      await classifyCopies(backend, volumes, call),
      await classifyCopies(backend, snapshots, call),
    ];
    return {
      volumes: [...volumesOf(name, sortedVolumes.objects), ...items.flatMap((item) => lostVolume(name, item) ?? [])],
      snapshots: snapshotsOf(name, sortedSnapshots.objects),
      copies: [...sortedVolumes.copies, ...sortedSnapshots.copies],
    };
  } catch (error) {
    throw failure(error, `backend ${name}`, call);
  }
}

/**
 * All snapshots of our owners in a pool, or those of one source.
 *
 * @param page Its `copies` says whether copies are read, too.
 * @throws RdsError
 */
export async function everySnapshot(
  rds: Backend['rds'],
  page: Pick<PageOf, 'pool' | 'copies'>,
  call: Call,
  sourceUuid?: string,
): Promise<ListedObject[]> {
  const limit = page.copies === true ? COPY_ROWS : SNAPSHOT_ROWS;
  return await walk((after) =>
    rds.run((settings) => listSnapshots(settings, { ...page, after, limit }, sourceUuid), call),
  );
}

/** All volumes of our owners in a pool, with their disk items. @throws RdsError */
export async function everyVolume(rds: Backend['rds'], pool: PageOf['pool'], call: Call): Promise<ListedObject[]> {
  return await walk((after) =>
    rds.run((settings) => listVolumes(settings, { pool, after, limit: LISTED_VOLUME_ROWS }), call),
  );
}

async function walk(fetch: (after: bigint) => Promise<ListedPage>): Promise<ListedObject[]> {
  const all: ListedObject[] = [];
  for (let after = 0n; ; ) {
    const { objects, more } = await fetch(after);
    all.push(...objects);
    const last = objects.at(-1)?.subvolume.subvolumeId;
    if (!more || last === undefined) return all;
    after = last;
  }
}

/** Lost items are few or something is very wrong: then they are asked for in smaller and smaller parts. */
async function lostItems(rds: Backend['rds'], digits: string, call: Call): Promise<readonly LostItem[]> {
  const { items, more } = await rds.run((settings) => listLostItems(settings, digits, ITEM_ROWS), call);
  if (!more) return items;
  const all: LostItem[] = [];
  for (const digit of HEX) all.push(...(await lostItems(rds, digits + digit, call)));
  return all;
}

function volumesOf(backend: string, objects: readonly SortedObject[]): InventoryVolume[] {
  return objects.flatMap(({ row: { subvolume, disk }, duplicates }) => {
    const name = parseVolumeName(subvolume.name);
    if (name === undefined) return [];
    return {
      id: printHandle({ kind: 'pvc', backend, uuid: name.uuid }),
      backend,
      pool: subvolume.fs,
      subvolume: subvolume.name,
      slot: disk?.slot,
      name,
      duplicates,
      conditions: examineVolume(name, disk),
      ...stateOf(disk),
      state: disk === undefined ? 'no-disk-item' : 'whole',
    };
  });
}

function snapshotsOf(backend: string, objects: readonly SortedObject[]): InventorySnapshot[] {
  return objects.flatMap(({ row: { subvolume }, duplicates }) => {
    const name = parseSnapshotName(subvolume.name);
    if (name === undefined) return [];
    const id = printHandle({ kind: 'snap', backend, uuid: name.uuid });
    return { id, backend, pool: subvolume.fs, subvolume: subvolume.name, name, duplicates };
  });
}

/** The volume that a disk item was made for. */
function lostVolume(backend: string, item: LostItem): InventoryVolume | undefined {
  const name = parseVolumeName(item.subvolume);
  if (name === undefined || item.slot !== slotOf({ kind: 'pvc', uuid: name.uuid })) return undefined;
  return {
    id: printHandle({ kind: 'pvc', backend, uuid: name.uuid }),
    backend,
    pool: item.pool ?? '',
    subvolume: undefined,
    slot: item.slot,
    name,
    duplicates: [],
    conditions: examineVolume(name, item),
    ...stateOf(item),
    state: 'no-subvolume',
  };
}

function stateOf(disk: DiskRow | undefined): Pick<InventoryVolume, 'sizeBytes' | 'publishedNodeIds' | 'exported'> {
  return { sizeBytes: disk?.size, publishedNodeIds: recordedNodes(disk), exported: disk?.exported ?? false };
}
