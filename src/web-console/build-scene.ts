import { CONDITIONS, conditionSentence } from '../failures/conditions.ts';
import { remedyOf, sentenceOf } from '../failures/message.ts';
import { type Comparison, compare } from '../orphans/comparison.ts';
import { type CopyState, hasCopy } from '../replicas/overview.ts';
import { type Branch, lineage } from '../snapshots/lineage.ts';
import { nodeIdOf } from '../storage/ids.ts';
import { type Inventory, type InventorySnapshot, joinInventories } from '../storage/inventory.ts';
import { scarcity } from '../storage/pool-reading.ts';
import type { BackendState, PoolState } from './backend-reading.ts';
import { type ClusterName, clusterNames } from './cluster-names.ts';
import type { ClusterState } from './cluster-reading.ts';
import { attributed, type CopyWords, type Paired, type PairedSnapshot, paired } from './copies.ts';
import { mattersIn } from './matters.ts';
import type { PairState } from './pair-reading.ts';
import { pairScene } from './pair-scene.ts';
import { recentFailures } from './recent-failures.ts';
import type { BackendScene, ClusterScene, Condition, CopyScene, PoolScene, Row, Scene } from './scene.ts';
import { visibleTexts } from './visible-texts.ts';

/** What does not change while the console runs. */
export interface Settings {
  readonly version: string;
  readonly driver: string;
  readonly clusterId: string;
  /** The owner whose objects need no word about it; all others are adopted. */
  readonly owner: string;
  readonly configFile: string;
  readonly words: CopyWords;
}

