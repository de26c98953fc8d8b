import type { Pod } from '../../kubernetes/kinds.ts';
import { age, type ClusterState, isAlive, isGoing, newest, telling, there } from '../cluster-state.ts';
import { controllerLog } from '../driver-pods.ts';
import { explain } from '../explain.ts';
import type { Finding, Rule } from '../finding.ts';
import { isDead } from './attachment.ts';
import { isRetained, PATIENCE_MS } from './claim.ts';
import { isUndeleted } from './driver.ts';

/** Claims and volumes that are being deleted and do not go. */
export const deletionRules: readonly Rule[] = [
  { id: 'claim-in-use', notices: 'the claim is being deleted, and pods still use it', judge: claimInUse },
  {
    id: 'claim-snapshot-pending',
    notices: 'the claim is being deleted, and a snapshot of it is being taken',
    judge: claimSnapshotPending,
  },
  {
    id: 'claim-finalizer',
    notices: 'the claim is being deleted, and some other finalizer holds it',
    judge: claimFinalizer,
  },
  {
    id: 'volume-attached',
    notices: 'the volume is being deleted, and is still attached to a node',
    judge: volumeAttached,
  },
  {
    id: 'volume-held',
    notices: 'the volume is being deleted, and its claim or a finalizer holds it',
    judge: volumeHeld,
  },
  {
    id: 'volume-delete-failed',
    notices: 'the volume is released or Failed, and the driver cannot delete it',
    judge: deleteFailed,
  },
  {
    id: 'volume-delete-silent',
    notices: 'the claim of the volume is gone, and no one has deleted it yet or said why not',
    judge: deleteSilent,
  },
  {
    id: 'volume-retained',
    notices: 'the volume is Released and kept, because its reclaim policy is Retain',
    judge: retained,
  },
];

const IN_USE = 'kubernetes.io/pvc-protection';
const BEING_CUT = 'snapshot.storage.kubernetes.io/pvc-as-source-protection';

function going({ claim }: ClusterState) {
  const object = there(claim);
  return object?.metadata.deletionTimestamp === undefined ? undefined : object;
}

/** The pods that hold a claim: those that have ended hold it no longer. */
function holders({ pods }: ClusterState): readonly Pod[] {
  return (there(pods) ?? []).filter(isAlive);
}

function claimInUse(cluster: ClusterState): Finding | undefined {
  const claim = going(cluster);
  const pods = holders(cluster);
  if (claim === undefined || !claim.metadata.finalizers.includes(IN_USE) || pods.length === 0) return undefined;
  const staying = pods.filter((pod) => !isGoing(pod));
  const names = (staying.length > 0 ? staying : pods).map(({ metadata }) => metadata.name);
  const volume = there(cluster.volume);
  const isLost = volume?.spec.persistentVolumeReclaimPolicy === 'Delete';
  const onDead = pods.some(({ spec }) => spec.nodeName !== undefined && isDead(cluster, spec.nodeName));
  return {
    state: 'stuck',
    at: 'claim',
    what: `The claim is being deleted, and goes when nothing uses it: ${names.join(', ')}.`,
    why: 'Kubernetes keeps a claim as long as a pod uses it (finalizer kubernetes.io/pvc-protection). The deletion cannot be undone.',
    next: `${isLost ? `With the claim its data goes. To keep that on the RDS, first: ${retaining(volume.metadata.name)} . ` : ''}${
      staying.length > 0
        ? 'Delete the pods, or scale down what starts them.'
        : onDead
          ? 'They are being deleted already, and go when their node is back, or is said to be off.'
          : 'They are being deleted already; if they do not end, see what keeps them.'
    }`,
    command: `kubectl -n ${claim.metadata.namespace} ${staying.length > 0 ? 'delete' : 'describe'} pod ${names.join(' ')}`,
  };
}

function claimSnapshotPending(cluster: ClusterState): Finding | undefined {
  const claim = going(cluster);
  if (claim === undefined || !claim.metadata.finalizers.includes(BEING_CUT)) return undefined;
  const pendingSnapshot = (there(cluster.snapshots) ?? []).find(
    ({ spec, status }) => spec.source.persistentVolumeClaimName === claim.metadata.name && status?.readyToUse !== true,
  );
  const { namespace } = claim.metadata;
  const name = pendingSnapshot?.metadata.name;
  return {
    state: 'stuck',
    at: 'claim',
    what: `The claim is being deleted, and a snapshot of it is not finished${name === undefined ? '' : `: ${name}`}.`,
    why: 'snapshot-controller holds the claim until its snapshots are taken or given up.',
    next:
      name === undefined
        ? 'See which snapshots of it there are.'
        : 'Ask why the snapshot is stuck; it may be deleted, too.',
    command:
      name === undefined ? `kubectl -n ${namespace} get volumesnapshots` : `rose-csi why vs/${name} -n ${namespace}`,
  };
}

function claimFinalizer(cluster: ClusterState): Finding | undefined {
  const claim = going(cluster);
  if (claim === undefined || holders(cluster).length > 0) return undefined;
  const others = claim.metadata.finalizers.filter((finalizer) => finalizer !== BEING_CUT);
  if (others.length === 0 || (others.every((one) => one === IN_USE) && cluster.pods?.is !== 'there')) return undefined;
  const isProtection = others.every((one) => one === IN_USE);
  return {
    state: isProtection ? 'waiting' : 'stuck',
    at: 'claim',
    what: `The claim is being deleted, and ${isProtection ? 'will be gone soon' : `is held by ${others.join(', ')}`}.`,
    why: isProtection
      ? 'No pod uses it any more; Kubernetes takes its own finalizer away.'
      : 'A finalizer is the promise of some program to clean up first. Taking it away by hand skips that.',
    next: isProtection
      ? 'Wait some seconds and ask again.'
      : 'Find out which program set it, and why it does not finish.',
    command: `kubectl -n ${claim.metadata.namespace} describe pvc ${claim.metadata.name}`,
  };
}

