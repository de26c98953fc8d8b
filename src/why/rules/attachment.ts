import type { Pod, VolumeAttachment } from '../../kubernetes/kinds.ts';
import { age, type ClusterState, isAlive, isGoing, isReady, telling, there } from '../cluster-state.ts';
import { controllerLog, controllerPods, driverNamespace, nodePods, troubleOf } from '../driver-pods.ts';
import { explain } from '../explain.ts';
import type { Finding, Rule } from '../finding.ts';
import { PATIENCE_MS } from './claim.ts';

/** Attaching, detaching, and the nodes at both ends. */
export const attachmentRules: readonly Rule[] = [
  { id: 'node-gone', notices: 'the volume is attached to a node that does not exist or is not ready', judge: nodeGone },
  {
    id: 'attached-elsewhere',
    notices: 'a pod wants the volume on one node, and it is attached to another',
    judge: elsewhere,
  },
  {
    id: 'node-plugin-missing',
    notices: 'the node plugin is not registered on the node of a pod',
    judge: notRegistered,
  },
  { id: 'attach-failed', notices: 'the driver refused to attach the volume', judge: attachFailed },
  { id: 'detach-failed', notices: 'the driver refused to detach the volume', judge: detachFailed },
  { id: 'attach-silent', notices: 'the VolumeAttachment has no answer yet', judge: silent },
];

function attachmentsOf({ attachments }: ClusterState): readonly VolumeAttachment[] {
  return there(attachments) ?? [];
}

/** The pods that are to run on a node which could run them. */
function awaiting(cluster: ClusterState) {
  return (there(cluster.pods) ?? []).filter(
    (pod) =>
      isAlive(pod) &&
      !isGoing(pod) &&
      pod.spec.nodeName !== undefined &&
      !isReady(pod) &&
      !isDead(cluster, pod.spec.nodeName),
  );
}

/** Whether the node is seen not to be in the cluster, or not to be ready. */
export function isDead({ nodes }: ClusterState, name: string): boolean {
  const seen = there(nodes);
  return seen !== undefined && !seen.some((node) => node.metadata.name === name && isReady(node));
}

function nodeGone(cluster: ClusterState): Finding[] {
  const nodes = there(cluster.nodes) ?? [];
  return attachmentsOf(cluster).flatMap(({ metadata, spec: { nodeName } }): Finding[] => {
    if (!isDead(cluster, nodeName)) return [];
    const isGone = !nodes.some((one) => one.metadata.name === nodeName);
    return [
      {
        state: 'stuck',
        at: `node ${nodeName}`,
        what: `The volume is attached to ${nodeName}, ${isGone ? 'which is no longer in the cluster' : 'which is not ready'}.`,
        why: 'Kubernetes does not take a volume from a node that cannot say that it has let go: it might still write.',
        next: isGone
          ? 'Make sure that the machine is off or cut off from the storage network, and only then delete the attachment:'
          : 'Bring the node back. If it will not come back: switch it off, make sure that it is off, and only then:',
        command: isGone
          ? `kubectl delete volumeattachment ${metadata.name}`
          : `kubectl taint node ${nodeName} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`,
      },
    ];
  });
}

const SHARED = ['ReadWriteMany', 'ReadOnlyMany'];

function elsewhere(cluster: ClusterState): Finding[] {
  const volume = there(cluster.volume);
  const held = attachmentsOf(cluster).filter(({ status }) => status?.attached === true);
  if (volume === undefined || volume.spec.accessModes.some((mode) => SHARED.includes(mode))) return [];
  return awaiting(cluster).flatMap((pod): Finding[] => {
    const [other] = held.filter(({ spec }) => spec.nodeName !== pod.spec.nodeName);
    if (other === undefined || held.some(({ spec }) => spec.nodeName === pod.spec.nodeName)) return [];
    const place = other.spec.nodeName;
    // What is to be done about a dead node is reported with that node.
    if (isDead(cluster, place)) return [];
    const users = (there(cluster.pods) ?? []).filter((one) => isAlive(one) && one.spec.nodeName === place);
    const holders = users.filter((one) => !isGoing(one));
    const names = (of: readonly Pod[]) => of.map(({ metadata }) => metadata.name);
    const { namespace } = pod.metadata;
    const at = `kubectl describe volumeattachment ${other.metadata.name}`;
    return [
      {
        state: 'stuck',
        at: `attachment ${other.metadata.name}`,
        what: `Pod ${pod.metadata.name} is on ${pod.spec.nodeName}, and the volume is attached to ${place}.`,
        why: `Its access mode (${volume.spec.accessModes.join(', ')}) allows one node at a time. ${
          users.length === 0
            ? `No pod of the namespace uses it on ${place} any more, so it should be detached soon.`
            : holders.length === 0
              ? `There it is still used by ${names(users).join(', ')}, being deleted already.`
              : `There it is used by ${names(holders).join(', ')}.`
        }`,
        next:
          users.length === 0
            ? 'Wait; after six minutes see what the attachment says.'
            : holders.length === 0
              ? 'Wait until it has ended; if it does not, see what keeps it.'
              : `Delete the pod on the other node, or scale the workload to one.${holders.some((one) => rolls(one, pod)) ? ' For a Deployment with one volume use strategy Recreate.' : ''}`,
        command:
          users.length === 0
            ? at
            : holders.length === 0
              ? `kubectl -n ${namespace} describe pod ${names(users).join(' ')}`
              : `kubectl -n ${namespace} delete pod ${names(holders).join(' ')}`,
      },
    ];
  });
}

