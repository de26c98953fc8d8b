import { codeIn } from '../../failures/message.ts';
import { parseQuantity } from '../../kubernetes/quantity.ts';
import { RECORD_HEADER } from '../../storage/inspection.ts';
import { type ClusterState, type Device, isGoing, there } from '../cluster-state.ts';
import { nextFor } from '../explain.ts';
import type { Finding, Rule } from '../finding.ts';

/** The RDS; with `--config` only. */
export const deviceRules: readonly Rule[] = [
  {
    id: 'backend-unfit',
    notices: 'the RDS answers and is not fit: pool missing or another one, RouterOS too old, package missing',
    judge: unfit,
  },
  { id: 'backend-unreachable', notices: 'the RDS cannot be asked from where the command runs', judge: unreachable },
  { id: 'device-absent', notices: 'the volume or snapshot is not on the RDS', judge: absent },
  {
    id: 'device-of-another-cluster',
    notices: 'the volume or snapshot bears the owner of another cluster',
    judge: foreign,
  },
  { id: 'device-smaller', notices: 'the image on the RDS is smaller than Kubernetes believes', judge: smaller },
  {
    id: 'device-not-exported',
    notices: 'Kubernetes believes the volume attached, and the RDS does not export it',
    judge: notExported,
  },
  {
    id: 'device-published-elsewhere',
    notices: 'the RDS has the volume published to a node that it is not attached to',
    judge: publishedElsewhere,
  },
  {
    id: 'device-exported-by-hand',
    notices: 'the disk of the volume is exported, and no node is recorded on it',
    judge: exportedByHand,
  },
  { id: 'pool-full', notices: 'a new volume is awaited, and the pool has no room for any', judge: full },
];

type Leaving = Parameters<typeof isGoing>[0];
type OnRds = Extract<Device, { is: 'volume' }>;

function volumeOf({ view }: ClusterState): OnRds | undefined {
  return view?.device.is === 'volume' ? view.device : undefined;
}

function unfit({ view }: ClusterState): Finding | undefined {
  const problems = view?.status?.problems ?? [];
  if (problems.length === 0) return undefined;
  return {
    state: 'stuck',
    at: 'device',
    what: `The RDS ${view?.status?.backend} is not usable as configured.`,
    why: `${problems.join('. ')}.`,
    next: nextFor(problems.map(codeIn).find((code) => code !== undefined) ?? 'RC-POOL'),
    command: 'rose-csi doctor --config rose-csi.yaml',
  };
}

function unreachable({ view }: ClusterState): Finding | undefined {
  // What an RDS with another pool does not find is said by its problems.
  if (view?.device.is !== 'unseen' || (view.status?.problems.length ?? 0) > 0) return undefined;
  return {
    state: 'unknown',
    at: 'device',
    said: view.device.because,
    what: 'The RDS could not be asked from here.',
    why: 'Whether the controller reaches it is another matter: it may run where the RDS can be reached.',
    next: codeIn(view.device.because) === 'RDS-LOGIN' ? nextFor('RDS-LOGIN') : 'Examine the way to the RDS from here.',
    command: 'rose-csi doctor --config rose-csi.yaml',
  };
}

function absent({ view, snapshot, content, volume }: ClusterState): Finding | undefined {
  if (view?.device.is !== 'absent' || view.device.elsewhere?.length) return undefined;
  // Of what is being deleted, that is the first step.
  const leaving: readonly (Leaving | undefined)[] = [there(snapshot), there(content), there(volume)];
  if (leaving.some((object) => object !== undefined && isGoing(object))) return undefined;
  const { id } = view.device;
  const isSnapshot = id.includes(':snap-');
  return {
    state: 'stuck',
    at: 'device',
    what: `${id} is not on the RDS.`,
    why: `The RDS answered, the pool is the right one, and it holds no such ${isSnapshot ? 'snapshot' : 'volume'}: someone removed it there, or this is another RDS under the same name.`,
    next: nextFor(isSnapshot ? 'RC-NOSNAP' : 'RC-NOVOL'),
    command: isSnapshot
      ? 'rose-csi snapshots ls --config rose-csi.yaml'
      : `rose-csi snapshots ls --config rose-csi.yaml --volume ${id}`,
  };
}

function foreign({ view }: ClusterState): Finding | undefined {
  const device = view?.device;
  if ((device?.is !== 'volume' && device?.is !== 'snapshot') || device.ownedBy !== undefined) return undefined;
  return {
    state: 'stuck',
    at: 'device',
    what: `${device.id} belongs to another cluster (owner ${device.owner}).`,
    why: 'Its name on the RDS bears an owner that follows from no configured cluster id, so it is not attached, grown or deleted.',
    next: nextFor('RC-OWNER'),
    command: 'helm get values rose-csi',
  };
}

