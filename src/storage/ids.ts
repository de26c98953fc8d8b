import { createHash } from 'node:crypto';
import { v5 } from 'uuid';
import type { SnapshotRef, VolumeRef } from '../rds/index.ts';
import {
  type HostId,
  hostId,
  isPublicationNqn,
  NQN_PREFIX,
  nqnOf,
  type PublicationNqn,
  publicationNqn,
  type VolumeNqn,
} from '../rds/refs.ts';

export { isPublicationNqn, nqnOf, type PublicationNqn, publicationNqn, type VolumeNqn };

/**
 * Who owns an object on an RDS that several clusters share, and which uuid a CSI name gets. Both are pure functions of
 * the configuration and the request, so a create is idempotent across restarts with no state in the driver.
 */
export interface Identity {
  /** First 8 hex digits of SHA-256 over driver name and cluster id; part of every name that is made. */
  readonly owner: string;
  /** Our owner and those of adopted clusters: what may be listed, changed and deleted. */
  readonly owners: readonly string[];
  readonly clusterId: string;
}

/** Namespace of the uuids derived from CSI names that carry none. Permanent. */
const NAME_NAMESPACE = '5e0a6cb0-3b1f-5d52-9a30-6f2d0c5f7c1d';
/** Namespace of the host ids derived from cluster id and node name. Permanent. */
const NODE_NAMESPACE = 'b8a7e2a4-7c7e-5a0e-8f0b-4f6f2a1f9d3e';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const UUID_ONLY = new RegExp(`^${UUID}$`);
const HOST_NQN = new RegExp(`^nqn\\.2014-08\\.org\\.nvmexpress:uuid:(${UUID})$`);

const OWNER_ENTRY = /^owner:([0-9a-f]{8})$/;

export function identity(driverName: string, clusterId: string, adoptedClusterIds: readonly string[]): Identity {
  const owner = ownerOf(driverName, clusterId);
  const adopted = adoptedClusterIds.map((id) => adoptedOwner(driverName, id));
  return { owner, owners: [...new Set([owner, ...adopted])], clusterId };
}

/**
 * The owner that an entry of `adoptedClusterIds` stands for: the id of a cluster or, where no one knows that any more,
 * `owner:` and the owner as it stands in the names on the RDS.
 */
export function adoptedOwner(driverName: string, entry: string): string {
  return OWNER_ENTRY.exec(entry)?.[1] ?? ownerOf(driverName, entry);
}

function ownerOf(driverName: string, clusterId: string): string {
  return createHash('sha256').update(`${driverName}\0${clusterId}`).digest('hex').slice(0, 8);
}

/** True for a uuid in lower-case canonical form, the only form that is ever written. */
export function isUuid(text: string): boolean {
  return UUID_ONLY.test(text);
}

/**
 * The uuid of the object that a CSI name stands for: the name's own when it is exactly `<prefix>-<uuid>`, as the sidecars
 * send it, else one derived from owner and name.
 */
export function uuidOfName(prefix: 'pvc' | 'snap', name: string, owner: string): string {
  const own = name.startsWith(`${prefix}-`) ? name.slice(prefix.length + 1) : '';
  return isUuid(own) ? own : v5(`${owner}/${prefix}/${name}`, NAME_NAMESPACE);
}

/** The CSI node id, which is the host NQN that the node connects with. */
export function nodeIdOf(clusterId: string, nodeName: string): string {
  return nodeIdOfHost(v5(`${clusterId}/${nodeName}`, NODE_NAMESPACE));
}

/** The node id of a host id (a uuid), as recorded on the device. */
export function nodeIdOfHost(hostId: string): string {
  return `nqn.2014-08.org.nvmexpress:uuid:${hostId}`;
}

/** CSI node ids on the record of a disk item, whether it is exported or not; none without one. */
export function recordedNodes(
  disk: { readonly publications: readonly { readonly hostId: string }[] } | undefined,
): string[] {
  return disk?.publications.map(({ hostId }) => nodeIdOfHost(hostId)) ?? [];
}

/** The host id within a node id; undefined when it is not a node id of this driver. */
export function hostIdOf(nodeId: string): HostId | undefined {
  return hostId(HOST_NQN.exec(nodeId)?.[1] ?? '');
}

/**
 * The ids that Kubernetes keeps: `<backend>:pvc-<uuid>` and `<backend>:snap-<uuid>`. DeleteSnapshot gets nothing but
 * the id, so it has to say by itself which RDS and which object.
 */
export interface Handle<Kind extends 'pvc' | 'snap' = 'pvc' | 'snap'> {
  readonly kind: Kind;
  readonly backend: string;
  readonly uuid: string;
}

/** Longest backend name that keeps a handle within the 128 bytes of CSI and a Kubernetes label value. */
export const BACKEND_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function printHandle(handle: Handle): string {
  return `${handle.backend}:${handle.kind}-${handle.uuid}`;
}

/** @returns undefined for everything that {@link printHandle} does not print. */
export function parseHandle<Kind extends 'pvc' | 'snap'>(kind: Kind, id: string): Handle<Kind> | undefined {
  const colon = id.indexOf(':');
  const backend = id.slice(0, Math.max(colon, 0));
  const object = id.slice(colon + 1);
  const uuid = object.slice(kind.length + 1);
  if (!BACKEND_NAME.test(backend) || !object.startsWith(`${kind}-`) || !isUuid(uuid)) {
    return undefined;
  }
  return { kind, backend, uuid };
}

const PUBLICATION = /-[0-9a-f]{8}$/;

/** The uuid of the volume that a subsystem NQN is a publication of; undefined when it is none of this driver's. */
export function volumeUuidOf(subsystem: string): string | undefined {
  if (!subsystem.startsWith(NQN_PREFIX) || !PUBLICATION.test(subsystem)) return undefined;
  const uuid = subsystem.slice(NQN_PREFIX.length).replace(PUBLICATION, '');
  return isUuid(uuid) ? uuid : undefined;
}

/** Whether a subsystem NQN is that of the publication, or of any publication of the volume, that is asked for. */
export function isNqnOf(asked: string, subsystem: string): boolean {
  return subsystem === asked || (subsystem.startsWith(asked) && /^-[0-9a-f]{8}$/.test(subsystem.slice(asked.length)));
}

/** How the RDS finds a volume. From a handle or a name and not from a text: an id in place of the uuid is found nowhere. */
export function volumeRef({ uuid }: { readonly kind?: 'pvc'; readonly uuid: string }): VolumeRef {
  return { kind: 'pvc', uuid };
}

/**
 * How the RDS finds a snapshot; see {@link volumeRef}.
 *
 * @param copy the own uuid of its copy, where that is meant
 */
export function snapshotRef({ uuid }: { readonly kind?: 'snap'; readonly uuid: string }, copy?: string): SnapshotRef {
  return copy === undefined ? { kind: 'snap', uuid } : { kind: 'snap', uuid, copy };
}
