import { shellQuoted } from '../cli/shell-quoted.ts';
import type { Claim, VolumeSnapshot } from '../kubernetes/kinds.ts';
import type { ClusterReading } from './cluster-reading.ts';
import type { Matter, Subject } from './scene.ts';

/** How long a claim or snapshot may take before it needs a look, in ms: what `rose-csi why` gives a request. */
const PATIENCE_MS = 120_000;
/** Claims and snapshots that are listed at most, each kind for itself. */
const MOST = 50;

interface Waiting {
  readonly subject: Subject;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Claims without a volume and snapshots that are not ready, of this driver, that have waited for a while. */
export function unfinished(cluster: ClusterReading, driver: string, now: number, config: string): Matter[] {
  const isLate = ({ since }: Waiting): boolean => now - since >= PATIENCE_MS;
  return [
    ...pendingClaims(cluster, driver)
      .filter(isLate)
      .slice(0, MOST)
      .map((one) => matter(one, 'has no volume yet', config)),
    ...pendingSnapshots(cluster, driver)
      .filter(isLate)
      .slice(0, MOST)
      .map((one) => matter(one, 'is not ready yet', config)),
  ];
}

function pendingClaims({ claims, classes }: ClusterReading, driver: string): Waiting[] {
  const ours = new Set(
    classes.filter(({ provisioner }) => provisioner === driver).map(({ metadata }) => metadata.name),
  );
  return claims
    .filter((claim) => hasNoVolume(claim) && ours.has(claim.spec.storageClassName ?? ''))
    .map((claim) => waiting('pvc', claim));
}

function pendingSnapshots({ snapshots, snapshotClasses }: ClusterReading, driver: string): Waiting[] {
  const ours = new Set(snapshotClasses.filter((one) => one.driver === driver).map(({ metadata }) => metadata.name));
  return snapshots
    .filter((snapshot) => isNotReady(snapshot) && ours.has(snapshot.spec.volumeSnapshotClassName ?? ''))
    .map((snapshot) => waiting('vs', snapshot));
}

/** Whether a claim waits for its volume, whoever makes that. */
export function hasNoVolume({ metadata, status }: Pick<Claim, 'metadata' | 'status'>): boolean {
  return (status?.phase === undefined || status.phase === 'Pending') && metadata.deletionTimestamp === undefined;
}

/** Whether a snapshot waits to be taken, whoever takes it. */
export function isNotReady({ metadata, status }: Pick<VolumeSnapshot, 'metadata' | 'status'>): boolean {
  return status?.readyToUse !== true && metadata.deletionTimestamp === undefined;
}

function waiting(kind: Subject['kind'], { metadata }: Pick<ClusterReading['claims'][number], 'metadata'>): Waiting {
  const { namespace = '', name, creationTimestamp = '' } = metadata;
  return { subject: { kind, namespace, name }, since: Date.parse(creationTimestamp) || 0 };
}

function matter({ subject }: Waiting, what: string, config: string): Matter {
  const { kind, namespace, name } = subject;
  const title = kind === 'pvc' ? 'PersistentVolumeClaim' : 'VolumeSnapshot';
  return {
    urgency: 'act',
    says: `${title} ${namespace}/${name} ${what}`,
    subject,
    commands: [`rose-csi why ${shellQuoted(`${kind}/${name}`)} -n ${shellQuoted(namespace)} ${config}`],
  };
}
