import { printSize } from '../failures/print-size.ts';
import type { Pod } from '../kubernetes/kinds.ts';
import type { Seen } from '../kubernetes/reader.ts';
import { type ClusterState, isAlive, isReady, there } from './cluster-state.ts';
import { controllerPods, troubleOf } from './driver-pods.ts';
import type { LinkKey, RuledFinding, State } from './finding.ts';
import { awaitedSnapshot, classOf } from './rules/snapshot.ts';

/** One line of the chain. */
export interface Link {
  readonly key: LinkKey;
  /** What it is, e.g. `PersistentVolume pvc-1`. */
  readonly what: string;
  /** How it stands, in a few words. */
  readonly how: string;
  readonly state: State | 'fine';
}

/** `otherwise` is the state of a link that no finding is about; `fine` when left out. */
type Sketch = Omit<Link, 'state'> & { readonly otherwise?: Link['state'] };

/** Worst first: what a link shows when there are several findings at it. */
const WORST: readonly State[] = ['stuck', 'unknown', 'waiting', 'degraded'];

/** The links from what was asked about to the RDS, each with what the findings say of it. */
export function chainOf(cluster: ClusterState, findings: readonly RuledFinding[]): Link[] {
  const sketches = [
    ...(cluster.subject.kind === 'snapshot' ? snapshotLinks(cluster) : []),
    ...claimLinks(cluster, findings),
    ...volumeLinks(cluster),
    ...attachmentLinks(cluster),
    ...nodeLinks(cluster, findings),
    ...podLinks(cluster),
    ...driverLinks(cluster, findings),
    ...deviceLinks(cluster),
  ];
  return sketches.map(({ otherwise, ...link }) => {
    const states = findings.filter(({ at }) => at === link.key).map(({ state }) => state);
    const state = WORST.find((one) => states.includes(one)) ?? otherwise ?? 'fine';
    return { ...link, state };
  });
}

/** A link for one object, or what came of looking for it. */
function single<T>(key: LinkKey, what: string, seen: Seen<T> | undefined, how: (object: T) => string): Sketch[] {
  if (seen === undefined) return [];
  if (seen.is === 'unseen') return [{ key, what, how: 'could not be looked at', otherwise: 'unknown' }];
  // It may be that no one needs it; but it is not as it should be.
  if (seen.is === 'absent') return [{ key, what, how: 'does not exist', otherwise: 'waiting' }];
  return [{ key, what, how: how(seen.object) }];
}

function some(...parts: readonly (string | undefined | false)[]): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== '').join(', ');
}

function claimLinks(cluster: ClusterState, findings: readonly RuledFinding[]): Sketch[] {
  const { claim, subject, storageClass, source, snapshot } = cluster;
  const object = there(claim);
  const name = object?.metadata.name ?? there(snapshot)?.spec.source.persistentVolumeClaimName ?? subject.name;
  const namespace = object?.metadata.namespace ?? subject.namespace;
  const wanted = object?.spec.storageClassName;
  const classes = single(
    'class',
    `StorageClass${wanted === undefined ? '' : ` ${wanted}`}`,
    storageClass,
    ({ provisioner, volumeBindingMode }) => some(provisioner, volumeBindingMode),
  );
  return [
    ...single('claim', `PersistentVolumeClaim ${namespace}/${name}`, claim, ({ metadata, spec, status }) =>
      some(
        metadata.deletionTimestamp === undefined ? (status?.phase ?? 'Pending') : 'Terminating',
        status?.capacity?.storage ?? spec.resources?.requests?.storage,
        ...(status?.conditions.filter((one) => one.status === 'True').map(({ type }) => type) ?? []),
      ),
    ),
    ...(object?.status?.phase !== 'Bound' || findings.some(({ at }) => at === 'class') ? classes : []),
    ...(source === undefined ? [] : single<unknown>('source', source.what, source.seen, () => 'exists')),
  ];
}

function volumeLinks({ volume, claim, subject }: ClusterState): Sketch[] {
  const name = there(volume)?.metadata.name ?? there(claim)?.spec.volumeName ?? subject.name;
  return single('volume', `PersistentVolume ${name}`, volume, ({ metadata, spec, status }) =>
    some(
      metadata.deletionTimestamp === undefined ? status?.phase : 'Terminating',
      spec.capacity?.storage,
      spec.accessModes.join(' '),
      spec.csi?.volumeHandle,
    ),
  );
}

function attachmentLinks({ attachments }: ClusterState): Sketch[] {
  if (attachments?.is === 'unseen') {
    return [{ key: 'attachment ', what: 'VolumeAttachments', how: 'could not be looked at', otherwise: 'unknown' }];
  }
  return (there(attachments) ?? []).map(({ metadata, spec, status }): Sketch => {
    const leaving = metadata.deletionTimestamp !== undefined;
    const how = leaving ? 'being detached' : status?.attached === true ? 'attached' : 'not attached';
    return { key: `attachment ${metadata.name}`, what: `VolumeAttachment to ${spec.nodeName}`, how };
  });
}

/** Nodes are a link only where one of them matters. */
function nodeLinks({ nodes, csiNodes, driver }: ClusterState, findings: readonly RuledFinding[]): Sketch[] {
  const names = new Set([
    ...csiNodes.keys(),
    ...findings.flatMap(({ at }) => (at.startsWith('node ') ? at.slice(5) : [])),
  ]);
  return [...names].map((name): Sketch => {
    const node = there(nodes)?.find(({ metadata }) => metadata.name === name);
    const registered = there(csiNodes.get(name))?.spec.drivers.some((one) => one.name === driver);
    const ready =
      nodes?.is !== 'there'
        ? undefined
        : node === undefined
          ? 'not in the cluster'
          : isReady(node)
            ? 'Ready'
            : 'not ready';
    return {
      key: `node ${name}`,
      what: `Node ${name}`,
      how:
        some(ready, registered === undefined ? undefined : `driver ${registered ? '' : 'not '}registered`) ||
        'could not be looked at',
      ...(ready === undefined && registered === undefined && { otherwise: 'unknown' as const }),
    };
  });
}

