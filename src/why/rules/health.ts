import {
  CONDITIONS,
  type ConditionCode,
  codesOf,
  conditionSentence,
  isConditionCode,
  tellsEndOf,
} from '../../failures/conditions.ts';
import { EVENTS } from '../../failures/events.ts';
import { SILENCE_MS } from '../../kubernetes/event-recorder.ts';
import type { Event } from '../../kubernetes/kinds.ts';
import { type ClusterState, isAlive, isGoing, there, timeOf } from '../cluster-state.ts';
import { nodePluginSince } from '../driver-pods.ts';
import type { Finding, Rule } from '../finding.ts';

/** How a volume is where it is used, and its pool. */
export const healthRules: readonly Rule[] = [
  {
    id: 'volume-unwell',
    notices:
      'the node of a pod reports the volume: connection lost, device read-only or smaller, errors recorded in its filesystem',
    judge: unwell,
  },
  {
    id: 'pool-degraded',
    notices: 'the RDS reports the pool: a device is missing, errors were counted, a disk gives a warning',
    judge: degradedPool,
  },
  { id: 'pool-nearly-full', notices: 'the pool of the volume has little room left, or none', judge: scarcePool },
];

/** Those that `filesystem-gave-up` and `mount-failed` explain with the pod. */
const OF_PODS: readonly ConditionCode[] = ['FilesystemGaveUp', 'FilesystemDamaged'];
const SEEN_BY_NODE = codesOf({ seenBy: 'node' }).filter((code) => !OF_PODS.includes(code));

/**
 * How long a node may take to say again what is still so, in ms, once it is due: the kubelet asks about each volume every minute,
 * and a lost connection must have lasted for one.
 */
const TOLD_AGAIN_MS = 180_000;

/**
 * Whether a node would have said so again if it were still so. What lasts is told again each hour, and soon after the node plugin
 * has started: an earlier one's Events say nothing of now, as it tells no end of them any more.
 */
function isPast(event: Event, cluster: ClusterState, node: string): boolean {
  const at = timeOf(event);
  const since = nodePluginSince(cluster, node) ?? 0;
  return cluster.now > (since > at ? since : at + SILENCE_MS) + TOLD_AGAIN_MS;
}

/** By the Events of the nodes that pods run on, unless the node has said since that it is over, or would have said it again. */
function unwell(cluster: ClusterState): Finding[] {
  const handle = there(cluster.volume)?.spec.csi?.volumeHandle;
  if (handle === undefined) return [];
  const pods = (there(cluster.pods) ?? []).filter((pod) => isAlive(pod) && !isGoing(pod));
  const nodes = new Set(pods.flatMap(({ spec }) => spec.nodeName ?? []));
  return [...nodes].flatMap((node) => {
    const ofVolume = (there(cluster.events.get(`Node/${node}`)) ?? []).filter(({ message }) =>
      message?.startsWith(`${handle}:`),
    );
    const ends = ofVolume.filter(({ reason }) => reason === 'VolumeRecovered');
    return ofVolume.flatMap((event): Finding[] => {
      const { reason = '', message = '' } = event;
      if (!isConditionCode(reason) || !SEEN_BY_NODE.includes(reason)) return [];
      const isEndOfIt = (end: Event) => tellsEndOf(handle, reason, end.message ?? '') && timeOf(end) >= timeOf(event);
      if (ends.some(isEndOfIt) || isPast(event, cluster, node)) return [];
      const { severity, what, remedy } = CONDITIONS[reason];
      return [
        {
          state: severity === 'degraded' ? 'degraded' : 'stuck',
          at: `node ${node}`,
          said: message,
          what: `Node ${node} reports ${reason} of the volume.`,
          why: `As it said at ${new Date(timeOf(event)).toISOString()}: ${what}.`,
          next: `${remedy}.`,
          command: `kubectl describe node ${node}`,
        },
      ];
    });
  });
}

/** Of the pool of the volume or snapshot; where there is none yet, of every pool of its RDS. */
function degradedPool({ view }: ClusterState): Finding[] {
  if (view?.status === undefined) return [];
  const { device, status } = view;
  const place = device.is === 'volume' || device.is === 'snapshot' ? device.pool : undefined;
  return [...status.pools].flatMap(([pool, { conditions }]) =>
    place !== undefined && pool !== place
      ? []
      : conditions.map(
          (condition): Finding => ({
            state: 'degraded',
            at: 'device',
            what: `Pool ${pool} of ${status.backend} is degraded: ${condition.code}.`,
            why: `The RDS reports that ${conditionSentence(condition)}.`,
            next: `${CONDITIONS[condition.code].remedy}.`,
          }),
        ),
  );
}

/** What a volume that is there needs of its pool; that of one still to be made is another matter. */
function scarcePool({ view }: ClusterState): Finding | undefined {
  const device = view?.device;
  const pool = device?.is === 'volume' ? view?.status?.pools.get(device.pool) : undefined;
  if (pool?.scarcity === undefined) return undefined;
  const isFull = pool.freeBytes === 0n;
  return {
    state: isFull ? 'stuck' : 'degraded',
    at: 'device',
    what: `${pool.scarcity.slice(0, 1).toUpperCase()}${pool.scarcity.slice(1)}.`,
    why: isFull
      ? 'Writes that need space fail in every volume of the pool, and filesystems give up. Deleting files in a volume makes no room that one could rely on.'
      : 'At nothing free the writes of every volume in it fail, and filesystems give up.',
    next: `${EVENTS.PoolNearlyFull.advice}.`,
    command: 'rose-csi snapshots ls --config rose-csi.yaml',
  };
}
