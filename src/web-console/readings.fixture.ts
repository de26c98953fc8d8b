import { kinds } from '../kubernetes/kinds.ts';
import { StorageError } from '../storage/errors.ts';
import { identity, nodeIdOf } from '../storage/ids.ts';
import type { InventorySnapshot, InventoryVolume } from '../storage/inventory.ts';
import type { BackendContents, BackendState } from './backend-reading.ts';
import { buildScene, type Readings, type Settings } from './build-scene.ts';
import type { ClusterReading } from './cluster-reading.ts';
import type { Scene } from './scene.ts';

/** 2026-11-20T12:00:00Z: when everything was read. */
export const NOW = Date.parse('2026-11-20T12:00:00Z');
export const DRIVER = 'rds.rose-csi.io';
const CLUSTER_ID = 'a-cluster';
const { owner: OWNER } = identity(DRIVER, CLUSTER_ID, []);
const [GiB, HOUR_SECONDS] = [2n ** 30n, 3600];

const SETTINGS: Settings = {
  version: '0.1.0',
  driver: DRIVER,
  clusterId: CLUSTER_ID,
  owner: OWNER,
  configFile: 'rose-csi.yaml',
  words: { what: ({ kind }) => kind, hint: () => 'Remove it.', removal: ({ uuid }) => [`remove ${uuid}`] },
};

/** A uuid by its kind and number, that looks like one. */
export function uuid(kind: 'volume' | 'snapshot', number: number): string {
  const digits = ((number + 1) * 2_654_435_761 + (kind === 'volume' ? 0 : 97))
    .toString(16)
    .padStart(12, '0')
    .slice(-12);
  const tail = number.toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-4${tail.slice(0, 3)}-8${tail.slice(3, 6)}-${tail.slice(6)}${digits.slice(0, 6)}`;
}

export function volumeId(number: number): string {
  return `rds1:pvc-${uuid('volume', number)}`;
}

export function snapshotId(number: number): string {
  return `rds1:snap-${uuid('snapshot', number)}`;
}

/** A volume of 10 GiB that began empty. */
export function volume(
  number: number,
  facts: Partial<InventoryVolume> & { readonly from?: number } = {},
): InventoryVolume {
  const { from, ...rest } = facts;
  return {
    id: volumeId(number),
    backend: 'rds1',
    pool: 'pool1',
    subvolume: `pvc-${uuid('volume', number)}`,
    slot: 'slot',
    sizeBytes: 10n * GiB,
    publishedNodeIds: [],
    exported: false,
    state: 'whole',
    duplicates: [],
    conditions: [],
    name: {
      uuid: uuid('volume', number),
      owner: OWNER,
      origin: from === undefined ? { kind: 'new' } : { kind: 'snapshot', uuid: uuid('snapshot', from) },
      requestedBytes: 10n * GiB,
    },
    ...rest,
  };
}

/** A snapshot of a volume, so many hours old. */
export function snapshot(
  number: number,
  source: number,
  hours: number,
  facts: Partial<InventorySnapshot> = {},
): InventorySnapshot {
  return {
    id: snapshotId(number),
    backend: 'rds1',
    pool: 'pool1',
    subvolume: `snap-${uuid('snapshot', number)}`,
    duplicates: [],
    name: {
      uuid: uuid('snapshot', number),
      owner: OWNER,
      sourceUuid: uuid('volume', source),
      createdAtSeconds: BigInt(Math.round(NOW / 1000 - hours * HOUR_SECONDS)),
      bytes: 10n * GiB,
    },
    ...facts,
  };
}

/** The node id of a node of the cluster. */
export function nodeId(name: string): string {
  return nodeIdOf(CLUSTER_ID, name);
}

/** What an RDS with a pool of 4 TiB holds. */
export function contents(
  volumes: readonly InventoryVolume[],
  snapshots: readonly InventorySnapshot[],
  facts: Partial<BackendContents> = {},
): BackendContents {
  const pool = {
    pool: 'pool1',
    size: 4096n * GiB,
    free: 2890n * GiB,
    reserve: 100n * GiB,
    promised: 1800n * GiB,
    volumes: volumes.length,
    snapshots: snapshots.length,
    health: { conditions: [], examined: [] },
  };
  return { at: NOW, pools: [pool], inventory: { volumes, snapshots, copies: [] }, ...facts };
}

/** An RDS that answers. */
export function answering(found: BackendContents | undefined, name = 'rds1'): BackendState {
  return { name, routerOs: '7.23.2 (stable)', problems: [], error: undefined, lostAt: undefined, contents: found };
}

/** The same since it does not answer, for ten minutes. */
export function lost(state: BackendState): BackendState {
  const error = new StorageError(
    'RDS-UNREACHABLE',
    'backend rds1',
    'no connection to 192.0.2.10:22: connect ETIMEDOUT',
  );
  const contents = state.contents && { ...state.contents, at: NOW - 600_000 };
  return { ...state, error, lostAt: NOW - 585_000, contents };
}

/** What a claim or VolumeSnapshot is called, by the id of what it stands for. */
export type Names = Readonly<Record<string, readonly [namespace: string, name: string]>>;

/** A cluster whose objects refer to these ids. */
export function clusterOf(names: Names, facts: Partial<ClusterReading> = {}): ClusterReading {
  const ids = Object.entries(names);
  const volumes = ids.flatMap(([id, [namespace, name]]) =>
    id.includes(':pvc-')
      ? [
          kinds.volume.schema.parse({
            metadata: { name: id.slice(id.indexOf(':') + 1) },
            spec: { csi: { driver: DRIVER, volumeHandle: id }, claimRef: { namespace, name } },
          }),
        ]
      : [],
  );
  const contentsOfIds = ids.flatMap(([id, [namespace, name]]) =>
    id.includes(':snap-')
      ? [
          kinds.content.schema.parse({
            metadata: { name: `snapcontent-${id.slice(id.indexOf('-') + 1)}` },
            spec: { driver: DRIVER, source: { snapshotHandle: id }, volumeSnapshotRef: { namespace, name } },
          }),
        ]
      : [],
  );
  const listed = <T>(items: readonly T[]) => ({ items, resourceVersion: '1' });
  return {
    is: 'asked',
    view: { volumes: listed(volumes), contents: listed(contentsOfIds), attachments: listed([]) },
    claims: [],
    classes: [],
    snapshots: [],
    snapshotClasses: [],
    nodeNames: ['worker-1', 'worker-2', 'worker-3'],
    events: [],
    unseen: [],
    ...facts,
  };
}

export function sceneOf(readings: Omit<Readings, 'now'>): Scene {
  return buildScene({ ...readings, now: NOW }, SETTINGS);
}
