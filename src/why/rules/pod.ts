import type { Pod } from '../../kubernetes/kinds.ts';
import { explain } from '../explain.ts';
import type { Finding, Rule } from '../finding.ts';
import { isAlive, isReady, newest, type Scene, there } from '../scene.ts';

/** The pods that want the volume. */
export const podRules: readonly Rule[] = [
  {
    id: 'pod-unschedulable',
    notices: 'no node is fit for a pod, because of the volume or of something else',
    judge: unschedulable,
  },
  { id: 'mount-failed', notices: 'the kubelet cannot mount or attach the volume for a pod', judge: mountFailed },
];

function waitingPods({ pods }: Scene): readonly Pod[] {
  return (there(pods) ?? []).filter((pod) => isAlive(pod) && !isReady(pod));
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
    pattern: /volume node affinity conflict/,
    why: 'The PersistentVolume itself says on which nodes it may be used (spec.nodeAffinity). This driver writes no such thing: somebody else did.',
    next: 'See the nodeAffinity of the volume.',
    command: 'kubectl get persistentvolumes -o yaml',
  },
  {
    pattern: /unbound immediate PersistentVolumeClaims/,
    why: 'The scheduler waits until every claim of the pod is bound; this one, or another one of the pod.',
    next: 'See which claims of the pod are not bound, and ask why.',
    command: 'kubectl get persistentvolumeclaims --all-namespaces',
  },
];

function unschedulable(scene: Scene): Finding[] {
  return waitingPods(scene).flatMap((pod): Finding[] => {
    const condition = pod.status?.conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
    if (condition?.reason !== 'Unschedulable') return [];
    const said = condition.message ?? '';
    const known = PLACES.find(({ pattern }) => pattern.test(said));
    const { name, namespace } = pod.metadata;
    return [
      {
        ...{ state: 'stuck', at: `pod ${name}`, said },
        what: `No node is fit for pod ${name}.`,
        why: known?.why ?? 'It is not about this volume: the scheduler says what it lacks.',
        next: known?.next ?? 'See what the scheduler says.',
        command: known?.command ?? `kubectl -n ${namespace} describe pod ${name}`,
      },
    ];
  });
}

const MOUNTING = ['FailedMount', 'FailedAttachVolume', 'FailedMapVolume'];

function mountFailed(scene: Scene): Finding[] {
  return waitingPods(scene)
    .filter(isMounting)
    .flatMap(({ metadata: { name, namespace }, spec }): Finding[] => {
      const events = there(scene.events.get(`Pod/${name}`)) ?? [];
      // "unmounted volumes=[data]" tells that it takes long; the Event that says why is more worth, though older.
      const telling = events.filter(
        ({ reason, message }) => MOUNTING.includes(reason ?? '') && !/timed out waiting/.test(message ?? ''),
      );
      const said = (telling[0] ?? newest(scene, 'Pod', name, MOUNTING))?.message;
      if (said === undefined) return [];
      if (/Multi-Attach error/.test(said)) {
        return [
          {
            ...{ state: 'stuck', at: `pod ${name}`, said },
            what: `Pod ${name} cannot have the volume on ${spec.nodeName}: another node has it.`,
            why: 'Kubernetes attaches a volume of this access mode to one node at a time.',
            next: 'See where it is attached, and delete the pods that use it there.',
            command: 'kubectl get volumeattachments',
          },
        ];
      }
      return [
        {
          ...{ state: 'stuck', at: `pod ${name}`, said },
          what: `The volume cannot be mounted for pod ${name} on ${spec.nodeName ?? 'no node yet'}.`,
          command: `kubectl -n ${namespace} describe pod ${name}`,
          ...explain(said, scene),
        },
      ];
    });
}
