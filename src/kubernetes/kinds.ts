import * as z from 'zod';

/** A kind of object that can be read, and the part of it that is looked at; everything else is dropped. */
export interface Kind<T> {
  /** As users write it. */
  readonly title: string;
  /** As it stands in paths and in rules of RBAC. */
  readonly plural: string;
  /** API group, all of version v1; empty for the core. */
  readonly group: string;
  readonly schema: z.ZodType<T>;
}

const text = z.string().optional();
const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? {});
/** Go writes an empty list as nothing, and as `null` at times. */
const many = <T>(item: z.ZodType<T>) =>
  z
    .array(item)
    .nullish()
    .transform((given) => given ?? []);

const metadata = z.object({
  name: z.string().min(1),
  namespace: text,
  uid: text,
  creationTimestamp: text,
  deletionTimestamp: text,
  finalizers: many(z.string()),
  annotations: texts,
  labels: texts,
});
const condition = z.object({ type: z.string(), status: z.string(), reason: text, message: text });
const failure = z.object({ time: text, message: text }).nullish();
const storage = z.object({ storage: text }).nullish();

const claim = z.object({
  metadata,
  spec: z.object({
    storageClassName: text,
    volumeName: text,
    volumeMode: text,
    accessModes: many(z.string()),
    resources: z.object({ requests: storage }).optional(),
    dataSource: z.object({ kind: z.string(), name: z.string(), apiGroup: text.nullable() }).nullish(),
    dataSourceRef: z.object({ kind: z.string(), name: z.string(), namespace: text }).nullish(),
  }),
  status: z
    .object({
      phase: text,
      capacity: storage,
      allocatedResources: storage,
      conditions: many(condition),
      allocatedResourceStatuses: texts,
    })
    .optional(),
});

const volume = z.object({
  metadata,
  spec: z.object({
    capacity: storage,
    csi: z.object({ driver: z.string(), volumeHandle: z.string() }).optional(),
    claimRef: z.object({ namespace: z.string(), name: z.string(), uid: text }).optional(),
    persistentVolumeReclaimPolicy: text,
    storageClassName: text,
    accessModes: many(z.string()),
  }),
  status: z.object({ phase: text, message: text, reason: text }).optional(),
});

const storageClass = z.object({
  metadata,
  provisioner: z.string(),
  volumeBindingMode: text,
  allowVolumeExpansion: z.boolean().optional(),
  parameters: texts,
});

const attachment = z.object({
  metadata,
  spec: z.object({
    attacher: z.string(),
    nodeName: z.string(),
    source: z.object({
      persistentVolumeName: text,
      inlineVolumeSpec: z.object({ csi: z.object({ volumeHandle: z.string() }).optional() }).optional(),
    }),
  }),
  status: z.object({ attached: z.boolean(), attachError: failure, detachError: failure }).optional(),
});

const node = z.object({ metadata, status: z.object({ conditions: many(condition) }).optional() });
const csiNode = z.object({ metadata, spec: z.object({ drivers: many(z.object({ name: z.string() })) }) });
const csiDriver = z.object({ metadata });

const said = z.object({ reason: text, message: text }).optional();
const running = z.object({ startedAt: text }).optional();
const containerState = z.object({ waiting: said, terminated: said, running }).optional();

const pod = z.object({
  metadata: metadata.extend({ ownerReferences: many(z.object({ kind: z.string(), name: z.string() })) }),
  spec: z.object({
    nodeName: text,
    volumes: many(
      z.object({
        name: z.string(),
        persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
        ephemeral: z.object({}).optional(),
      }),
    ),
  }),
  status: z
    .object({
      phase: text,
      reason: text,
      conditions: many(condition),
      containerStatuses: many(
        z.object({ name: z.string(), ready: z.boolean(), state: containerState, lastState: containerState }),
      ),
    })
    .optional(),
});

const capacity = z.object({ metadata, storageClassName: z.string(), capacity: text, maximumVolumeSize: text });

