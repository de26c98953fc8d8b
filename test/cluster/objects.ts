import { BUSYBOX_IMAGE } from './images.ts';

/** A claim. @param from what it is filled from: a VolumeSnapshot or another claim. */
export function claim(
  name: string,
  storageClassName: string,
  size: string,
  from?: { readonly kind: 'VolumeSnapshot' | 'PersistentVolumeClaim'; readonly name: string },
): object {
  const group = from?.kind === 'VolumeSnapshot' ? { apiGroup: 'snapshot.storage.k8s.io' } : {};
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name } },
    spec: {
      ...{ storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } } },
      ...(from && { dataSource: { ...group, ...from } }),
    },
  };
}

/** A snapshot of a claim. */
export function snapshot(name: string, persistentVolumeClaimName: string): object {
  return {
    ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name } },
    spec: { volumeSnapshotClassName: 'rose-csi', source: { persistentVolumeClaimName } },
  };
}

/** A pod on a node that has the filesystem of a claim at `/data`, and runs a line of shell. */
export function pod(name: string, claimName: string, nodeName: string, command: string): object {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
    spec: {
      ...{ restartPolicy: 'Never', terminationGracePeriodSeconds: 1 },
      // By the scheduler, not past it: a claim may wait for it.
      nodeSelector: { 'kubernetes.io/hostname': nodeName },
      containers: [
        {
          ...{ name: 'shell', image: BUSYBOX_IMAGE, command: ['sh', '-c', command] },
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
  };
}

/** Writes a number in each line of `/data/log`, one after the other, each to the disk before the next, for ever. */
export const COUNTING = 'i=0; while true; do i=$((i+1)); echo $i >> /data/log; sync; done';
