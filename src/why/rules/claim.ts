import type { Claim, Pod, Volume } from '../../kubernetes/kinds.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { age, type ClusterState, isAlive, isReady, newest, there } from '../cluster-state.ts';
import { controllerLog, controllerPods } from '../driver-pods.ts';
import { explain } from '../explain.ts';
import type { Finding, Rule } from '../finding.ts';

/** How long a request may go unanswered before that is strange, in ms. */
export const PATIENCE_MS = 120_000;

/** The claim: bound or not, and why. */
export const claimRules: readonly Rule[] = [
  { id: 'claim-not-found', notices: 'there is no claim of that name in the namespace', judge: notFound },
  { id: 'claim-lost', notices: 'the claim is Lost: its PersistentVolume is gone', judge: lost },
  {
    id: 'class-missing',
    notices: 'the claim names no class and there is no default one, or its class does not exist',
    judge: noClass,
  },
  { id: 'class-of-another-driver', notices: 'the class of the claim belongs to another driver', judge: foreignClass },
  { id: 'class-refused', notices: 'the class has a parameter that the driver refuses', judge: classRefused },
  {
    id: 'claim-waits-for-volume',
    notices: 'the claim asks for one named PersistentVolume, or for none of a class',
    judge: waitsForVolume,
  },
  {
    id: 'claim-waits-for-pod',
    notices: 'the class binds when a pod is scheduled, and no pod uses the claim',
    judge: waitsForPod,
  },
  { id: 'provisioning-failed', notices: 'the driver refused to make the volume', judge: provisioningFailed },
  { id: 'provisioning-silent', notices: 'the claim has no answer yet', judge: silent },
];

/** The claim while it is neither bound nor being deleted. */
export function pendingClaim({ claim }: ClusterState): Claim | undefined {
  const object = there(claim);
  const isPending = object?.status?.phase === undefined || object.status.phase === 'Pending';
  return object !== undefined && isPending && object.metadata.deletionTimestamp === undefined ? object : undefined;
}

function notFound({ claim, subject, elsewhere }: ClusterState): Finding | undefined {
  if (claim?.is !== 'absent' || subject.kind !== 'claim') return undefined;
  const { name, namespace } = subject;
  const [other] = elsewhere;
  return {
    state: 'stuck',
    at: 'claim',
    what: `There is no PersistentVolumeClaim ${name} in namespace ${namespace}.`,
    why:
      other === undefined
        ? 'No namespace that can be seen has one of that name.'
        : `There is one in: ${elsewhere.join(', ')}.`,
    next: other === undefined ? 'See which claims there are.' : 'Name the namespace.',
    command:
      other === undefined
        ? 'kubectl get persistentvolumeclaims --all-namespaces'
        : `rose-csi why ${name} -n ${other.slice(0, other.indexOf('/'))}`,
  };
}

function lost({ claim }: ClusterState): Finding | undefined {
  const object = there(claim);
  if (object?.status?.phase !== 'Lost') return undefined;
  return {
    state: 'stuck',
    at: 'claim',
    what: 'The claim has lost its PersistentVolume.',
    why: `It was bound to ${object.spec.volumeName}, and that is gone from Kubernetes. The data may still be on the RDS.`,
    next: 'Look for the volume on the RDS; if it is there, `rose-csi orphans adopt` brings it back (docs/orphans.md).',
    command: 'rose-csi orphans report --config rose-csi.yaml',
  };
}

function noClass(cluster: ClusterState): Finding | undefined {
  const claim = pendingClaim(cluster);
  const { storageClass } = cluster;
  if (claim === undefined || storageClass?.is !== 'absent') return undefined;
  const name = claim.spec.storageClassName;
  return {
    state: 'stuck',
    at: 'class',
    what: name === undefined ? 'The claim has no StorageClass.' : `There is no StorageClass ${name}.`,
    why:
      name === undefined
        ? 'It names none, and no class is marked as the default one, so no one makes a volume for it.'
        : 'The claim names it, so no one makes a volume until there is one.',
    next: 'See which classes there are. The class of a claim cannot be changed: delete the claim and make it with one of them.',
    command: 'kubectl get storageclasses',
  };
}

function foreignClass(cluster: ClusterState): Finding | undefined {
  const claim = pendingClaim(cluster);
  const storageClass = there(cluster.storageClass);
  if (claim === undefined || storageClass === undefined || storageClass.provisioner === cluster.driver)
    return undefined;
  return {
    state: 'stuck',
    at: 'class',
    what: `StorageClass ${storageClass.metadata.name} uses provisioner ${storageClass.provisioner}, not ${cluster.driver}.`,
    why: 'This driver is not asked for the volume, so it knows nothing about it.',
    next: 'See what that driver says of the claim, or recreate the claim with a class of this driver.',
    command: `kubectl -n ${claim.metadata.namespace} describe pvc ${claim.metadata.name}`,
  };
}

function classRefused(cluster: ClusterState): Finding | undefined {
  const said = cluster.view?.refusal;
  const claim = pendingClaim(cluster);
  if (said === undefined || claim === undefined) return undefined;
  return {
    state: 'stuck',
    at: 'class',
    said,
    what: `The driver makes no volume of StorageClass ${claim.spec.storageClassName ?? 'that is the default one'}.`,
    ...explain(said, cluster),
  };
}