/** Everything that was read, at one time. */
export interface Readings {
  readonly backends: readonly BackendState[];
  readonly pairs: readonly PairState[];
  readonly cluster: ClusterState;
  /** Handles that Kubernetes named in the reading before, and that were on no backend. */
  readonly unseenBefore: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What is known of an object beside what its backend holds. */
interface Around {
  readonly settings: Settings;
  readonly orphans: ReadonlySet<string>;
  readonly names: (id: string) => ClusterName | undefined;
  readonly nodes: ReadonlyMap<string, string>;
  readonly copies: ReadonlyMap<string, readonly CopyScene[]>;
  readonly paired: Paired;
}

/** What the page shows, and what the next reading has to know of this one. */
export interface BuiltScene {
  readonly scene: Scene;
  /** Handles that Kubernetes names, and that are on no backend. */
  readonly unseen: ReadonlySet<string>;
}

/** Puts together what the page shows. */
export function buildScene(readings: Readings, settings: Settings): BuiltScene {
  const { backends, cluster, pairs } = readings;
  const inventory = inventoryOf(backends);
  const comparison = comparisonOf(readings, inventory, settings.driver);
  const isReferredTo = comparison?.doubt === undefined;
  const snapshots = paired(pairs);
  const unseen = new Set(comparison?.unseen.map(({ handle }) => handle));
  const once =
    backends.reduce((sum, { error, contents }) => sum + (error === undefined ? (contents?.look.once ?? 0) : 0), 0) +
    [...unseen].filter((handle) => !readings.unseenBefore.has(handle)).length;
  const around: Around = {
    settings,
    orphans: new Set(isReferredTo ? comparison?.orphans.map(({ id }) => id) : []),
    names: cluster.is === 'asked' ? clusterNames(cluster.view) : () => undefined,
    nodes: nodesOf(cluster, settings.clusterId),
    copies: attributed(inventory.copies, settings.words, snapshots),
    paired: snapshots,
  };
  const scene = visibleTexts({
    version: settings.version,
    driver: settings.driver,
    configFile: settings.configFile,
    backends: backends.map(backendScene),
    ...(pairs.length > 0 && { pairs: pairs.map((pair) => pairScene(pair, backends)) }),
    cluster: clusterScene(cluster),
    ...(once > 0 && { lookedAtAgain: once }),
    rows: rowsOf(lineage(withCopies(inventory, snapshots)), 0, around),
    matters: mattersIn(readings, { inventory, comparison, paired: snapshots, names: around.names }, settings),
    failures: cluster.is === 'asked' ? recentFailures(cluster.events) : [],
  });
  return { scene, unseen };
}

/** Copies without an original stand in the lineage in its place: below the volume that it was taken of. */
function withCopies({ volumes, snapshots }: Inventory, { alone }: Paired): Pick<Inventory, 'volumes' | 'snapshots'> {
  return { volumes, snapshots: [...snapshots, ...alone.map(inItsPlace)] };
}

function inItsPlace({ copyId: id, name: subvolume, pair, ...copy }: PairedSnapshot): InventorySnapshot {
  const { owner, createdAtSeconds, bytes, volumeId } = copy;
  const [uuid, sourceUuid] = [id, volumeId].map((one) => one.slice(one.indexOf('-') + 1));
  return {
    id,
    backend: pair.from.backend,
    pool: pair.to.pool,
    subvolume,
    name: { uuid: uuid ?? '', owner, sourceUuid: sourceUuid ?? '', createdAtSeconds, bytes },
    duplicates: [],
  };
}

/** What the backends hold, as far as it was ever read. */
function inventoryOf(backends: readonly BackendState[]): Inventory {
  const parts = backends.flatMap(({ contents }) => contents?.inventory ?? []);
  return joinInventories(parts, backends);
}

/** Undefined unless everything was read just now: a part of it would make orphans of what is only not seen. */
function comparisonOf({ backends, cluster }: Readings, inventory: Inventory, driver: string): Comparison | undefined {
  if (cluster.is !== 'asked' || backends.some(({ error }) => error !== undefined)) return undefined;
  return compare(inventory, cluster.view, driver);
}

function nodesOf(cluster: ClusterState, clusterId: string): ReadonlyMap<string, string> {
  const names = cluster.is === 'asked' ? cluster.nodeNames : [];
  return new Map(names.map((name) => [nodeIdOf(clusterId, name), name]));
}

function backendScene({ name, routerOs, problems, error, lostAt, contents }: BackendState): BackendScene {
  const pools = contents?.pools ?? [];
  return {
    name,
    answers: error === undefined,
    ...(routerOs !== undefined && { routerOs }),
    ...(error !== undefined && contents !== undefined && { readAt: contents.at }),
    ...(lostAt !== undefined && { lostAt }),
    conditions: [
      ...(error === undefined ? [] : [condition(error.code, error.detail)]),
      ...problems.filter(({ code }) => code !== error?.code).map(({ code, found }) => condition(code, found)),
      ...pools.flatMap((pool) => {
        const says = scarcity(name, pool);
        const unwell = pool.health.conditions.map((one) => ({
          code: one.code,
          says: `pool ${pool.pool}: ${conditionSentence(one)}`,
          remedy: CONDITIONS[one.code].remedy,
        }));
        return says === undefined ? unwell : [...unwell, { says }];
      }),
    ],
    pools: pools.map(poolScene),
  };
}

function condition(code: Parameters<typeof sentenceOf>[0], detail: string): Condition {
  const remedy = remedyOf(code);
  return { code, says: sentenceOf(code, detail), ...(remedy !== '' && { remedy }) };
}

function poolScene({ pool, size, free, reserve, promised, volumes, snapshots }: PoolState): PoolScene {
  return {
    label: pool,
    size: Number(size),
    free: Number(free),
    reserve: Number(reserve),
    promised: Number(promised),
    volumes,
    snapshots,
  };
}

function clusterScene(cluster: ClusterState): ClusterScene {
  return cluster.is === 'asked' ? { is: 'asked', unseen: cluster.unseen } : cluster;
}

function rowsOf(branches: readonly Branch[], level: number, around: Around): Row[] {
  return branches.flatMap(({ thing, children }) => [
    { ...rowOf(thing, around), level },
    ...rowsOf(children, level + 1, around),
  ]);
}

function rowOf(thing: Branch['thing'], around: Around): Omit<Row, 'level'> {
  const { id } = thing;
  const copies = around.copies.get(id);
  const name = around.names(id);
  const common = {
    id,
    ...(name !== undefined && nameIn(name)),
    ...(around.orphans.has(id) && { orphan: true as const }),
    ...(copies !== undefined && { copies }),
  };
  const { byId, byCopyId } = around.paired;
  const copy = byCopyId.get(id);
  if (copy !== undefined && hasCopy(copy)) return { ...common, ...copyRow(copy, name) };
  if (thing.kind === 'gone') return { kind: 'gone', ...common };
  if (thing.kind === 'snapshot') {
    const state = byId.get(id)?.state;
    const { pool, name: of, duplicates } = thing.snapshot;
    return {
      kind: 'snapshot',
      ...common,
      pool,
      size: Number(of.bytes),
      takenAt: Number(of.createdAtSeconds) * 1000,
      ...(state !== undefined && isUncopied(state) && { uncopied: state }),
      ...ownership(of.owner, duplicates, around),
    };
  }
  const { pool, name: of, sizeBytes, publishedNodeIds, state, duplicates } = thing.volume;
  const lacks = { whole: undefined, 'no-disk-item': 'disk item', 'no-subvolume': 'subvolume' }[state];
  return {
    kind: 'volume',
    ...common,
    pool,
    ...(sizeBytes !== undefined && { size: Number(sizeBytes) }),
    ...(publishedNodeIds.length > 0 && { nodes: publishedNodeIds.map((nodeId) => around.nodes.get(nodeId) ?? nodeId) }),
    ...(lacks !== undefined && { lacks }),
    ...ownership(of.owner, duplicates, around),
  };
}

function copyRow({ id, state, bytes, createdAtSeconds, receivedAt, pair, copyId }: PairedSnapshot, name?: ClusterName) {
  const original: Row['original'] =
    state === 'copied' ? { is: 'there', id } : { is: state === 'alone' ? 'gone' : 'unseen' };
  return {
    kind: 'copy' as const,
    pool: pair.to.pool,
    size: Number(bytes),
    takenAt: Number(createdAtSeconds) * 1000,
    original,
    ...(receivedAt !== undefined && { received: receivedAt }),
    ...(name?.handle === copyId && { referred: true as const }),
  };
}

function isUncopied(state: CopyState): state is NonNullable<Row['uncopied']> {
  return !hasCopy({ state });
}

function nameIn({ object, namespace, name }: ClusterName): Pick<Row, 'object' | 'namespace' | 'name'> {
  return { object, ...(namespace !== undefined && { namespace }), ...(name !== undefined && { name }) };
}

function ownership(
  owner: string,
  duplicates: readonly string[],
  { settings }: Around,
): Pick<Row, 'adopted' | 'duplicates'> {
  return {
    ...(owner !== settings.owner && { adopted: owner }),
    ...(duplicates.length > 0 && { duplicates }),
  };
}
