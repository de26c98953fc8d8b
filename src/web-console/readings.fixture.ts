import { kinds } from '../kubernetes/kinds.ts';
import { hasCopy, type SnapshotWithCopy } from '../replicas/overview.ts';
import { StorageError } from '../storage/errors.ts';
import { identity, nodeIdOf } from '../storage/ids.ts';
import type { InventorySnapshot, InventoryVolume } from '../storage/inventory.ts';
import type { BackendContents, BackendState } from './backend-reading.ts';
import { type BuiltScene, buildScene, type Readings, type Settings } from './build-scene.ts';
import type { ClusterReading } from './cluster-reading.ts';
import type { PairState } from './pair-reading.ts';
import type { Scene } from './scene.ts';
import { FIRST_LOOK, lookedAgain } from './second-look.ts';

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
  { label = 'pool1' }: { readonly label?: string } = {},
): BackendContents {
  const pool = {
    pool: label,
    size: 4096n * GiB,
    free: 2890n * GiB,
    reserve: 100n * GiB,
    promised: 1800n * GiB,
    volumes: volumes.length,
    snapshots: snapshots.length,
    health: { conditions: [], examined: [] },
  };
  const inventory = { volumes, snapshots, copies: [] };
  return { at: NOW, pools: [pool], inventory, look: FIRST_LOOK, originals: new Map(), received: new Map() };
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

/** A snapshot of pool1 on rds1 with its copy in copies on rds2, so many hours old. */
export function withCopy(
  number: number,
  source: number,
  hours: number,
  state: SnapshotWithCopy['state'],
): SnapshotWithCopy {
  const { id, subvolume: name, name: parsed } = snapshot(number, source, hours);
  const { createdAtSeconds, bytes, owner } = parsed;
  const copyId = id.replace('rds1:', 'rds2:');
  const receivedAt = hasCopy({ state }) ? '2026-11-20 11:00:00' : undefined;
  return { id, copyId, volumeId: volumeId(source), name, createdAtSeconds, bytes, owner, state, receivedAt };
}

/** pool1 on rds1 with copies on rds2. */
export function pairOf(snapshots: readonly SnapshotWithCopy[], facts: Partial<PairState> = {}): PairState {
  return {
    from: { backend: 'rds1', pool: 'pool1' },
    to: { backend: 'rds2', pool: 'copies' },
    snapshots: snapshots.toSorted((a, b) => Number(a.createdAtSeconds - b.createdAtSeconds)),
    sending: undefined,
    isStill: false,
    error: undefined,
    ...facts,
  };
}

/** What rds2 has of these: whole copies, and halves of what is being sent or was cut off. */
function received(snapshots: readonly SnapshotWithCopy[]): BackendContents['inventory']['copies'] {
  return snapshots.flatMap(({ state, id, volumeId: source, name: subvolume, createdAtSeconds, bytes, owner }) => {
    const isHalf = state === 'half-received' || state === 'sending';
    if (!hasCopy({ state }) && !isHalf) return [];
    const [uuidOfSnapshot = '', sourceUuid = ''] = [id, source].map((one) => one.slice(one.indexOf('-') + 1));
    const name = { uuid: uuidOfSnapshot, owner, sourceUuid, createdAtSeconds, bytes };
    const kind = isHalf ? ('half-received' as const) : ('copy' as const);
    return [{ kind, name, createdAtSeconds, backend: 'rds2', pool: 'copies', subvolume, uuid: `u-${id}` }];
  });
}

/** rds2, which has nothing but copies. */
export function replica(snapshots: readonly SnapshotWithCopy[]): BackendState {
  const found = contents([], [], { label: 'copies' });
  return answering({ ...found, inventory: { ...found.inventory, copies: received(snapshots) } }, 'rds2');
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
    view: {
      volumes: listed(volumes),
      contents: listed(contentsOfIds),
      attachments: listed([]),
      claims: listed([]),
      snapshots: listed([]),
    },
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

type SomeReadings = Pick<Readings, 'backends' | 'cluster'> & Partial<Readings>;

/** What readings show of which the last two have found the same. */
export function sceneOf(readings: SomeReadings): Scene {
  const backends = readings.backends.map((state) => ({
    ...state,
    contents: state.contents && seenTwice(state.contents),
  }));
  const { unseen: unseenBefore } = built({ ...readings, backends });
  return built({ unseenBefore, ...readings, backends }).scene;
}

/** What the first reading shows. */
export function firstSceneOf(readings: SomeReadings): Scene {
  return built(readings).scene;
}

function built(readings: SomeReadings): BuiltScene {
  return buildScene({ pairs: [], unseenBefore: new Set(), now: NOW, ...readings }, SETTINGS);
}

function seenTwice(contents: BackendContents): BackendContents {
  const { look } = lookedAgain(contents.inventory, lookedAgain(contents.inventory, FIRST_LOOK).look);
  return { ...contents, look };
}

/** What a transfer that was cut off has left under the name of the first snapshot. */
export const HALF_RECEIVED = {
  kind: 'half-received',
  name: snapshot(1, 1, 1).name,
  createdAtSeconds: 1n,
  backend: 'rds1',
  pool: 'pool1',
  subvolume: 'x',
  uuid: 'u-1',
} as const;
