import type { Claim } from '../../kubernetes/kinds.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { type ClusterState, isAlive, isGoing, telling, there, unsettled } from '../cluster-state.ts';
import { explain, explainEvent } from '../explain.ts';
import type { Finding, Rule } from '../finding.ts';

/** A claim that asks for more than it has. */
export const expansionRules: readonly Rule[] = [
  { id: 'expand-failed', notices: 'the driver refused to grow the volume', judge: failed },
  {
    id: 'expand-waits-for-node',
    notices: 'the volume has grown on the RDS, and its filesystem has not yet',
    judge: onTheNode,
  },
  { id: 'expand-running', notices: 'the claim asks for more than it has, and no error is reported', judge: running },
  {
    id: 'modify-failed',
    notices: 'the claim asks for a VolumeAttributesClass, which this driver does not offer',
    judge: modify,
  },
];

/** What it is to have: what it asks for, or what was begun before someone asked for less again. */
function target({ spec, status }: Claim): string | undefined {
  const asked = spec.resources?.requests?.storage;
  const begun = status?.allocatedResourceStatuses['storage'] ? status.allocatedResources?.storage : undefined;
  return (parseQuantity(begun) ?? 0n) > (parseQuantity(asked) ?? 0n) ? begun : asked;
}

/** The claim when it is bound and is to have more than it has. */
function growing({ claim }: ClusterState): Claim | undefined {
  const object = there(claim);
  const wanted = object && parseQuantity(target(object));
  const had = parseQuantity(object?.status?.capacity?.storage);
  const isShort = wanted !== undefined && had !== undefined && wanted > had;
  return isShort && object?.status?.phase === 'Bound' ? object : undefined;
}

function has(claim: Claim, ...types: readonly string[]) {
  return claim.status?.conditions.find(({ type, status }) => types.includes(type) && status === 'True');
}

function sizes(claim: Claim): string {
  return `${claim.status?.capacity?.storage} to ${target(claim)}`;
}

/** The step that the growth is at, or that it failed at, as Kubernetes 1.32 and newer says it. */
function step(claim: Claim): string {
  return claim.status?.allocatedResourceStatuses['storage'] ?? '';
}

function isOnNode(claim: Claim): boolean {
  return has(claim, 'FileSystemResizePending', 'NodeResizeError') !== undefined || step(claim).startsWith('Node');
}

/** The resizer says it for the RDS, and it is over once the RDS has grown the image. */
const GROWN = ['FileSystemResizeRequired', 'VolumeResizeSuccessful', 'FileSystemResizeSuccessful'];

function failed(cluster: ClusterState): Finding | undefined {
  const claim = growing(cluster);
  if (claim === undefined || isOnNode(claim)) return undefined;
  const { name } = claim.metadata;
  const event = unsettled(cluster, ['PersistentVolumeClaim', name], ['VolumeResizeFailed'], GROWN);
  const said = telling(has(claim, 'ControllerResizeError')?.message) ?? event?.message;
  if (said === undefined && step(claim) !== 'ControllerResizeInfeasible') return undefined;
  return {
    state: 'stuck',
    at: 'claim',
    said,
    what: `The claim cannot grow from ${sizes(claim)}.`,
    ...(said === undefined ? WITHOUT_WORDS : explain(said, cluster)),
  };
}

/** Events are gone after an hour, and the step that failed stays. */
const WITHOUT_WORDS = {
  why: 'It was refused permanently, and the message is gone from Kubernetes.',
  next: 'Ask for the size that it has, or for another one that can be had; the next attempt says why it fails.',
};

const NODE_FAILED = ['FileSystemResizeFailed', 'VolumeResizeFailed'];

function onTheNode(cluster: ClusterState): Finding | undefined {
  const claim = growing(cluster);
  if (claim === undefined || !isOnNode(claim)) return undefined;
  const pods = (there(cluster.pods) ?? []).filter((pod) => isAlive(pod) && !isGoing(pod));
  const [pod] = pods;
  const { namespace } = claim.metadata;
  if (pod === undefined) {
    return {
      state: 'waiting',
      at: 'claim',
      what: `The volume has grown on the RDS, and its filesystem grows from ${sizes(claim)} when a pod mounts it.`,
      why: 'The filesystem is grown by the node, and no pod uses the claim now. Nothing is wrong.',
      next: 'Start a pod that uses it.',
    };
  }
  const reports = [
    ...pods.map(({ metadata, spec }) => ({ object: ['Pod', metadata.name] as const, node: spec.nodeName })),
    { object: ['PersistentVolumeClaim', claim.metadata.name] as const, node: pod.spec.nodeName },
  ].flatMap(({ object, node }) => {
    const event = unsettled(cluster, object, NODE_FAILED, GROWN);
    return event?.message === undefined ? [] : [{ said: event.message, ...explainEvent(event, cluster, node) }];
  });
  const condition = telling(has(claim, 'NodeResizeError')?.message);
  const failure =
    reports[0] ??
    (condition === undefined
      ? step(claim) === 'NodeResizeInfeasible' && WITHOUT_WORDS
      : { said: condition, ...explain(condition, cluster, pod.spec.nodeName ?? '') });
  if (failure) {
    return {
      state: 'stuck',
      at: `pod ${pod.metadata.name}`,
      what: `The node cannot grow the filesystem from ${sizes(claim)}.`,
      ...failure,
    };
  }
  return {
    state: 'waiting',
    at: 'claim',
    what: `The volume has grown on the RDS; the kubelet of ${pod.spec.nodeName ?? 'its node'} grows the filesystem from ${sizes(claim)} next.`,
    why: 'It looks every minute or two, and has reported no error.',
    next: 'Wait; if it stays so, delete the pod, and the next mount grows it.',
    command: `kubectl -n ${namespace} delete pod ${pod.metadata.name}`,
  };
}

function running(cluster: ClusterState): Finding | undefined {
  const claim = growing(cluster);
  if (claim === undefined || failed(cluster) !== undefined || onTheNode(cluster) !== undefined) return undefined;
  const storageClass = there(cluster.storageClass);
  if (storageClass !== undefined && storageClass.allowVolumeExpansion !== true) {
    return {
      state: 'stuck',
      at: 'class',
      what: `The claim asks to grow from ${sizes(claim)}, and its class does not allow that.`,
      why: `StorageClass ${storageClass.metadata.name} has no allowVolumeExpansion: true any more.`,
      next: 'Allow it.',
      command: `kubectl patch storageclass ${storageClass.metadata.name} -p '{"allowVolumeExpansion":true}'`,
    };
  }
  return {
    state: 'waiting',
    at: 'claim',
    what: `The claim is growing from ${sizes(claim)}.`,
    why: 'The resizer has reported no error.',
    next: 'Wait a minute and ask again.',
  };
}

function modify({ claim }: ClusterState): Finding | undefined {
  const object = there(claim);
  const condition = object && has(object, 'ModifyingVolume', 'ModifyVolumeError');
  if (object === undefined || condition === undefined) return undefined;
  return {
    state: 'stuck',
    at: 'claim',
    said: condition.message,
    what: 'The claim asks for another VolumeAttributesClass.',
    why: 'This driver has nothing that could be modified by one.',
    next: 'Remove volumeAttributesClassName from the claim.',
    command: `kubectl -n ${object.metadata.namespace} edit pvc ${object.metadata.name}`,
  };
}
