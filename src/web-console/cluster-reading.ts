import type { Access } from '../kubernetes/access.ts';
import { KubernetesClient } from '../kubernetes/client.ts';
import {
  type Claim,
  type Event,
  type Kind,
  kinds,
  type StorageClass,
  type VolumeSnapshot,
  type VolumeSnapshotClass,
} from '../kubernetes/kinds.ts';
import { Reader } from '../kubernetes/reader.ts';
import { type KubernetesView, viewOf } from '../orphans/references.ts';
import { isTelling } from './recent-failures.ts';
import { hasNoVolume, isNotReady } from './unfinished.ts';

/** What Kubernetes said. Lists that it did not give are empty. */
export interface ClusterReading {
  readonly is: 'asked';
  readonly view: KubernetesView;
  /** Those that have no volume. */
  readonly claims: readonly Claim[];
  readonly classes: readonly StorageClass[];
  /** Those that are not ready. */
  readonly snapshots: readonly VolumeSnapshot[];
  readonly snapshotClasses: readonly VolumeSnapshotClass[];
  readonly nodeNames: readonly string[];
  /** Warnings of all namespaces that bear a code. */
  readonly events: readonly Event[];
  /** What could not be looked at, one sentence each. */
  readonly unseen: readonly string[];
}

/** What came of asking Kubernetes. Without the whole view nothing is compared with the backends. */
export type ClusterState =
  | ClusterReading
  | { readonly is: 'off' }
  | { readonly is: 'unseen'; readonly because: string };

/** Which objects of a kind are listed, and of those which are kept. By default all: a list may have ten thousand. */
interface Wanted<T> {
  /** As `kubectl --field-selector` takes it. */
  readonly fields?: string;
  readonly isWanted?: (object: T) => boolean;
}

/** How long one request may take, in ms. */
const REQUEST_MS = 15_000;

/** Lists what the page shows of Kubernetes. It throws nothing, and GET is the only request that it makes. */
export async function readCluster(access: Access, signal: AbortSignal): Promise<ClusterState> {
  try {
    // Nothing is looked up in a namespace here.
    const view = await viewOf(new KubernetesClient(access, { namespace: 'default', requestMs: REQUEST_MS }), signal);
    const reader = new Reader(access, REQUEST_MS, signal);
    const unseen: string[] = [];
    const list = async <T>(kind: Kind<T>, wanted: Wanted<T> = {}): Promise<readonly T[]> => {
      const { fields, isWanted } = wanted;
      const seen = await reader.list(kind, fields === undefined ? {} : { fields }, isWanted);
      if (seen.is === 'there') return seen.object;
      if (seen.is === 'unseen') unseen.push(`${kind.title}s: ${seen.because}`);
      return [];
    };
    const claims = await list(kinds.claim, { isWanted: hasNoVolume });
    const classes = await list(kinds.storageClass);
    const snapshots = await list(kinds.snapshot, { isWanted: isNotReady });
    const snapshotClasses = await list(kinds.snapshotClass);
    const nodes = await list(kinds.node);
    const events = await list(kinds.event, { fields: 'type=Warning', isWanted: isTelling });
    const nodeNames = nodes.map(({ metadata }) => metadata.name);
    return { is: 'asked', view, claims, classes, snapshots, snapshotClasses, nodeNames, events, unseen };
  } catch (error) {
    return { is: 'unseen', because: error instanceof Error ? error.message : String(error) };
  }
}
