import { age, type ClusterState, isReady, newest, telling, there } from '../cluster-state.ts';
import { explain } from '../explain.ts';
import type { Finding, Rule } from '../finding.ts';
import { PATIENCE_MS } from './claim.ts';

/** A VolumeSnapshot that is not ready; what comes before its content. */
export const snapshotRules: readonly Rule[] = [
  { id: 'snapshot-crds-missing', notices: 'the API server does not know the snapshot kinds', judge: noCrds },
  { id: 'snapshot-not-found', notices: 'there is no VolumeSnapshot of that name in the namespace', judge: notFound },
  {
    id: 'snapshot-class-missing',
    notices: 'the snapshot names no class and none is the default, or its class does not exist',
    judge: noClass,
  },
  {
    id: 'snapshot-class-of-another-driver',
    notices: 'the class of the snapshot belongs to another driver',
    judge: foreignClass,
  },
  {
    id: 'snapshot-source-missing',
    notices: 'the claim of the snapshot does not exist or is not bound',
    judge: noSource,
  },
  {
    id: 'snapshot-controller-not-running',
    notices: 'no ready snapshot-controller is seen, and the snapshot has no content',
    judge: noSnapshotController,
  },
  {
    id: 'snapshot-not-bound',
    notices: 'snapshot-controller has made no content, and says why or says nothing',
    judge: notBound,
  },
];

/** The snapshot while it is being taken. */
export function awaitedSnapshot({ snapshot }: ClusterState) {
  const object = there(snapshot);
  const isDone = object?.status?.readyToUse === true || object?.metadata.deletionTimestamp !== undefined;
  return object === undefined || isDone ? undefined : object;
}

function hasContent(cluster: ClusterState): boolean {
  return awaitedSnapshot(cluster)?.status?.boundVolumeSnapshotContentName !== undefined;
}

function noCrds({ subject, snapshotClasses }: ClusterState): Finding | undefined {
  if (subject.kind !== 'snapshot' || snapshotClasses?.is !== 'absent') return undefined;
  return {
    state: 'stuck',
    at: 'snapshot',
    what: 'This cluster has no snapshots at all: the API server does not know their kinds.',
    why: 'The snapshot CRDs are not installed. They belong to the cluster and come with snapshot-controller, not with this driver.',
    next: 'Install CRDs and snapshot-controller (docs/install.md).',
    command: 'kubectl get crd volumesnapshots.snapshot.storage.k8s.io',
  };
}

function notFound({ snapshot, snapshotClasses, subject, elsewhere }: ClusterState): Finding | undefined {
  if (snapshot?.is !== 'absent' || snapshotClasses?.is === 'absent') return undefined;
  const { name, namespace } = subject;
  const [other] = elsewhere;
  return {
    state: 'stuck',
    at: 'snapshot',
    what: `There is no VolumeSnapshot ${name} in namespace ${namespace}.`,
    why:
      other === undefined
        ? 'No namespace that can be seen has one of that name.'
        : `There is one in: ${elsewhere.join(', ')}.`,
    next: other === undefined ? 'See which snapshots there are.' : 'Name the namespace.',
    command:
      other === undefined
        ? 'kubectl get volumesnapshots --all-namespaces'
        : `rose-csi why vs/${name} -n ${other.slice(0, other.indexOf('/'))}`,
  };
}

const IS_DEFAULT = 'snapshot.storage.kubernetes.io/is-default-class';

/** The class of a snapshot that is not ready; `none` when it names none and no class of the driver is the default one. */
export function classOf(cluster: ClusterState) {
  const wanted = awaitedSnapshot(cluster)?.spec.volumeSnapshotClassName;
  const classes = there(cluster.snapshotClasses);
  if (classes === undefined) return undefined;
  if (wanted !== undefined) return classes.find(({ metadata }) => metadata.name === wanted) ?? 'none';
  const defaults = classes.filter(({ metadata }) => metadata.annotations[IS_DEFAULT] === 'true');
  return defaults.find(({ driver }) => driver === cluster.driver) ?? 'none';
}

function noClass(cluster: ClusterState): Finding | undefined {
  const snapshot = awaitedSnapshot(cluster);
  if (snapshot === undefined || hasContent(cluster) || classOf(cluster) !== 'none') return undefined;
  // One that is bound to a content made by hand needs no class.
  if (snapshot.spec.source.volumeSnapshotContentName !== undefined) return undefined;
  const wanted = snapshot.spec.volumeSnapshotClassName;
  return {
    state: 'stuck',
    at: 'snapshot class',
    what:
      wanted === undefined ? 'The snapshot has no VolumeSnapshotClass.' : `There is no VolumeSnapshotClass ${wanted}.`,
    why:
      wanted === undefined
        ? `It names none, and no class of ${cluster.driver} has the annotation ${IS_DEFAULT}: "true".`
        : 'The snapshot names it, so it is not taken until there is one.',
    next: 'See which classes there are; recreate the snapshot with one of them.',
    command: 'kubectl get volumesnapshotclasses',
  };
}

