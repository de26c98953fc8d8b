import {
  type Claim,
  type Event,
  kinds,
  type Pod,
  type StorageClass,
  type Volume,
  type VolumeAttachment,
  type VolumeSnapshot,
} from '../kubernetes/kinds.ts';
import type { Reader as HttpReader, Seen } from '../kubernetes/reader.ts';
import { parseHandle } from '../storage/ids.ts';
import { type ClusterState, type DeviceView, isAlive, isGoing, type Subject, there, timeOf } from './cluster-state.ts';
import { DRIVER_PODS, isOfChart } from './driver-pods.ts';

/** Looks at Kubernetes. */
export type Reader = Pick<HttpReader, 'get' | 'list'>;

/** Asks the backends; what it is asked for says which. */
export interface BackendReader {
  readonly backends: readonly string[];
  /** Throws nothing. */
  volume(handle: string, nodeNames: readonly string[]): Promise<DeviceView>;
  snapshot(handle: string): Promise<DeviceView>;
  /** The RDS that a new volume of a class with these parameters would go to; none when they leave it open and there are several. */
  forNew(parameters: Readonly<Record<string, string>>): Promise<DeviceView>;
}

export interface GatherOptions {
  readonly subject: Subject;
  readonly driver: string;
  /** Undefined leaves the backends alone. */
  readonly backends: BackendReader | undefined;
  /** The file that leads to them, for the commands that are printed. */
  readonly configFile?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

type Part = Partial<{ -readonly [Key in keyof ClusterState]: ClusterState[Key] }>;

/** Where Events about objects without a namespace are. */
const CLUSTER_EVENTS = 'default';
const IS_DEFAULT = 'storageclass.kubernetes.io/is-default-class';
const SNAPSHOT_CONTROLLER = 'app.kubernetes.io/name=snapshot-controller';
/** The label of snapshot-controller before its version 7. */
const SNAPSHOT_CONTROLLER_OLD = 'app=snapshot-controller';

/** Looks at everything along the chain. It changes nothing, and what it cannot see is in the cluster state as unseen. */
export async function gather(reader: Reader, options: GatherOptions): Promise<ClusterState> {
  const { subject, driver, now } = options;
  const [start, driverPods, csiDriver] = await Promise.all([
    subject.kind === 'snapshot' ? fromSnapshot(reader, subject) : fromClaimOrVolume(reader, subject),
    reader.list(kinds.pod, { labels: DRIVER_PODS }),
    reader.get(kinds.csiDriver, driver),
  ]);
  const around = await users(reader, subject, start);
  const cluster: ClusterState = {
    now,
    driver,
    subject,
    elsewhere: [],
    csiNodes: new Map(),
    events: new Map(),
    csiDriver,
    driverPods: filtered(driverPods, isOfChart),
    ...start,
    ...around,
    ...(options.configFile !== undefined && { configFile: options.configFile }),
  };
  const [events, view] = await Promise.all([eventsOf(reader, cluster), withBackend(reader, cluster, options.backends)]);
  return { ...view, events };
}

/**
 * The RDS is read after the attachments. A node on its record that is not among them may have been attached in between, so
 * both are read again before that is believed: the remedy for it takes the volume from that node.
 */
async function withBackend(
  reader: Reader,
  cluster: ClusterState,
  backends: BackendReader | undefined,
): Promise<ClusterState> {
  const view = await askBackends(cluster, backends);
  if (view === undefined) return cluster;
  const nodes = view.device.is === 'volume' ? view.device.nodes : [];
  const attached = there(cluster.attachments)?.map(({ spec }) => spec.nodeName) ?? [];
  const volume = there(cluster.volume);
  if (cluster.attachments === undefined || volume === undefined || nodes.every((node) => attached.includes(node))) {
    return { ...cluster, view };
  }
  const all = await reader.list(kinds.attachment);
  const [again, sharing] = await Promise.all([
    askBackends({ ...cluster, attachments: of(volume, all) }, backends),
    sharingOf(reader, volume, there(all) ?? [], nodes),
  ]);
  return { ...cluster, attachments: of(volume, all), sharing, ...(again && { view: again }) };
}

function of({ metadata }: Volume, all: Seen<readonly VolumeAttachment[]>): Seen<readonly VolumeAttachment[]> {
  return filtered(all, ({ spec }) => spec.source.persistentVolumeName === metadata.name);
}

/** Other PersistentVolumes of the same volume that are attached to one of the nodes. */
async function sharingOf(
  reader: Reader,
  { metadata, spec: { csi } }: Volume,
  attachments: readonly VolumeAttachment[],
  nodes: readonly string[],
): Promise<NonNullable<ClusterState['sharing']>> {
  const suspects = attachments.flatMap(({ spec: { source, nodeName: node } }) => {
    const { persistentVolumeName: name } = source;
    return name !== undefined && name !== metadata.name && nodes.includes(node) ? [{ name, node }] : [];
  });
  const looked = suspects.map(async (one) => ({ ...one, seen: there(await reader.get(kinds.volume, one.name)) }));
  return (await Promise.all(looked)).flatMap(({ name, node, seen }) => {
    const isSame = seen?.spec.csi?.driver === csi?.driver && seen?.spec.csi?.volumeHandle === csi?.volumeHandle;
    return isSame ? [{ name, node }] : [];
  });
}

async function fromClaimOrVolume(reader: Reader, { kind, name, namespace }: Subject): Promise<Part> {
  if (kind === 'claim') return await claimPart(reader, await reader.get(kinds.claim, name, namespace), name);
  const volume = await reader.get(kinds.volume, name);
  const ref = there(volume)?.spec.claimRef;
  if (ref === undefined) return { volume };
  const claim = await reader.get(kinds.claim, ref.name, ref.namespace);
  // An earlier claim of the same name is none of this volume's.
  const isOther = there(claim) !== undefined && ref.uid !== undefined && there(claim)?.metadata.uid !== ref.uid;
  return { volume, ...(!isOther && claim.is !== 'absent' && { claim }) };
}

async function claimPart(reader: Reader, claim: Seen<Claim>, name: string): Promise<Part> {
  const object = there(claim);
  if (object === undefined) {
    return { claim, ...(claim.is === 'absent' && { elsewhere: namesOf(await reader.list(kinds.claim), name) }) };
  }
  const { volumeName } = object.spec;
  const [volume, storageClass, source] = await Promise.all([
    volumeName === undefined ? undefined : reader.get(kinds.volume, volumeName),
    classOf(reader, object),
    sourceOf(reader, object),
  ]);
  const capacities = object.status?.phase === 'Bound' ? undefined : await capacitiesOf(reader, there(storageClass));
  return {
    claim,
    ...(volume && { volume }),
    ...(storageClass && { storageClass }),
    ...(source && { source }),
    ...(capacities && { capacities }),
  };
}

function namesOf(seen: Seen<readonly (Claim | VolumeSnapshot)[]>, name: string): string[] {
  return (there(seen) ?? [])
    .filter(({ metadata }) => metadata.name === name)
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

/** The class that a claim names, or the default one; undefined for a claim that wants none. */
async function classOf(reader: Reader, { spec }: Claim): Promise<ClusterState['storageClass']> {
  const { storageClassName: name } = spec;
  if (name === '') return undefined;
  if (name !== undefined) return await reader.get(kinds.storageClass, name);
  const seen = await reader.list(kinds.storageClass);
  if (seen.is !== 'there') return seen;
  const object = seen.object.find(({ metadata }) => metadata.annotations[IS_DEFAULT] === 'true');
  return object === undefined ? { is: 'absent' } : { is: 'there', object };
}

/** Only for a class whose volumes are placed by the scheduler. */
async function capacitiesOf(
  reader: Reader,
  storageClass: StorageClass | undefined,
): Promise<ClusterState['capacities']> {
  if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') return undefined;
  const { name } = storageClass.metadata;
  return filtered(await reader.list(kinds.capacity), ({ storageClassName }) => storageClassName === name);
}

async function sourceOf(reader: Reader, { metadata, spec, status }: Claim): Promise<ClusterState['source']> {
  const source = spec.dataSource ?? spec.dataSourceRef;
  if (source === undefined || source === null || status?.phase === 'Bound') return undefined;
  const what = `${source.kind} ${source.name}`;
  const namespace = ('namespace' in source ? source.namespace : undefined) ?? metadata.namespace;
  if (source.kind === 'VolumeSnapshot') return { what, seen: await reader.get(kinds.snapshot, source.name, namespace) };
  if (source.kind !== 'PersistentVolumeClaim') return undefined;
  return { what, seen: await reader.get(kinds.claim, source.name, namespace) };
}

async function fromSnapshot(reader: Reader, { name, namespace }: Subject): Promise<Part> {
  const [snapshot, snapshotClasses] = await Promise.all([
    reader.get(kinds.snapshot, name, namespace),
    reader.list(kinds.snapshotClass),
  ]);
  const object = there(snapshot);
  if (object === undefined) {
    const isAbsent = snapshot.is === 'absent' && snapshotClasses.is === 'there';
    const elsewhere = isAbsent ? namesOf(await reader.list(kinds.snapshot), name) : [];
    return { snapshot, snapshotClasses, elsewhere };
  }
  const { source } = object.spec;
  const contentName = object.status?.boundVolumeSnapshotContentName ?? source.volumeSnapshotContentName;
  const isReady = object.status?.readyToUse === true;
  const [content, claim, snapshotControllerPods, nodes] = await Promise.all([
    contentName === undefined ? undefined : reader.get(kinds.content, contentName),
    source.persistentVolumeClaimName === undefined || isReady
      ? undefined
      : reader.get(kinds.claim, source.persistentVolumeClaimName, namespace),
    snapshotControllers(reader),
    // The RDS knows the nodes that have the volume by their ids.
    isReady ? undefined : reader.list(kinds.node),
  ]);
  return {
    snapshot,
    snapshotClasses,
    snapshotControllerPods,
    ...(content && { content }),
    ...(claim && { claim }),
    ...(nodes && { nodes }),
  };
}

async function snapshotControllers(reader: Reader): Promise<Seen<readonly Pod[]>> {
  const found = await reader.list(kinds.pod, { labels: SNAPSHOT_CONTROLLER });
  if (found.is !== 'there' || found.object.length > 0) return found;
  return await reader.list(kinds.pod, { labels: SNAPSHOT_CONTROLLER_OLD });
}

/** What uses the volume: attachments, pods, nodes. Nothing of it is of interest for a snapshot. */
async function users(reader: Reader, { kind }: Subject, { claim, volume }: Part): Promise<Part> {
  const object = there(claim);
  const made = there(volume);
  if (kind === 'snapshot' || (object === undefined && made === undefined)) return {};
  const { name = '', namespace = '' } = object?.metadata ?? {};
  const isLeaving = object !== undefined && isGoing(object);
  const [allPods, attachments, nodes, snapshots] = await Promise.all([
    object === undefined ? undefined : reader.list(kinds.pod, { namespace }),
    made === undefined ? undefined : reader.list(kinds.attachment).then((all) => of(made, all)),
    made === undefined ? undefined : reader.list(kinds.node),
    isLeaving ? reader.list(kinds.snapshot, { namespace }) : undefined,
  ]);
  const pods = allPods && filtered(allPods, (pod) => uses(pod, name));
  const places = new Set((there(pods) ?? []).flatMap((pod) => (isAlive(pod) ? (pod.spec.nodeName ?? []) : [])));
  const csiNodes = await Promise.all(
    [...places].map(async (node) => [node, await reader.get(kinds.csiNode, node)] as const),
  );
  return {
    csiNodes: new Map(csiNodes),
    ...(pods && { pods }),
    ...(attachments && { attachments }),
    ...(nodes && { nodes }),
    ...(snapshots && { snapshots }),
  };
}

/** An ephemeral volume makes a claim that is named after pod and volume. */
function uses({ metadata, spec }: Pod, claimName: string): boolean {
  return spec.volumes.some(
    ({ name, persistentVolumeClaim, ephemeral }) =>
      persistentVolumeClaim?.claimName === claimName ||
      (ephemeral !== undefined && `${metadata.name}-${name}` === claimName),
  );
}

function filtered<T>(seen: Seen<readonly T[]>, isWanted: (object: T) => boolean): Seen<readonly T[]> {
  return seen.is === 'there' ? { is: 'there', object: seen.object.filter(isWanted) } : seen;
}

/** The Events of every link that is there, newest first. */
async function eventsOf(reader: Reader, cluster: ClusterState): Promise<Map<string, Seen<readonly Event[]>>> {
  const { claim, volume, snapshot, content, pods } = cluster;
  const objects: (readonly [string, { readonly name: string; readonly namespace?: string | undefined } | undefined])[] =
    [
      ['PersistentVolumeClaim', there(claim)?.metadata],
      ['PersistentVolume', there(volume)?.metadata],
      ['VolumeSnapshot', there(snapshot)?.metadata],
      ['VolumeSnapshotContent', there(content)?.metadata],
      ...(there(pods) ?? []).filter(isAlive).map(({ metadata }) => ['Pod', metadata] as const),
    ];
  const places = new Set((there(pods) ?? []).flatMap((pod) => (isAlive(pod) ? (pod.spec.nodeName ?? []) : [])));
  for (const name of there(volume) === undefined ? [] : places) objects.push(['Node', { name }]);
  const lists = objects.map(async ([kind, metadata]): Promise<[string, Seen<readonly Event[]>][]> => {
    if (metadata === undefined) return [];
    const fields = `involvedObject.kind=${kind},involvedObject.name=${metadata.name}`;
    const seen = await reader.list(kinds.event, { namespace: metadata.namespace ?? CLUSTER_EVENTS, fields });
    return [[`${kind}/${metadata.name}`, sorted(seen)]];
  });
  return new Map((await Promise.all(lists)).flat());
}

function sorted(seen: Seen<readonly Event[]>): Seen<readonly Event[]> {
  if (seen.is !== 'there') return seen;
  return { is: 'there', object: seen.object.toSorted((a, b) => timeOf(b) - timeOf(a)) };
}

async function askBackends(
  cluster: ClusterState,
  backends: BackendReader | undefined,
): Promise<DeviceView | undefined> {
  if (backends === undefined) return undefined;
  const { driver, volume, content, storageClass } = cluster;
  // A node that was deleted has its attachments still, and may run.
  const names = [
    ...(there(cluster.nodes) ?? []).map(({ metadata }) => metadata.name),
    ...(there(cluster.attachments) ?? []).map(({ spec }) => spec.nodeName),
  ];
  if (cluster.subject.kind === 'snapshot') {
    const object = there(content);
    const handle = object?.status?.snapshotHandle ?? object?.spec.source.snapshotHandle;
    if (object?.spec.driver !== driver) return nothingYet(backends);
    if (handle !== undefined) {
      return parseHandle('snap', handle) === undefined ? nothingYet(backends) : await backends.snapshot(handle);
    }
    // Before there is a snapshot, what it is to be taken of tells whether it can be.
    const { volumeHandle } = object.spec.source;
    const isLeaving = isGoing(object) || there(cluster.snapshot)?.metadata.deletionTimestamp !== undefined;
    return volumeHandle === undefined || isLeaving ? nothingYet(backends) : await backends.volume(volumeHandle, names);
  }
  const csi = there(volume)?.spec.csi;
  if (csi !== undefined) {
    const isOurs = csi.driver === driver && parseHandle('pvc', csi.volumeHandle) !== undefined;
    return isOurs ? await backends.volume(csi.volumeHandle, names) : nothingYet(backends);
  }
  const made = there(storageClass);
  if (made?.provisioner !== driver) return nothingYet(backends);
  return await backends.forNew(made.parameters);
}

function nothingYet({ backends }: BackendReader): DeviceView {
  return { backends, device: { is: 'none' }, status: undefined };
}