/** A Deployment that starts the new pod before the old one has ended: each has a ReplicaSet of its own. */
function rolls(old: Pod, young: Pod): boolean {
  const setOf = ({ metadata }: Pod) => metadata.ownerReferences.find(({ kind }) => kind === 'ReplicaSet')?.name;
  return setOf(old) !== undefined && setOf(young) !== undefined && setOf(old) !== setOf(young);
}

function notRegistered(cluster: ClusterState): Finding[] {
  const nodes = new Set(awaiting(cluster).flatMap(({ spec }) => spec.nodeName ?? []));
  return [...nodes].flatMap((node): Finding[] => {
    const seen = cluster.csiNodes.get(node);
    const isKnown = there(seen)?.spec.drivers.some(({ name }) => name === cluster.driver);
    if (seen === undefined || seen.is === 'unseen' || isKnown === true) return [];
    const plugins = nodePods(cluster, node);
    const [plugin] = plugins ?? [];
    const trouble = plugin && troubleOf(plugin);
    const why =
      plugins === undefined
        ? ''
        : plugin === undefined
          ? ` No pod of the node plugin is on ${node}: a taint, a node selector, or the chart without its node part.`
          : trouble === undefined
            ? ' Its pod is there and ready, so the kubelet and it do not find each other: kubeletDirectory of the chart may be wrong.'
            : ` Its pod does not run: ${trouble}.`;
    return [
      {
        state: 'stuck',
        at: `node ${node}`,
        what: `The node plugin is not registered on ${node}, where a pod wants the volume.`,
        why: `The kubelet there does not list ${cluster.driver} among its drivers (CSINode), so nothing is attached or mounted.${why}`,
        next: plugin === undefined ? 'See on which nodes the node plugin runs.' : 'See what the node plugin says.',
        command:
          plugin === undefined
            ? 'kubectl get pods --all-namespaces -l app.kubernetes.io/component=node -o wide'
            : `kubectl -n ${driverNamespace(cluster)} logs ${plugin.metadata.name} --all-containers --tail=50`,
      },
    ];
  });
}

function attachFailed(cluster: ClusterState): Finding[] {
  return attachmentsOf(cluster).flatMap(({ metadata, spec, status }): Finding[] => {
    const said = telling(status?.attachError?.message);
    if (status?.attached === true || said === undefined || metadata.deletionTimestamp !== undefined) return [];
    return [
      {
        state: 'stuck',
        at: `attachment ${metadata.name}`,
        said,
        what: `The volume cannot be attached to ${spec.nodeName}.`,
        ...explain(said, cluster),
      },
    ];
  });
}

function detachFailed(cluster: ClusterState): Finding[] {
  return attachmentsOf(cluster).flatMap(({ metadata, spec, status }): Finding[] => {
    const said = telling(status?.detachError?.message);
    // A dead node is reported by itself.
    if (isDead(cluster, spec.nodeName)) return [];
    if (said === undefined || metadata.deletionTimestamp === undefined) return [];
    return [
      {
        state: 'stuck',
        at: `attachment ${metadata.name}`,
        said,
        what: `The volume cannot be detached from ${spec.nodeName}.`,
        ...explain(said, cluster),
      },
    ];
  });
}

function silent(cluster: ClusterState): Finding[] {
  return attachmentsOf(cluster).flatMap(({ metadata, spec, status }): Finding[] => {
    const isLeaving = metadata.deletionTimestamp !== undefined;
    const said = telling(isLeaving ? status?.detachError?.message : status?.attachError?.message);
    if (isDead(cluster, spec.nodeName)) return [];
    if (said !== undefined || (status?.attached === true && !isLeaving)) return [];
    const isLate = age(cluster, metadata.deletionTimestamp ?? metadata.creationTimestamp) > PATIENCE_MS;
    const runs = controllerPods(cluster)?.some(isReady) ?? false;
    return [
      {
        state: isLate ? 'stuck' : 'waiting',
        at: `attachment ${metadata.name}`,
        what: `The volume is being ${isLeaving ? `detached from ${spec.nodeName}` : `attached to ${spec.nodeName}`}, and no one has answered yet.`,
        why: runs ? 'The controller runs and has reported no error.' : 'No ready controller is seen.',
        next: isLate ? 'See what the attacher says.' : 'Wait some seconds and ask again.',
        command: isLate ? controllerLog(cluster) : undefined,
      },
    ];
  });
}
