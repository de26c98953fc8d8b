import type { Claim } from '../../kubernetes/kinds.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { explain } from '../explain.ts';
import type { Finding, Rule } from '../finding.ts';
import { isAlive, newest, type Scene, there } from '../scene.ts';

/** A claim that asks for more than it has. */
export const expansionRules: readonly Rule[] = [
  { id: 'expand-failed', notices: 'the driver refused to grow the volume', judge: failed },
  {
    id: 'expand-waits-for-node',
    notices: 'the volume has grown on the box, and its filesystem has not yet',
    judge: onTheNode,
  },
  { id: 'expand-running', notices: 'the claim asks for more than it has, and nobody has complained', judge: running },
  {
    id: 'modify-failed',
    notices: 'the claim asks for a VolumeAttributesClass, which this driver does not offer',
    judge: modify,
  },
];

/** The claim when it is bound and asks for more than it has. */
function growing({ claim }: Scene): Claim | undefined {
  const object = there(claim);
  const wanted = parseQuantity(object?.spec.resources?.requests?.storage);
  const had = parseQuantity(object?.status?.capacity?.storage);
  const isShort = wanted !== undefined && had !== undefined && wanted > had;
  return isShort && object?.status?.phase === 'Bound' ? object : undefined;
}

function has(claim: Claim, ...types: readonly string[]) {
  return claim.status?.conditions.find(({ type, status }) => types.includes(type) && status === 'True');
}

function sizes(claim: Claim): string {
  return `${claim.status?.capacity?.storage} to ${claim.spec.resources?.requests?.storage}`;
}

function failed(scene: Scene): Finding | undefined {
  const claim = growing(scene);
  if (claim === undefined || has(claim, 'FileSystemResizePending') !== undefined) return undefined;
  const { name } = claim.metadata;
  const said =
    has(claim, 'ControllerResizeError', 'NodeResizeError')?.message ??
    newest(scene, 'PersistentVolumeClaim', name, ['VolumeResizeFailed'])?.message;
  if (said === undefined) return undefined;
  return {
    ...{ state: 'stuck', at: 'claim', said },
    what: `The claim cannot grow from ${sizes(claim)}.`,
    ...explain(said, scene),
  };
}

function onTheNode(scene: Scene): Finding | undefined {
  const claim = growing(scene);
  if (claim === undefined || has(claim, 'FileSystemResizePending') === undefined) return undefined;
  const pods = (there(scene.pods) ?? []).filter(isAlive);
  const [pod] = pods;
  const { namespace } = claim.metadata;
  if (pod === undefined) {
    return {
      ...{ state: 'waiting', at: 'claim' },
      what: `The volume has grown on the box, and its filesystem grows from ${sizes(claim)} when a pod mounts it.`,
      why: 'The filesystem is grown by the node, and no pod uses the claim now. Nothing is wrong.',
      next: 'Start a pod that uses it.',
    };
  }
  const failure = newest(scene, 'Pod', pod.metadata.name, ['FileSystemResizeFailed', 'VolumeResizeFailed']);
  const said =
    failure?.message ?? newest(scene, 'PersistentVolumeClaim', claim.metadata.name, ['VolumeResizeFailed'])?.message;
  if (said !== undefined) {
    return {
      ...{ state: 'stuck', at: `pod ${pod.metadata.name}`, said },
      what: `The node cannot grow the filesystem from ${sizes(claim)}.`,
      ...explain(said, scene),
    };
  }
  return {
    ...{ state: 'waiting', at: 'claim' },
    what: `The volume has grown on the box; the kubelet of ${pod.spec.nodeName ?? 'its node'} grows the filesystem from ${sizes(claim)} next.`,
    why: 'It looks every minute or two, and has not complained.',
    next: 'Wait; if it stays so, delete the pod, and the next mount grows it.',
    command: `kubectl -n ${namespace} delete pod ${pod.metadata.name}`,
  };
}

function running(scene: Scene): Finding | undefined {
  const claim = growing(scene);
  if (claim === undefined || failed(scene) !== undefined || onTheNode(scene) !== undefined) return undefined;
  const storageClass = there(scene.storageClass);
  if (storageClass !== undefined && storageClass.allowVolumeExpansion !== true) {
    return {
      ...{ state: 'stuck', at: 'class' },
      what: `The claim asks to grow from ${sizes(claim)}, and its class does not allow that.`,
      why: `StorageClass ${storageClass.metadata.name} has no allowVolumeExpansion: true any more.`,
      next: 'Allow it.',
      command: `kubectl patch storageclass ${storageClass.metadata.name} -p '{"allowVolumeExpansion":true}'`,
    };
  }
  return {
    ...{ state: 'waiting', at: 'claim' },
    what: `The claim is growing from ${sizes(claim)}.`,
    why: 'The resizer has not complained.',
    next: 'Wait a minute and ask again.',
  };
}

function modify({ claim }: Scene): Finding | undefined {
  const object = there(claim);
  const condition = object && has(object, 'ModifyingVolume', 'ModifyVolumeError');
  if (object === undefined || condition === undefined) return undefined;
  return {
    ...{ state: 'stuck', at: 'claim', said: condition.message },
    what: 'The claim asks for another VolumeAttributesClass.',
    why: 'This driver has nothing that could be modified by one.',
    next: 'Take volumeAttributesClassName off the claim again.',
    command: `kubectl -n ${object.metadata.namespace} edit pvc ${object.metadata.name}`,
  };
}