const event = z.object({
  involvedObject: z.object({ kind: text, namespace: text, name: text }),
  count: z.number().nullish(),
  type: text,
  reason: text,
  message: text,
  reportingComponent: text,
  source: z.object({ component: text }).nullish(),
  eventTime: text.nullable(),
  lastTimestamp: text.nullable(),
  firstTimestamp: text.nullable(),
  series: z.object({ lastObservedTime: text.nullable() }).nullish(),
});

const snapshot = z.object({
  metadata,
  spec: z.object({
    source: z.object({ persistentVolumeClaimName: text, volumeSnapshotContentName: text }),
    volumeSnapshotClassName: text,
  }),
  status: z
    .object({
      boundVolumeSnapshotContentName: text,
      restoreSize: text,
      creationTime: text,
      readyToUse: z.boolean().optional(),
      error: failure,
    })
    .optional(),
});

const content = z.object({
  metadata,
  spec: z.object({
    driver: z.string(),
    deletionPolicy: text,
    source: z.object({ volumeHandle: text, snapshotHandle: text }),
    volumeSnapshotRef: z.object({ namespace: text, name: text, uid: text }),
  }),
  status: z
    .object({
      snapshotHandle: text,
      readyToUse: z.boolean().optional(),
      restoreSize: z.number().optional(),
      error: failure,
    })
    .nullish(),
});

const snapshotClass = z.object({ metadata, driver: z.string(), deletionPolicy: text });

const CORE = '';
const STORAGE_GROUP = 'storage.k8s.io';
const SNAPSHOT_GROUP = 'snapshot.storage.k8s.io';

/** All kinds that are read. */
export const kinds = {
  claim: { title: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', group: CORE, schema: claim },
  volume: { title: 'PersistentVolume', plural: 'persistentvolumes', group: CORE, schema: volume },
  storageClass: { title: 'StorageClass', plural: 'storageclasses', group: STORAGE_GROUP, schema: storageClass },
  attachment: { title: 'VolumeAttachment', plural: 'volumeattachments', group: STORAGE_GROUP, schema: attachment },
  node: { title: 'Node', plural: 'nodes', group: CORE, schema: node },
  csiNode: { title: 'CSINode', plural: 'csinodes', group: STORAGE_GROUP, schema: csiNode },
  capacity: { title: 'CSIStorageCapacity', plural: 'csistoragecapacities', group: STORAGE_GROUP, schema: capacity },
  csiDriver: { title: 'CSIDriver', plural: 'csidrivers', group: STORAGE_GROUP, schema: csiDriver },
  pod: { title: 'Pod', plural: 'pods', group: CORE, schema: pod },
  event: { title: 'Event', plural: 'events', group: CORE, schema: event },
  snapshot: { title: 'VolumeSnapshot', plural: 'volumesnapshots', group: SNAPSHOT_GROUP, schema: snapshot },
  content: { title: 'VolumeSnapshotContent', plural: 'volumesnapshotcontents', group: SNAPSHOT_GROUP, schema: content },
  snapshotClass: {
    title: 'VolumeSnapshotClass',
    plural: 'volumesnapshotclasses',
    group: SNAPSHOT_GROUP,
    schema: snapshotClass,
  },
} as const satisfies Readonly<Record<string, Kind<unknown>>>;

/** Where the objects of a kind are, of one namespace or of all. */
export function pathOf({ group, plural }: Kind<unknown>, namespace?: string): string[] {
  const root = group === CORE ? ['api', 'v1'] : ['apis', group, 'v1'];
  return [...root, ...(namespace === undefined ? [] : ['namespaces', namespace]), plural];
}

export type Claim = z.infer<typeof claim>;
export type Volume = z.infer<typeof volume>;
export type StorageClass = z.infer<typeof storageClass>;
export type VolumeAttachment = z.infer<typeof attachment>;
export type StorageCapacity = z.infer<typeof capacity>;
export type Node = z.infer<typeof node>;
export type CsiNode = z.infer<typeof csiNode>;
export type CsiDriver = z.infer<typeof csiDriver>;
export type Pod = z.infer<typeof pod>;
export type Event = z.infer<typeof event>;
export type VolumeSnapshot = z.infer<typeof snapshot>;
export type VolumeSnapshotContent = z.infer<typeof content>;
export type VolumeSnapshotClass = z.infer<typeof snapshotClass>;
