import type { Pod, Volume } from '../../kubernetes/kinds.ts';
import { parseQuantity, printQuantity } from '../../kubernetes/quantity.ts';
import { type ClusterState, isAlive, isGoing, isReady, newest, telling, there, timeOf } from '../cluster-state.ts';
import { controllerLog } from '../driver-pods.ts';
import { explainEvent, nextFor } from '../explain.ts';
import type { Finding, Rule } from '../finding.ts';
import { isDead } from './attachment.ts';

/** The pods that want the volume. */
export const podRules: readonly Rule[] = [
  {
    id: 'pod-unschedulable',
    notices: 'no node is fit for a pod, because of the volume or of something else',
    judge: unschedulable,
  },
  {
    id: 'filesystem-gave-up',
    notices: 'the filesystem of the volume has given up on the node of a pod: XFS is shut down, ext4 is read-only',
    judge: gaveUp,
  },
  { id: 'mount-failed', notices: 'the kubelet cannot mount or attach the volume for a pod', judge: mountFailed },
];

function waitingPods({ pods }: ClusterState): readonly Pod[] {
  return (there(pods) ?? []).filter((pod) => isAlive(pod) && !isGoing(pod) && !isReady(pod));
}

/** A container that waits for anything else has had its volumes: an Event about them is of an earlier time. */
const BEFORE_START = ['ContainerCreating', 'PodInitializing'];

function isMounting({ status }: Pod): boolean {
  const reasons = status?.containerStatuses.flatMap(({ state }) => state?.waiting?.reason ?? []) ?? [];
  return status?.phase === 'Pending' && reasons.every((reason) => BEFORE_START.includes(reason));
}

/** What the scheduler says of volumes, and what to do about it. */
const PLACES: readonly {
  readonly pattern: RegExp;
  readonly why: string;
  readonly next: string;
  readonly command: string;
}[] = [
  {
    pattern: /exceed max volume count/,
    why: 'The nodes that fit otherwise have as many volumes attached as they may have.',
    next: 'Add a node, or move pods with volumes away.',
    command: 'kubectl get csinodes -o yaml',
  },
  {
    // Its older words, and those of Kubernetes 1.35.
    pattern: /volume node affinity conflict|didn't match PersistentVolume's node affinity/,
    why: 'The volume is used on nodes that reach the storage network of its backend (spec.nodeAffinity of the PersistentVolume), and none of them is fit for the pod otherwise.',
    next: 'See which nodes have the label that it names. What a node reaches is node.networks of the chart, or its group in node.groups.',
    command: 'kubectl get nodes --show-labels',
  },
  {
    pattern: /bound to non-existent pv/,
    why: 'The claim, or another one of the pod, is bound to a PersistentVolume that someone deleted.',
    next: 'See which claims of the pod are Lost, and ask why.',
    command: 'kubectl get persistentvolumeclaims --all-namespaces',
  },
  {
    pattern: /ReadWriteOncePod access mode already in-use/,
    why: 'The claim has the access mode ReadWriteOncePod, and another pod uses it.',
    next: 'Delete the other pod; this one is scheduled by itself then.',
    command: 'kubectl get pods --all-namespaces -o wide',
  },
  {
    pattern: /persistentvolumeclaim "[^"]+" (?:not found|is being deleted)/,
    why: 'A claim that the pod names does not exist, or is being deleted; the message names it.',
    next: 'Make that claim, or take it out of the pod.',
    command: 'kubectl get persistentvolumeclaims --all-namespaces',
  },
  {
    pattern: /unbound immediate PersistentVolumeClaims/,
    why: 'The scheduler waits until every claim of the pod is bound; this one, or another one of the pod.',
    next: 'See which claims of the pod are not bound, and ask why.',
    command: 'kubectl get persistentvolumeclaims --all-namespaces',
  },
];

function unschedulable(cluster: ClusterState): Finding[] {
  return waitingPods(cluster).flatMap((pod): Finding[] => {
    const condition = pod.status?.conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
    if (condition?.reason !== 'Unschedulable') return [];
    const said = condition.message ?? '';
    const known = PLACES.find(({ pattern }) => pattern.test(said));
    const { name, namespace } = pod.metadata;
    return [
      {
        state: 'stuck',
        at: `pod ${name}`,
        said,
        what: `No node is fit for pod ${name}.`,
        ...(NO_ROOM.test(said)
          ? roomFor(cluster)
          : {
              why: known?.why ?? 'It is not about this volume: the scheduler says what it lacks.',
              next: known?.next ?? 'See what the scheduler says.',
              command: known?.command ?? `kubectl -n ${namespace} describe pod ${name}`,
            }),
      },
    ];
  });
}

/** The scheduler compares the claim with the CSIStorageCapacity objects that csi-provisioner has published of its class. */
const NO_ROOM = /did not have enough free storage/;