function podLinks({ pods }: ClusterState): Sketch[] {
  if (pods?.is === 'unseen')
    return [{ key: 'pod ', what: 'Pods', how: 'could not be looked at', otherwise: 'unknown' }];
  return (there(pods) ?? []).filter(isAlive).map((pod): Sketch => {
    const { metadata, spec } = pod;
    const where = spec.nodeName === undefined ? '' : ` on ${spec.nodeName}`;
    return {
      key: `pod ${metadata.name}`,
      what: `Pod ${metadata.name}${where}`,
      how: stateOf(pod),
      otherwise: isReady(pod) ? 'fine' : 'waiting',
    };
  });
}

function stateOf(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (isReady(pod)) return 'Ready';
  const waiting = pod.status?.containerStatuses.find(({ state }) => state?.waiting?.reason !== undefined);
  return waiting?.state?.waiting?.reason ?? pod.status?.phase ?? 'not ready';
}

/** The driver is a link where something waits for it. */
function driverLinks(cluster: ClusterState, findings: readonly RuledFinding[]): Sketch[] {
  if (!findings.some(({ at }) => at === 'driver')) return [];
  const pods = controllerPods(cluster) ?? [];
  const how =
    pods.length === 0
      ? 'no pod is seen'
      : pods.map((pod) => troubleOf(pod) ?? `${pod.metadata.name} (ready)`).join(', ');
  return [{ key: 'driver', what: `controller of ${cluster.driver}`, how }];
}

const NO_CLASS = { is: 'absent' } as const;

function snapshotLinks(cluster: ClusterState): Sketch[] {
  const { snapshot, subject, snapshotClasses, content, snapshotControllerPods } = cluster;
  const object = there(snapshot);
  const { boundVolumeSnapshotContentName: bound } = object?.status ?? {};
  const contentName = bound ?? object?.spec.source.volumeSnapshotContentName ?? '';
  const className = object?.spec.volumeSnapshotClassName;
  const found = classOf(cluster);
  const known = found === undefined || found === 'none' ? NO_CLASS : ({ is: 'there', object: found } as const);
  // Once it is taken the class is of no interest, and a content made by hand needs none.
  const isByHand = object?.spec.source.volumeSnapshotContentName !== undefined;
  const needsClass = awaitedSnapshot(cluster) !== undefined && !isByHand;
  const classSeen = snapshotClasses?.is === 'there' ? known : snapshotClasses;
  const ready = (isIt: boolean | undefined) => (isIt === true ? 'ready to use' : 'not ready to use');
  return [
    ...single('snapshot', `VolumeSnapshot ${subject.namespace}/${subject.name}`, snapshot, ({ metadata, status }) =>
      some(metadata.deletionTimestamp === undefined ? ready(status?.readyToUse) : 'Terminating', status?.restoreSize),
    ),
    ...(needsClass
      ? single(
          'snapshot class',
          `VolumeSnapshotClass ${className ?? (known.is === 'there' ? known.object.metadata.name : '')}`.trim(),
          classSeen,
          ({ driver }) => driver,
        )
      : []),
    ...(object === undefined || bound !== undefined ? [] : controllerLink(snapshotControllerPods)),
    ...single('content', `VolumeSnapshotContent ${contentName}`, content, ({ metadata, spec, status }) =>
      some(
        metadata.deletionTimestamp === undefined ? ready(status?.readyToUse) : 'Terminating',
        status?.snapshotHandle ?? spec.source.snapshotHandle,
        spec.deletionPolicy,
      ),
    ),
  ];
}

function controllerLink(pods: ClusterState['snapshotControllerPods']): Sketch[] {
  const how = (seen: readonly Pod[]) => (seen.some(isReady) ? 'ready' : seen.length === 0 ? 'not seen' : 'not ready');
  return single('snapshot controller', 'snapshot-controller', pods, how);
}

function deviceLinks({ view }: ClusterState): Sketch[] {
  if (view === undefined) return [];
  const { device, status } = view;
  const room = status === undefined ? '' : `${printSize(status.freeBytes)} left for new volumes`;
  switch (device.is) {
    case 'volume': {
      const where = device.nodes.length === 0 ? 'published to no node' : `published to ${device.nodes.join(', ')}`;
      const size = device.bytes === undefined ? 'size not known' : printSize(device.bytes);
      const exported = device.slot === undefined ? 'no disk item' : device.exported ? 'exported' : 'not exported';
      return [{ key: 'device', what: `RDS, ${device.id}`, how: some(size, `pool ${device.pool}`, exported, where) }];
    }
    case 'snapshot': {
      const taken = new Date(device.takenAt).toISOString();
      return [
        {
          key: 'device',
          what: `RDS, ${device.id}`,
          how: some(printSize(device.bytes), `pool ${device.pool}`, `taken ${taken}`),
        },
      ];
    }
    case 'absent':
      return [{ key: 'device', what: `RDS, ${device.id}`, how: 'is not there' }];
    case 'unconfigured':
      return [{ key: 'device', what: `RDS, ${device.id}`, how: 'on a backend that is not configured' }];
    case 'unseen':
      return [{ key: 'device', what: `RDS, ${device.id}`, how: 'could not be asked', otherwise: 'unknown' }];
    case 'none':
      return status === undefined
        ? []
        : [{ key: 'device', what: `RDS ${status.backend}`, how: some('nothing is there yet', room) }];
  }
}
