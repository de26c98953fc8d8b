import type { VolumeSnapshot } from '../../kubernetes/kinds.ts';
import { age, type ClusterState, newest, telling, there } from '../cluster-state.ts';
import { controllerLog } from '../driver-pods.ts';
import { explain } from '../explain.ts';
import type { Finding, Rule } from '../finding.ts';
import { PATIENCE_MS } from './claim.ts';
import { awaitedSnapshot } from './snapshot.ts';

/** The VolumeSnapshotContent, and snapshots that do not go. */
export const contentRules: readonly Rule[] = [
  { id: 'content-missing', notices: 'the content of the snapshot does not exist', judge: missing },
  {
    id: 'content-mismatch',
    notices: 'a content made by hand names another snapshot, another driver, or no handle',
    judge: mismatch,
  },
  {
    id: 'snapshot-failed',
    notices: 'the driver refused to take the snapshot, or has none that a content made by hand names',
    judge: snapshotFailed,
  },
  { id: 'snapshot-silent', notices: 'the content is there, and no snapshot has been taken yet', judge: snapshotSilent },
  { id: 'snapshot-delete-failed', notices: 'the driver refused to delete the snapshot', judge: deleteFailed },
  { id: 'snapshot-held', notices: 'the snapshot is being deleted, and a finalizer holds it', judge: held },
];

function contentName({ snapshot }: ClusterState): string | undefined {
  const object = there(snapshot);
  return object?.status?.boundVolumeSnapshotContentName ?? object?.spec.source.volumeSnapshotContentName;
}

function missing(cluster: ClusterState): Finding | undefined {
  if (cluster.content?.is !== 'absent') return undefined;
  const name = contentName(cluster);
  const snapshot = there(cluster.snapshot);
  const byHand = snapshot !== undefined && isByHand(snapshot);
  return {
    state: 'stuck',
    at: 'content',
    what: `There is no VolumeSnapshotContent ${name}.`,
    why: byHand
      ? 'The snapshot names it as its source, so someone has to make it.'
      : 'The snapshot is bound to it, and someone deleted it. The snapshot may still be on the RDS.',
    next: byHand
      ? 'Make it; `rose-csi orphans adopt` prints what is needed.'
      : 'Look for the snapshot on the RDS; if it is there, `rose-csi orphans adopt` brings it back (docs/orphans.md).',
    command: 'rose-csi orphans report --config rose-csi.yaml',
  };
}

function mismatch(cluster: ClusterState): Finding | undefined {
  const snapshot = there(cluster.snapshot);
  const content = there(cluster.content);
  if (snapshot === undefined || content === undefined) return undefined;
  const { driver, source, deletionPolicy, volumeSnapshotRef: ref } = content.spec;
  const { name, namespace, uid } = snapshot.metadata;
  const takesAll = driver === cluster.driver && deletionPolicy === 'Delete';
  const isAnothers = ref.name !== name || ref.namespace !== namespace;
  const why =
    driver !== cluster.driver
      ? `Its driver is ${driver}, not ${cluster.driver}.`
      : isAnothers
        ? `Its spec.volumeSnapshotRef names ${ref.namespace}/${ref.name}, not ${namespace}/${name}: both have to name each other.`
        : ref.uid !== undefined && ref.uid !== '' && ref.uid !== uid
          ? 'Its spec.volumeSnapshotRef.uid is that of an earlier snapshot of the same name.'
          : isByHand(snapshot) && source.snapshotHandle === undefined
            ? 'Its spec.source has no snapshotHandle, so it was not made for a snapshot that exists.'
            : undefined;
  if (why === undefined) return undefined;
  return {
    state: 'stuck',
    at: 'content',
    why,
    what: `VolumeSnapshotContent ${content.metadata.name} does not fit the snapshot.`,
    next: `${isAnothers ? `Leave it to ${ref.namespace}/${ref.name}, if there is that snapshot. ` : ''}${
      takesAll
        ? 'Before anyone deletes it, keep what it stands for: the snapshot on the RDS goes with it. Then'
        : 'Once it is deleted,'
    } \`rose-csi orphans adopt\` prints a content that fits.`,
    command: takesAll
      ? `kubectl patch volumesnapshotcontent ${content.metadata.name} --type=merge -p '{"spec":{"deletionPolicy":"Retain"}}'`
      : `kubectl get volumesnapshotcontent ${content.metadata.name} -o yaml`,
  };
}