function roomFor(cluster: ClusterState): Pick<Finding, 'why' | 'next' | 'command'> {
  const { capacities, claim, storageClass } = cluster;
  const log = controllerLog(cluster);
  const command = 'kubectl get csistoragecapacities --all-namespaces';
  const name = there(storageClass)?.metadata.name ?? 'its class';
  const published = there(capacities);
  const asked = there(claim)?.spec.resources?.requests?.storage ?? '';
  const room = (published ?? []).flatMap((one) => parseQuantity(one.maximumVolumeSize ?? one.capacity) ?? []);
  if (published === undefined || claim === undefined) {
    const why = 'The scheduler knows of no room for a volume that the pod waits for (CSIStorageCapacity).';
    return { why, next: 'See what csi-provisioner has published of each class.', command };
  }
  const [most] = room.toSorted((a, b) => (a > b ? -1 : 1));
  if (most === undefined) {
    return {
      why: `The scheduler asks for room first, and csi-provisioner has published none for class ${name} (CSIStorageCapacity): the class is new, the RDS did not answer when it was asked, no pool fits the class, or the driver refuses a parameter of it.`,
      next: 'Wait for the next look (storageCapacity.pollInterval of the chart); if there is none then, see what csi-provisioner says of GetCapacity.',
      command: log,
    };
  }
  if (most >= (parseQuantity(asked) ?? 0n)) {
    return {
      why: `For class ${name} ${printQuantity(most)} are published (CSIStorageCapacity), which is enough for the ${asked} of this claim: it has changed since, the nodes that reach the backend are not fit for the pod otherwise, or another claim of the pod lacks room.`,
      next: 'Wait a minute, for the scheduler retries; if it stays so, see what it says of the other nodes, and ask about the other claims of the pod.',
      command,
    };
  }
  return {
    why: `The claim asks for ${asked}, and the most that is published for class ${name} is ${printQuantity(most)} (CSIStorageCapacity): what the pool has free above its reserve, or may still promise.`,
    next: nextFor('RC-SPACE'),
    command,
  };
}

const NEVER = { involvedObject: {} };

function attachedToDead(cluster: ClusterState): boolean {
  return (there(cluster.attachments) ?? []).some(({ spec }) => isDead(cluster, spec.nodeName));
}

/** How containers fail whose volume has given up. */
const BROKEN = /input\/output error|read-only file system/i;

function gaveUp(cluster: ClusterState): Finding[] {
  const volume = there(cluster.volume);
  if (volume === undefined) return [];
  return (there(cluster.pods) ?? []).flatMap((pod): Finding[] => {
    const { name, namespace } = pod.metadata;
    const said = isAlive(pod) && !isGoing(pod) ? wordsOf(cluster, pod, volume) : undefined;
    if (said === undefined) return [];
    return [
      {
        state: 'stuck',
        at: `pod ${name}`,
        said,
        what: `The filesystem of the volume has given up on ${pod.spec.nodeName}, where pod ${name} uses it.`,
        why: 'Its device gave I/O errors, as when the pool on the RDS is full or the connection was lost for too long, and the kernel has stopped it. A container that is started again gets the same mount, so that does not help, nor does room in the pool alone.',
        next: nextFor('NODE-GAVEUP'),
        command: `kubectl -n ${namespace} delete pod ${name}`,
      },
    ];
  });
}

/** The words of a container that the runtime cannot start with this volume, or of the node plugin since the pod is there. */
function wordsOf(cluster: ClusterState, { metadata, spec, status }: Pod, volume: Volume): string | undefined {
  const events = there(cluster.events.get(`Pod/${metadata.name}`)) ?? [];
  const isOfVolume = (words: string) => BROKEN.test(words) && words.includes(volume.metadata.name);
  const containers = (status?.containerStatuses ?? []).flatMap(({ ready, state, lastState }) =>
    ready ? [] : [state?.waiting?.message, state?.terminated?.message, lastState?.terminated?.message],
  );
  const isReadyAgain = isReady({ status });
  const failed = isReadyAgain ? [] : events.flatMap(({ reason, message }) => (reason === 'Failed' ? message : []));
  const ofContainer = [...containers, ...failed].find((words) => words !== undefined && isOfVolume(words));
  if (ofContainer !== undefined) return ofContainer;
  const handle = volume.spec.csi?.volumeHandle;
  const since = Date.parse(metadata.creationTimestamp ?? '') || cluster.now;
  const ofNode = there(cluster.events.get(`Node/${spec.nodeName}`)) ?? [];
  return ofNode.find(
    (event) =>
      event.reason === 'FilesystemGaveUp' &&
      handle !== undefined &&
      event.message?.startsWith(`${handle}:`) &&
      timeOf(event) >= since,
  )?.message;
}

const MOUNTING = ['FailedMount', 'FailedAttachVolume', 'FailedMapVolume'];

function mountFailed(cluster: ClusterState): Finding[] {
  return waitingPods(cluster)
    .filter(isMounting)
    .flatMap(({ metadata: { name, namespace }, spec }): Finding[] => {
      const events = there(cluster.events.get(`Pod/${name}`)) ?? [];
      const attachedAt = timeOf(newest(cluster, 'Pod', name, ['SuccessfulAttachVolume']) ?? NEVER);
      const open = events.filter(
        (event) =>
          MOUNTING.includes(event.reason ?? '') &&
          !(event.reason === 'FailedAttachVolume' && timeOf(event) <= attachedAt && attachedAt > 0),
      );
      // "unmounted volumes=[data]" says that it takes long; the Event that says why is more worth, though older.
      const event = open.find(({ message }) => !/timed out waiting/.test(message ?? '')) ?? open[0];
      const said = telling(event?.message);
      if (event === undefined || said === undefined) return [];
      if (/Multi-Attach error/.test(said)) {
        // What holds it there is reported with its node.
        if (attachedToDead(cluster)) return [];
        return [
          {
            state: 'stuck',
            at: `pod ${name}`,
            said,
            what: `Pod ${name} cannot have the volume on ${spec.nodeName}: another node has it.`,
            why: 'Kubernetes attaches a volume of this access mode to one node at a time.',
            next: 'See where it is attached, and delete the pods that use it there.',
            command: 'kubectl get volumeattachments',
          },
        ];
      }
      return [
        {
          state: 'stuck',
          at: `pod ${name}`,
          said,
          what: `The volume cannot be mounted for pod ${name} on ${spec.nodeName ?? 'no node yet'}.`,
          command: `kubectl -n ${namespace} describe pod ${name}`,
          ...explainEvent(event, cluster, spec.nodeName),
        },
      ];
    });
}
