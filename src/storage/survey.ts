import type { DiskRow, ListedObject, ListedPage, LostItem } from '../rds/index.ts';
import type { Backend } from './backend.ts';
import { failure } from './failures.ts';
import { printHandle } from './handle.ts';
import { parseSnapshotName, parseVolumeName, type SnapshotName, slotOf, type VolumeName } from './names.ts';
import type { Call } from './storage.ts';
import { publishedNodes } from './volumes.ts';

/** A volume as the box holds it, whole or not. */
export interface SurveyedVolume {
  readonly id: string;
  readonly backend: string;
  readonly pool: string;
  /** Undefined when only a disk item is left. */
  readonly subvolume: string | undefined;
  /** Undefined when there is no disk item. */
  readonly slot: string | undefined;
  readonly name: VolumeName;
  /** Bytes of the image; undefined while the device does not tell. */
  readonly sizeBytes: bigint | undefined;
  readonly publishedNodeIds: readonly string[];
  readonly exported: boolean;
  readonly state: 'whole' | 'no-disk-item' | 'no-subvolume';
  /** Subvolumes of the same id that lost a race and were not withdrawn. */
  readonly twins: readonly string[];
}

export interface SurveyedSnapshot {
  readonly id: string;
  readonly backend: string;
  readonly pool: string;
  readonly subvolume: string;
  readonly name: SnapshotName;
  /** Subvolumes of the same id that lost a race and were not withdrawn. */
  readonly twins: readonly string[];
}

/** Everything of our owners on the configured boxes. */
export interface Survey {
  readonly volumes: readonly SurveyedVolume[];
  readonly snapshots: readonly SurveyedSnapshot[];
}

/** Rows of one exec, so that its answer stays below 48 KiB (U21). */
const SNAPSHOT_ROWS = 200;
const VOLUME_ROWS = 50;
const ITEM_ROWS = 50;
const HEX = '0123456789abcdef';

/**
 * Reads everything of our owners on these boxes, in as many execs as it takes.
 *
 * @throws StorageError when any pool cannot be read: a survey is whole or it is none.
 */
export async function survey(backends: readonly Backend[], call: Call): Promise<Survey> {
  const parts = await Promise.all(backends.map((backend) => surveyBox(backend, call)));
  return {
    volumes: parts.flatMap(({ volumes }) => volumes),
    snapshots: parts.flatMap(({ snapshots }) => snapshots),
  };
}

async function surveyBox(backend: Backend, call: Call): Promise<Survey> {
  const volumes: SurveyedVolume[] = [];
  const snapshots: SurveyedSnapshot[] = [];
  try {
    for (const pool of backend.rds.settings.pools) {
      const found = await walk((after) => backend.rds.listVolumes({ pool, after, limit: VOLUME_ROWS }, call));
      volumes.push(...volumesOf(backend.name, found));
      const cut = await walk((after) =>
        backend.rds.listSnapshots({ pool, after, limit: SNAPSHOT_ROWS }, undefined, call),
      );
      snapshots.push(...snapshotsOf(backend.name, cut));
    }
    const items = await lostItems(backend, '', call);
    volumes.push(...items.flatMap((item) => lostVolume(backend, item) ?? []));
    return { volumes, snapshots };
  } catch (error) {
    throw failure(error, `survey of ${backend.name}`, call);
  }
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
async function lostItems(backend: Backend, digits: string, call: Call): Promise<readonly LostItem[]> {
  const { items, more } = await backend.rds.lostItems(digits, ITEM_ROWS, call);
  if (!more) return items;
  const all: LostItem[] = [];
  for (const digit of HEX) all.push(...(await lostItems(backend, digits + digit, call)));
  return all;
}

function volumesOf(backend: string, objects: readonly ListedObject[]): SurveyedVolume[] {
  return groups(objects, parseVolumeName).map(({ name, first, twins }) => ({
    ...{ id: printHandle({ kind: 'pvc', backend, uuid: name.uuid }), backend, pool: first.subvolume.fs },
    ...{ subvolume: first.subvolume.name, slot: first.disk?.slot, name, twins },
    ...stateOf(first.disk),
    state: first.disk === undefined ? 'no-disk-item' : 'whole',
  }));
}

function snapshotsOf(backend: string, objects: readonly ListedObject[]): SurveyedSnapshot[] {
  return groups(objects, parseSnapshotName).map(({ name, first, twins }) => ({
    ...{ id: printHandle({ kind: 'snap', backend, uuid: name.uuid }), backend, pool: first.subvolume.fs },
    ...{ subvolume: first.subvolume.name, name, twins },
  }));
}

/** The volume that a disk item was made for; its file path holds the subvolume's name. */
function lostVolume(backend: Backend, item: LostItem): SurveyedVolume | undefined {
  const [mountPoint = '', subvolume = ''] = item.filePath.replace(/^\//, '').split(/\/(?=[^/]*\/volume\.img$)/);
  const name = parseVolumeName(subvolume.replace(/\/volume\.img$/, ''));
  if (name === undefined || item.slot !== slotOf(name.uuid)) return undefined;
  const pool = backend.rds.settings.pools.find((candidate) => candidate.mountPoint.replace(/^\//, '') === mountPoint);
  return {
    ...{ id: printHandle({ kind: 'pvc', backend: backend.name, uuid: name.uuid }), backend: backend.name },
    ...{ pool: pool?.label ?? '', subvolume: undefined, slot: item.slot, name, twins: [] },
    ...stateOf(item),
    state: 'no-subvolume',
  };
}

function stateOf(disk: DiskRow | undefined): Pick<SurveyedVolume, 'sizeBytes' | 'publishedNodeIds' | 'exported'> {
  return { sizeBytes: disk?.size, publishedNodeIds: publishedNodes(disk), exported: disk?.exported ?? false };
}

interface Group<Name> {
  readonly name: Name;
  /** The row with the smallest subvolume-id: the object, for every reader. */
  readonly first: ListedObject;
  readonly twins: readonly string[];
}

/** Rows come in the order of their subvolume-ids. A name that this driver did not make is left out. */
function groups<Name extends { readonly uuid: string }>(
  objects: readonly ListedObject[],
  parse: (text: string) => Name | undefined,
): Group<Name>[] {
  const byUuid = new Map<string, { name: Name; first: ListedObject; twins: string[] }>();
  for (const object of objects) {
    const name = parse(object.subvolume.name);
    if (name === undefined) continue;
    const known = byUuid.get(name.uuid);
    if (known === undefined) byUuid.set(name.uuid, { name, first: object, twins: [] });
    else known.twins.push(object.subvolume.name);
  }
  return [...byUuid.values()];
}
