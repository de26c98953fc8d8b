import * as z from 'zod';
import type { Attachment, LeaseState, PersistentVolume, SnapshotContent } from './cluster.ts';

/** The parts of Kubernetes objects that are used. An answer without them is no answer. */

const strings = z.record(z.string(), z.string());
const metadata = z.object({ name: z.string().min(1), uid: z.string().optional(), annotations: strings.nullish() });

/** One page of a list; Go writes an empty list as `null` at times. */
export const page = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullable(),
});

/** What a group of kinds consists of. */
export const resources = z.object({ resources: z.array(z.object({ name: z.string() })) });

export const persistentVolume = z
  .object({
    metadata,
    spec: z.object({
      csi: z.object({ driver: z.string(), volumeHandle: z.string() }).optional(),
      claimRef: z.object({ namespace: z.string(), name: z.string(), uid: z.string().optional() }).optional(),
    }),
  })
  .transform(
    ({ metadata: { name }, spec: { csi, claimRef } }): PersistentVolume => ({
      ...{ name, csi, claim: claimRef === undefined ? undefined : `${claimRef.namespace}/${claimRef.name}` },
      claimUid: claimRef?.uid,
    }),
  );

export const snapshotContent = z
  .object({
    metadata,
    spec: z.object({
      driver: z.string(),
      source: z.object({ volumeHandle: z.string().optional(), snapshotHandle: z.string().optional() }),
    }),
    status: z.object({ snapshotHandle: z.string().optional() }).nullish(),
  })
  .transform(
    ({ metadata: { name, uid, annotations }, spec: { driver, source }, status }): SnapshotContent => ({
      ...{ name, uid, driver, volumeHandle: source.volumeHandle, annotations: annotations ?? {} },
      snapshotHandle: status?.snapshotHandle ?? source.snapshotHandle,
    }),
  );

export const volumeAttachment = z
  .object({
    metadata,
    spec: z.object({
      source: z.object({
        persistentVolumeName: z.string().optional(),
        inlineVolumeSpec: z.object({ csi: z.object({ volumeHandle: z.string() }).optional() }).optional(),
      }),
    }),
  })
  .transform(
    ({ metadata: { name }, spec: { source } }): Attachment => ({
      ...{ name, volumeName: source.persistentVolumeName, volumeHandle: source.inlineVolumeSpec?.csi?.volumeHandle },
    }),
  );

export const configMap = z.object({
  metadata: z.object({ resourceVersion: z.string().min(1) }),
  data: strings.nullish(),
});

export const lease = z
  .object({
    metadata: z.object({ resourceVersion: z.string().min(1) }),
    spec: z
      .object({
        holderIdentity: z.string().nullish(),
        leaseDurationSeconds: z.number().nullish(),
        leaseTransitions: z.number().nullish(),
      })
      .nullish(),
  })
  .transform(
    ({ metadata: { resourceVersion }, spec }): LeaseState => ({
      resourceVersion,
      holder: spec?.holderIdentity || undefined,
      seconds: spec?.leaseDurationSeconds ?? 0,
      transitions: spec?.leaseTransitions ?? 0,
    }),
  );