function foreignClass(cluster: ClusterState): Finding | undefined {
  const found = classOf(cluster);
  if (
    awaitedSnapshot(cluster) === undefined ||
    found === undefined ||
    found === 'none' ||
    found.driver === cluster.driver
  ) {
    return undefined;
  }
  return {
    state: 'stuck',
    at: 'snapshot class',
    what: `VolumeSnapshotClass ${found.metadata.name} uses driver ${found.driver}, not ${cluster.driver}.`,
    why: 'A snapshot can be taken only by the driver of its volume.',
    next: 'Recreate the snapshot with a class of the driver of its claim.',
    command: 'kubectl get volumesnapshotclasses',
  };
}

function noSource(cluster: ClusterState): Finding | undefined {
  const snapshot = awaitedSnapshot(cluster);
  const name = snapshot?.spec.source.persistentVolumeClaimName;
  if (snapshot === undefined || name === undefined || hasContent(cluster)) return undefined;
  const isAbsent = cluster.claim?.is === 'absent';
  const claim = there(cluster.claim);
  if (!isAbsent && (claim === undefined || claim.status?.phase === 'Bound')) return undefined;
  const { namespace } = snapshot.metadata;
  return {
    state: 'stuck',
    at: 'claim',
    what: `The snapshot is to be taken of the claim ${name}, which ${isAbsent ? 'does not exist' : 'is not bound'}.`,
    why: isAbsent ? 'There is nothing to take it of.' : 'There is no volume to take it of yet.',
    next: isAbsent ? 'Delete the snapshot; see which claims there are.' : 'Ask why the claim is stuck.',
    command: isAbsent
      ? `kubectl -n ${namespace} get persistentvolumeclaims`
      : `rose-csi why pvc/${name} -n ${namespace}`,
  };
}

function noSnapshotController(cluster: ClusterState): Finding | undefined {
  const pods = there(cluster.snapshotControllerPods);
  if (awaitedSnapshot(cluster) === undefined || hasContent(cluster) || pods === undefined || pods.some(isReady))
    return undefined;
  const [pod] = pods;
  // Where it runs with the control plane no pod of it is seen, and what it says of the snapshot is.
  if (pod === undefined && hasSpoken(cluster)) return undefined;
  return {
    state: 'stuck',
    at: 'snapshot controller',
    what: pod === undefined ? 'No snapshot-controller is seen in this cluster.' : 'snapshot-controller is not ready.',
    why: 'It makes the content of a snapshot, which the driver then takes. It belongs to the cluster, not to this driver.',
    next:
      pod === undefined ? 'See whether it runs under another label; if not, install it (docs/install.md).' : 'See why.',
    command:
      pod === undefined
        ? 'kubectl get deployments --all-namespaces | grep snapshot-controller'
        : `kubectl -n ${pod.metadata.namespace} describe pod ${pod.metadata.name}`,
  };
}

function hasSpoken({ snapshot, events, subject }: ClusterState): boolean {
  const said = there(events.get(`VolumeSnapshot/${subject.name}`)) ?? [];
  const isItsOwn = said.some(({ source }) => source?.component === 'snapshot-controller');
  return isItsOwn || there(snapshot)?.status?.error !== undefined;
}

function notBound(cluster: ClusterState): Finding | undefined {
  const snapshot = awaitedSnapshot(cluster);
  if (snapshot === undefined || hasContent(cluster) || classOf(cluster) === 'none') return undefined;
  // A content made by hand has rules of its own.
  if (snapshot.spec.source.volumeSnapshotContentName !== undefined) return undefined;
  const said =
    telling(snapshot.status?.error?.message) ?? newest(cluster, 'VolumeSnapshot', snapshot.metadata.name)?.message;
  const isLate = age(cluster, snapshot.metadata.creationTimestamp) > PATIENCE_MS;
  return {
    state: said !== undefined || isLate ? 'stuck' : 'waiting',
    at: 'snapshot',
    said,
    what: 'The snapshot is bound to no content yet.',
    ...(said === undefined
      ? {
          why: 'No error is reported.',
          next: isLate ? 'See what snapshot-controller says.' : 'Wait some seconds and ask again.',
        }
      : explain(said, cluster)),
    command:
      isLate || said !== undefined
        ? `kubectl -n ${snapshot.metadata.namespace} describe volumesnapshot ${snapshot.metadata.name}`
        : undefined,
  };
}