function smaller(cluster: ClusterState): Finding | undefined {
  const device = volumeOf(cluster);
  const believed = parseQuantity(there(cluster.volume)?.spec.capacity?.storage);
  // A size of zero is one that the RDS has not read yet (docs/routeros.md, U24).
  if (!device?.bytes || believed === undefined || device.bytes >= believed) return undefined;
  return {
    state: 'stuck',
    at: 'device',
    what: `The image on the RDS has ${device.bytes} bytes, and Kubernetes believes ${believed}.`,
    why: 'An image is never made smaller by the driver: someone changed or replaced it.',
    next: 'Use nothing of it before you know what happened; see what snapshots there are.',
    command: `rose-csi snapshots ls --config rose-csi.yaml --volume ${device.id}`,
  };
}

function attachedNodes({ attachments }: ClusterState): string[] | undefined {
  return there(attachments)
    ?.filter(({ status }) => status?.attached === true)
    .map(({ spec }) => spec.nodeName);
}

function notExported(cluster: ClusterState): Finding | undefined {
  const device = volumeOf(cluster);
  const nodes = attachedNodes(cluster) ?? [];
  if (device === undefined || device.exported || nodes.length === 0) return undefined;
  return {
    state: 'stuck',
    at: 'device',
    what: `The volume is attached to ${nodes.join(', ')}, and the RDS does not export it.`,
    why:
      device.slot !== undefined
        ? 'The export was lost on the RDS, as a restart may do. The attacher sees that within some minutes and publishes again.'
        : 'Its disk item was lost on the RDS, as a reset of the router does; the image is there. The attacher sees that within some minutes and attaches it again.',
    next: 'Wait five minutes and ask again; if it stays so, see what the attacher says.',
    command: 'kubectl get volumeattachments',
  };
}

function publishedElsewhere(cluster: ClusterState): Finding | undefined {
  const device = volumeOf(cluster);
  const nodes = attachedNodes(cluster);
  // To whom another cluster has published its volume is for that one to say.
  if (device?.ownedBy === undefined || nodes === undefined) return undefined;
  const known = [...nodes, ...(cluster.sharing ?? []).map(({ node }) => node)];
  const users = device.nodes.filter((node) => known.includes(node));
  const others = device.nodes.filter((node) => !known.includes(node) && !isBeingAttached(cluster, node));
  if (others.length === 0) return undefined;
  return {
    state: 'stuck',
    at: 'device',
    what: `The RDS has the volume published to ${others.join(', ')}, and Kubernetes does not have it attached there.`,
    why: 'Someone deleted the VolumeAttachment by hand, or another cluster uses the volume. As long as that node is on its record, it is refused to every other.',
    ...(users.length > 0
      ? {
          next: `Stop what uses it on ${users.join(', ')} first, and ask again: to take the record away now would take it from there, too.`,
          command: 'kubectl get volumeattachments',
        }
      : {
          next: `Make sure that no host uses it, for two that write destroy the filesystem. Then, on the RDS, where it does nothing ${IF_CHANGED}:`,
          command: released(device),
        }),
  };
}

const IF_CHANGED = 'once the driver has written there';

/**
 * Takes the export and the record of nodes off a volume, in the words that the driver would leave there, as long as the record
 * is the one that was seen: the volume may have gone to a node before someone types this.
 */
function released({ slot, nodes, generation }: OnRds): string {
  const asSeen =
    nodes.length > 0 ? `comment~"${RECORD_HEADER}${generation} "` : `!(comment~"${RECORD_HEADER}[0-9a-f]+ [0-9a-f]")`;
  return `/disk set [find where slot="${slot}" and ${asSeen}] nvme-tcp-export=no comment="released by hand"`;
}

function exportedByHand(cluster: ClusterState): Finding | undefined {
  const device = volumeOf(cluster);
  if (device?.ownedBy === undefined || !device.exported || device.nodes.length > 0) return undefined;
  return {
    state: 'stuck',
    at: 'device',
    what: 'The disk of the volume is exported, and no node is recorded on it.',
    why: 'The export was turned on by hand, so the driver neither publishes the volume to a node nor deletes it.',
    next: `Make sure that no host uses it. Then, on the RDS, where it does nothing ${IF_CHANGED}:`,
    command: released(device),
  };
}

function isBeingAttached({ attachments }: ClusterState, node: string): boolean {
  return there(attachments)?.some(({ spec }) => spec.nodeName === node) ?? false;
}

function full({ view, claim }: ClusterState): Finding | undefined {
  const object = there(claim);
  const wanted = parseQuantity(object?.spec.resources?.requests?.storage);
  if (object?.status?.phase === 'Bound' || wanted === undefined || view?.status === undefined) return undefined;
  const { backend, freeBytes, problems } = view.status;
  if (freeBytes > 0n || problems.length > 0) return undefined;
  return {
    state: 'stuck',
    at: 'device',
    what: `The pool on ${backend} has no room for new volumes.`,
    why: 'The pool has too little free space: nothing is free above its reserve, or may still be promised.',
    next: nextFor('RC-SPACE'),
    command: 'rose-csi snapshots ls --config rose-csi.yaml',
  };
}
