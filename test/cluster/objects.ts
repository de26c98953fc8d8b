import { BUSYBOX_IMAGE } from './images.ts';

/** Where a claim is filled from. */
interface Source {
  readonly kind: 'VolumeSnapshot' | 'PersistentVolumeClaim';
  readonly name: string;
}

export interface ClaimOptions {
  readonly from?: Source;
  readonly volumeMode?: 'Block';
  /** ReadWriteOnce unless given. */
  readonly access?: 'ReadWriteOncePod' | 'ReadWriteMany';
}

/** A claim. @param size such as `1Gi`. */
export function claim(name: string, storageClassName: string, size: string, options: ClaimOptions = {}): object {
  const { from, volumeMode, access = 'ReadWriteOnce' } = options;
  const group = from?.kind === 'VolumeSnapshot' ? { apiGroup: 'snapshot.storage.k8s.io' } : {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      storageClassName,
      accessModes: [access],
      resources: { requests: { storage: size } },
      ...(volumeMode && { volumeMode }),
      ...(from && { dataSource: { ...group, ...from } }),
    },
  };
}

/** A snapshot of a claim. */
export function snapshot(
  name: string,
  persistentVolumeClaimName: string,
  volumeSnapshotClassName = 'rose-csi',
): object {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name },
    spec: { volumeSnapshotClassName, source: { persistentVolumeClaimName } },
  };
}

export interface PodOptions {
  /** Where the scheduler is to put it. */
  readonly node?: string;
  /** Whether it has the device at `/dev/data`, and no filesystem. */
  readonly block?: boolean;
  readonly readOnly?: boolean;
  /** A shell's unless given. */
  readonly image?: string;
  readonly security?: { readonly runAsUser: number; readonly fsGroup: number };
  /** Whether a container that ends is started again. */
  readonly restarts?: boolean;
}

/** What a pod runs that is only there to be asked. */
const WAITING = 'sleep 86400';

/**
 * A pod that has the filesystem of a claim at `/data`.
 *
 * @param command a line of shell; by default it waits.
 */
export function pod(name: string, claimName: string, command: string | PodOptions, more: PodOptions = {}): object {
  if (typeof command !== 'string') return pod(name, claimName, WAITING, command);
  const { node, block = false, readOnly = false, image = BUSYBOX_IMAGE, security, restarts = false } = more;
  const place = block
    ? { volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] }
    : { volumeMounts: [{ name: 'data', mountPath: '/data', readOnly }] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: restarts ? 'Always' : 'Never',
      terminationGracePeriodSeconds: 1,
      // By the scheduler, not past it: a claim may wait for it.
      ...(node !== undefined && { nodeSelector: { 'kubernetes.io/hostname': node } }),
      ...(security && { securityContext: security }),
      containers: [{ name: 'shell', image, command: ['sh', '-c', command], ...place }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
  };
}

/** Writes a number in each line of `/data/log`, one after the other, each to the disk before the next, until that fails. */
export const COUNTING = 'set -e; i=0; while true; do i=$((i+1)); echo $i >> /data/log; sync; done';