function waitsForVolume(cluster: ClusterState): Finding | undefined {
  const claim = pendingClaim(cluster);
  const { volumeName, storageClassName } = claim?.spec ?? {};
  if (claim === undefined || (volumeName === undefined && storageClassName !== '')) return undefined;
  if (volumeName === undefined) {
    return {
      state: 'stuck',
      at: 'claim',
      what: 'The claim waits for a PersistentVolume that someone makes by hand.',
      why: 'Its storageClassName is empty, which means: no volume is made for it.',
      next: 'See which PersistentVolumes are Available; size and access modes must fit.',
      command: 'kubectl get persistentvolumes',
    };
  }
  const seen = cluster.volume;
  const volume = there(seen);
  // What is to be done with it is said of the volume.
  if (volume !== undefined && isRetained(volume)) return undefined;
  const owner = volume?.spec.claimRef;
  const why =
    seen?.is === 'absent'
      ? 'There is no such PersistentVolume.'
      : owner !== undefined && (owner.name !== claim.metadata.name || owner.namespace !== claim.metadata.namespace)
        ? `It is taken by the claim ${owner.namespace}/${owner.name}.`
        : owner?.uid !== undefined && owner.uid !== claim.metadata.uid
          ? 'It was bound to an earlier claim of the same name, and still says so in spec.claimRef.uid.'
          : (misfit(claim, volume) ?? 'It is not bound yet: class, size and access modes of both must fit.');
  return {
    state: 'stuck',
    at: 'volume',
    why,
    what: `The claim waits for the PersistentVolume ${volumeName}.`,
    next: 'Compare both.',
    command: `kubectl get persistentvolume ${volumeName} -o yaml`,
  };
}

/** Whether its claim is gone and the data stays. */
export function isRetained({ metadata, spec, status }: Volume): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return status?.phase === 'Released' && spec.persistentVolumeReclaimPolicy === 'Retain';
}

/** What keeps a claim from a volume that is free, as Kubernetes compares them. */
function misfit({ spec: wants }: Claim, volume: Volume | undefined): string | undefined {
  if (volume === undefined) return undefined;
  const { storageClassName = '', capacity, accessModes } = volume.spec;
  const [asked, has] = [wants.resources?.requests?.storage, capacity?.storage];
  const missing = wants.accessModes.filter((mode) => !accessModes.includes(mode));
  if ((wants.storageClassName ?? '') !== storageClassName) {
    return `The claim has the class "${wants.storageClassName ?? ''}", and the volume "${storageClassName}": both must be the same.`;
  }
  if ((parseQuantity(asked) ?? 0n) > (parseQuantity(has) ?? 0n)) {
    return `The claim asks for ${asked}, and the volume has ${has}: bind it with that, and let it grow then.`;
  }
  return missing.length === 0 ? undefined : `The volume does not have the access mode ${missing.join(', ')}.`;
}

/** The pods of a claim, without those that have ended. */
function users({ pods }: ClusterState) {
  return there(pods)?.filter(isAlive) ?? [];
}

function bindsLate({ storageClass }: ClusterState): boolean {
  return there(storageClass)?.volumeBindingMode === 'WaitForFirstConsumer';
}

/** The claim of a pod that fits nowhere is asked of no one, even when an earlier attempt has left its node behind. */
function isUnschedulable(cluster: ClusterState): boolean {
  const pods = users(cluster);
  const waits = ({ status }: Pod) =>
    status?.conditions.some(
      ({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable',
    );
  return bindsLate(cluster) && pods.length > 0 && pods.every(waits);
}

const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

function waitsForPod(cluster: ClusterState): Finding | undefined {
  const claim = pendingClaim(cluster);
  if (claim === undefined || !bindsLate(cluster) || claim.metadata.annotations[SELECTED_NODE] !== undefined)
    return undefined;
  if (cluster.pods?.is !== 'there' || users(cluster).length > 0) return undefined;
  return {
    state: 'waiting',
    at: 'claim',
    what: 'The claim waits for the first pod that uses it.',
    why: `Its class ${claim.spec.storageClassName} has volumeBindingMode WaitForFirstConsumer, and no pod in ${claim.metadata.namespace} names the claim. Nothing is wrong.`,
    next: 'Start a pod that uses it.',
  };
}

const FAILED = ['ProvisioningFailed'];

function provisioningFailed(cluster: ClusterState): Finding | undefined {
  const claim = pendingClaim(cluster);
  if (claim === undefined || cluster.source?.seen.is === 'absent' || cluster.view?.refusal) return undefined;
  const event = newest(cluster, 'PersistentVolumeClaim', claim.metadata.name, FAILED);
  if (event?.message === undefined) return undefined;
  return {
    state: 'stuck',
    at: 'claim',
    said: event.message,
    what: 'The volume cannot be made.',
    ...explain(event.message, cluster),
  };
}

function silent(cluster: ClusterState): Finding | undefined {
  const claim = pendingClaim(cluster);
  if (claim === undefined || there(cluster.storageClass)?.provisioner !== cluster.driver) return undefined;
  const isDecided = !bindsLate(cluster) || claim.metadata.annotations[SELECTED_NODE] !== undefined;
  if (
    !isDecided ||
    // It is bound, and not made.
    claim.spec.volumeName !== undefined ||
    isUnschedulable(cluster) ||
    newest(cluster, 'PersistentVolumeClaim', claim.metadata.name, FAILED) !== undefined
  )
    return undefined;
  const isLate = age(cluster, claim.metadata.creationTimestamp) > PATIENCE_MS;
  const runs = controllerPods(cluster)?.some(isReady) ?? false;
  return {
    state: isLate ? 'stuck' : 'waiting',
    at: 'claim',
    what: 'The claim has no answer yet.',
    why: runs
      ? 'The controller runs, and there is neither a volume nor a complaint.'
      : 'There is neither a volume nor a complaint, and no ready controller is seen.',
    next: isLate ? 'See what the provisioner says.' : 'Wait some seconds and ask again.',
    command: isLate ? controllerLog(cluster) : undefined,
  };
}