/** A content that names a snapshot on the RDS: nothing is taken for it. */
function isByHand({ spec }: VolumeSnapshot): boolean {
  return spec.source.volumeSnapshotContentName !== undefined;
}

function snapshotFailed(cluster: ClusterState): Finding | undefined {
  const snapshot = awaitedSnapshot(cluster);
  const content = there(cluster.content);
  if (snapshot === undefined || content === undefined || mismatch(cluster) !== undefined) return undefined;
  const said =
    telling(content.status?.error?.message) ??
    telling(snapshot.status?.error?.message) ??
    newest(cluster, 'VolumeSnapshotContent', content.metadata.name)?.message;
  if (said === undefined) return undefined;
  return {
    state: 'stuck',
    at: 'content',
    said,
    what: isByHand(snapshot)
      ? 'The snapshot that the content names cannot be taken over.'
      : 'The snapshot cannot be taken.',
    ...explain(said, cluster),
  };
}

function snapshotSilent(cluster: ClusterState): Finding | undefined {
  const content = there(cluster.content);
  const snapshot = awaitedSnapshot(cluster);
  if (snapshot === undefined || content === undefined) return undefined;
  if (mismatch(cluster) !== undefined || snapshotFailed(cluster) !== undefined) return undefined;
  const isLate = age(cluster, content.metadata.creationTimestamp) > PATIENCE_MS;
  return {
    state: isLate ? 'stuck' : 'waiting',
    at: 'content',
    what: isByHand(snapshot)
      ? 'The snapshot that the content names is looked for, and no one has answered yet.'
      : 'The snapshot is asked for, and no one has answered yet.',
    why: 'The content is there without an error and without a result. It is the container csi-snapshotter of the controller that asks the driver.',
    next: isLate
      ? 'See what it says, and whether the chart has snapshotter.enabled.'
      : 'Wait some seconds and ask again.',
    command: isLate ? controllerLog(cluster) : undefined,
  };
}

function deleteFailed(cluster: ClusterState): Finding | undefined {
  const content = there(cluster.content);
  const isGoing = content?.metadata.deletionTimestamp ?? there(cluster.snapshot)?.metadata.deletionTimestamp;
  if (content === undefined || isGoing === undefined) return undefined;
  const event = newest(cluster, 'VolumeSnapshotContent', content.metadata.name, ['SnapshotDeleteError']);
  const said = telling(content.status?.error?.message) ?? event?.message;
  if (said === undefined) return undefined;
  return { state: 'stuck', at: 'content', said, what: 'The snapshot cannot be deleted.', ...explain(said, cluster) };
}

const AS_SOURCE = 'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection';
/** Taken away by snapshot-controller itself when content and snapshot have gone in turn. */
const OWN = 'snapshot.storage.kubernetes.io/';

function held(cluster: ClusterState): Finding | undefined {
  const snapshot = there(cluster.snapshot);
  if (snapshot?.metadata.deletionTimestamp === undefined || deleteFailed(cluster) !== undefined) return undefined;
  const { finalizers, namespace, name, deletionTimestamp } = snapshot.metadata;
  const foreign = finalizers.filter((one) => !one.startsWith(OWN));
  const isLate = age(cluster, deletionTimestamp) > PATIENCE_MS;
  if (finalizers.includes(AS_SOURCE)) {
    return {
      state: isLate ? 'stuck' : 'waiting',
      at: 'snapshot',
      what: 'The snapshot is being deleted, and a claim is being made from it.',
      why: 'snapshot-controller holds it until no pending claim names it as its source.',
      next: 'See which claims are pending, and ask why.',
      command: `kubectl -n ${namespace} get persistentvolumeclaims`,
    };
  }
  return {
    state: foreign.length > 0 || isLate ? 'stuck' : 'waiting',
    at: 'snapshot',
    what: `The snapshot is being deleted${finalizers.length === 0 ? '' : `, and is held by ${finalizers.join(', ')}`}.`,
    why:
      foreign.length > 0
        ? 'A finalizer is the promise of some program to clean up first. Taking it away by hand skips that.'
        : 'snapshot-controller and csi-snapshotter take theirs away when the snapshot is gone from the RDS.',
    next: isLate ? 'See what csi-snapshotter says.' : 'Wait some seconds and ask again.',
    command: isLate ? controllerLog(cluster) : `kubectl -n ${namespace} describe volumesnapshot ${name}`,
  };
}