function volumeAttached(cluster: ClusterState): Finding | undefined {
  const volume = there(cluster.volume);
  const attached = there(cluster.attachments) ?? [];
  const isGoing = volume?.metadata.deletionTimestamp !== undefined || volume?.status?.phase === 'Failed';
  // While a claim has it, it is attached with good reason.
  const isUsed = there(cluster.claim)?.status?.phase === 'Bound';
  if (volume === undefined || !isGoing || isUsed || attached.length === 0) return undefined;
  const places = attached.map(({ metadata, spec }) => `${metadata.name} on ${spec.nodeName}`);
  return {
    state: 'stuck',
    at: 'volume',
    what: `The volume is to be deleted, and is still attached: ${places.join(', ')}.`,
    why: 'The RDS refuses to delete what is published, so that nothing is taken from under a running node.',
    next: 'See what still uses it there; the attachment goes when the last pod has gone.',
    command: `kubectl describe volumeattachment ${attached[0]?.metadata.name}`,
  };
}

function volumeHeld(cluster: ClusterState): Finding | undefined {
  const volume = there(cluster.volume);
  const isAttached = (there(cluster.attachments)?.length ?? 0) > 0;
  if (volume?.metadata.deletionTimestamp === undefined) return undefined;
  const { name, finalizers } = volume.metadata;
  if (there(cluster.claim)?.status?.phase === 'Bound') {
    return {
      state: 'stuck',
      at: 'volume',
      what: 'The PersistentVolume is being deleted, and goes when its claim is deleted.',
      why: 'Someone deleted it while a claim is bound to it. It works until then; the deletion cannot be undone.',
      next: 'If its data must stay on the RDS when that happens, keep it now:',
      command: retaining(name),
    };
  }
  if (isAttached || deleteFailed(cluster) !== undefined || finalizers.length === 0) return undefined;
  const isLate = age(cluster, volume.metadata.deletionTimestamp) > PATIENCE_MS;
  return {
    state: isLate ? 'stuck' : 'waiting',
    at: 'volume',
    what: `The PersistentVolume is being deleted, and is held by ${finalizers.join(', ')}.`,
    why: 'A finalizer is the promise of some program to clean up first. Taking it away by hand skips that.',
    next: isLate ? 'See what the provisioner says.' : 'Wait some seconds and ask again.',
    command: isLate ? controllerLog(cluster) : undefined,
  };
}

/** The words of csi-provisioner. */
const STILL_ATTACHED = /is still attached to node/;

/** The command that keeps the data of a volume when its claim goes. */
function retaining(name: string): string {
  return `kubectl patch persistentvolume ${name} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`;
}

function deleteFailed(cluster: ClusterState): Finding | undefined {
  const volume = there(cluster.volume);
  if (volume === undefined || !['Released', 'Failed'].includes(volume.status?.phase ?? '')) return undefined;
  const event = newest(cluster, 'PersistentVolume', volume.metadata.name, ['VolumeFailedDelete']);
  const said = event?.message ?? telling(volume.status?.message);
  if (said === undefined || said === '' || isRetained(volume)) return undefined;
  // That is over when it is detached, and until the next attempt no one says so.
  if (STILL_ATTACHED.test(said) && there(cluster.attachments)?.length === 0) return undefined;
  return { state: 'stuck', at: 'volume', said, what: 'The volume cannot be deleted.', ...explain(said, cluster) };
}

function deleteSilent(cluster: ClusterState): Finding | undefined {
  const volume = there(cluster.volume);
  if (volume === undefined || !isUndeleted(volume)) return undefined;
  if (volume.metadata.deletionTimestamp !== undefined) return undefined;
  if (deleteFailed(cluster) !== undefined) return undefined;
  return {
    state: 'waiting',
    at: 'volume',
    what: 'The claim of the volume is gone, and the volume is to go with it.',
    why: 'Its reclaim policy is Delete, and no error is reported. It is deleted once it is detached, and every retry waits twice as long.',
    next: 'Wait some minutes and ask again. If the data is needed after all, keep it now:',
    command: retaining(volume.metadata.name),
  };
}

function retained({ volume, claim }: ClusterState): Finding | undefined {
  const object = there(volume);
  if (object === undefined || !isRetained(object)) return undefined;
  const { claimRef } = object.spec;
  const wanting = there(claim)?.metadata;
  const heir = wanting && { namespace: wanting.namespace, name: wanting.name };
  const reserved = JSON.stringify({ spec: { claimRef: { ...heir, uid: null, resourceVersion: null } } });
  return {
    state: 'stuck',
    at: 'volume',
    what: `The volume is kept after its claim ${claimRef?.namespace}/${claimRef?.name} was deleted, and no claim can have it.`,
    why: 'Its reclaim policy is Retain: the data stays until someone decides. While spec.claimRef names the old claim nothing binds to it.',
    next: `${
      heir === undefined
        ? 'To give it to a new claim of that namespace and name, with volumeName, take the uid of the old one off it. For a claim of another name change claimRef instead'
        : `To give it to ${heir.namespace}/${heir.name}, reserve it for that claim. Change claimRef`
    }, and never remove it: whatever claim of the class came first would get the data.`,
    command: `kubectl patch persistentvolume ${object.metadata.name} --type=merge -p '${reserved}'`,
  };
}
