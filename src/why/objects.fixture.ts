import type { FailureCode } from '../failures/catalogue.ts';
import { messageOf } from '../failures/message.ts';
import { Objects, type Raw } from './cluster.fixture.ts';

/** 2026-11-20T12:00:00Z: the time at which cluster states are looked at. */
export const NOW = Date.parse('2026-11-20T12:00:00Z');
export const DRIVER = 'rds.rose-csi.io';
const UUID = '7a0f3c52-9d1e-4a6b-8c2f-0e5d4b3a2c1f';
export const HANDLE = `rds1:pvc-${UUID}`;
export const PV = `pvc-${UUID}`;
const SNAP_UUID = '19d5b7a0-2c4e-4f61-9b83-5a7c6d8e9f01';
export const SNAP_HANDLE = `rds1:snap-${SNAP_UUID}`;
export const CONTENT = `snapcontent-${SNAP_UUID}`;

/** The time so many seconds before the cluster state, as Kubernetes writes it. */
export function ago(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString();
}

type Fields = Readonly<Record<string, unknown>>;
interface Parts {
  readonly metadata?: Fields;
  readonly spec?: Fields;
  readonly status?: Fields;
}

function made(base: Raw, { metadata, spec, status }: Parts): Raw {
  return {
    ...base,
    metadata: { ...base.metadata, ...metadata, name: String(metadata?.['name'] ?? base.metadata.name) },
    ...(base['spec'] !== undefined && { spec: { ...(base['spec'] as Fields), ...spec } }),
    ...(base['status'] !== undefined && { status: { ...(base['status'] as Fields), ...status } }),
  };
}

/** A claim of 10 GiB, bound, in use. */
export function claim(parts: Parts = {}): Raw {
  return made(
    {
      metadata: {
        name: 'data',
        namespace: 'apps',
        uid: 'claim-1',
        creationTimestamp: ago(3600),
        finalizers: ['kubernetes.io/pvc-protection'],
      },
      spec: {
        storageClassName: 'rds',
        volumeName: PV,
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '10Gi' } },
      },
      status: { phase: 'Bound', capacity: { storage: '10Gi' } },
    },
    parts,
  );
}

/** The claim before there is a volume. */
export function pending(parts: Parts = {}): Raw {
  const { spec, status, metadata } = parts;
  return claim({
    ...(metadata && { metadata }),
    spec: { volumeName: undefined, ...spec },
    status: { phase: 'Pending', capacity: undefined, ...status },
  });
}

export function volume(parts: Parts = {}): Raw {
  return made(
    {
      metadata: { name: PV, creationTimestamp: ago(3500) },
      spec: {
        capacity: { storage: '10Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'rds',
        csi: { driver: DRIVER, volumeHandle: HANDLE },
        claimRef: { namespace: 'apps', name: 'data', uid: 'claim-1' },
        persistentVolumeReclaimPolicy: 'Delete',
      },
      status: { phase: 'Bound' },
    },
    parts,
  );
}

export function storageClass(fields: Fields = {}): Raw {
  return { metadata: { name: 'rds' }, provisioner: DRIVER, allowVolumeExpansion: true, ...fields };
}

export function attachment(node: string, parts: Parts = {}): Raw {
  return made(
    {
      metadata: { name: `csi-${node}`, creationTimestamp: ago(600) },
      spec: { attacher: DRIVER, nodeName: node, source: { persistentVolumeName: PV } },
      status: { attached: true },
    },
    parts,
  );
}

const READY = [{ type: 'Ready', status: 'True' }];
export const NOT_READY = [{ type: 'Ready', status: 'False' }];

export function node(name: string, conditions: readonly Fields[] = READY): Raw {
  return { metadata: { name }, status: { conditions } };
}

export function csiNode(name: string, drivers: readonly string[] = [DRIVER]): Raw {
  return { metadata: { name }, spec: { drivers: drivers.map((driver) => ({ name: driver })) } };
}

/** A pod that uses the claim. */
export function pod(name: string, nodeName: string | undefined, parts: Parts = {}): Raw {
  return made(
    {
      metadata: { name, namespace: 'apps' },
      spec: { nodeName, volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] },
      status: { phase: 'Running', conditions: READY },
    },
    parts,
  );
}

/** What a pod's status is while its volumes are not there. */
export const CREATING = {
  phase: 'Pending',
  conditions: NOT_READY,
  containerStatuses: [{ name: 'app', ready: false, state: { waiting: { reason: 'ContainerCreating' } } }],
};

/** A pod of the chart. */
export function driverPod(component: 'controller' | 'node', nodeName: string, parts: Parts = {}): Raw {
  return made(
    {
      metadata: {
        name: `rose-csi-${component}-${nodeName}`,
        namespace: 'rose-csi',
        labels: { 'app.kubernetes.io/component': component, 'helm.sh/chart': 'rose-csi-0.1.0' },
      },
      spec: { nodeName },
      status: { phase: 'Running', conditions: READY },
    },
    parts,
  );
}

export function snapshotController(parts: Parts = {}): Raw {
  return made(
    {
      metadata: {
        name: 'snapshot-controller-0',
        namespace: 'kube-system',
        labels: { 'app.kubernetes.io/name': 'snapshot-controller' },
      },
      spec: {},
      status: { phase: 'Running', conditions: READY },
    },
    parts,
  );
}

/** What a sidecar or the kubelet passes on of a failure of the driver. */
export function rpcError(code: FailureCode, detail = ''): string {
  return `rpc error: code = Unknown desc = ${messageOf(code, HANDLE, detail)}`;
}

export function event(kind: string, name: string, reason: string, message: string, fields: Fields = {}): Raw {
  const namespace = ['PersistentVolume', 'VolumeSnapshotContent', 'Node'].includes(kind) ? 'default' : 'apps';
  return {
    metadata: { name: `${name}.${reason}`, namespace },
    involvedObject: { kind, name },
    type: 'Warning',
    reason,
    message,
    lastTimestamp: ago(30),
    ...fields,
  };
}

/** A snapshot that is ready. */
export function snapshot(parts: Parts = {}): Raw {
  return made(
    {
      metadata: { name: 'monday', namespace: 'apps', uid: 'snapshot-1', creationTimestamp: ago(600) },
      spec: { source: { persistentVolumeClaimName: 'data' }, volumeSnapshotClassName: 'rds' },
      status: { boundVolumeSnapshotContentName: CONTENT, readyToUse: true, restoreSize: '10Gi' },
    },
    parts,
  );
}

/** The snapshot while it is being taken. */
export function pendingSnapshot(parts: Parts = {}): Raw {
  return snapshot({ ...parts, status: { readyToUse: false, restoreSize: undefined, ...parts.status } });
}

export function content(parts: Parts = {}): Raw {
  return made(
    {
      metadata: { name: CONTENT, creationTimestamp: ago(590) },
      spec: {
        driver: DRIVER,
        deletionPolicy: 'Delete',
        source: { volumeHandle: HANDLE },
        volumeSnapshotRef: { namespace: 'apps', name: 'monday', uid: 'snapshot-1' },
      },
      status: { snapshotHandle: SNAP_HANDLE, readyToUse: true, restoreSize: 10 * 2 ** 30 },
    },
    parts,
  );
}

/** The content while its snapshot is being taken. */
export function pendingContent(parts: Parts = {}): Raw {
  return content({ ...parts, status: { snapshotHandle: undefined, readyToUse: false, ...parts.status } });
}

export function snapshotClass(fields: Fields = {}): Raw {
  return { metadata: { name: 'rds' }, driver: DRIVER, deletionPolicy: 'Delete', ...fields };
}

/** A cluster of two nodes in which nothing is stuck: one claim, its pod on node-a, one snapshot. */
export function healthy(): Objects {
  const objects = new Objects()
    .put('persistentvolumeclaims', claim())
    .put('persistentvolumes', volume())
    .put('storageclasses', storageClass())
    .put('volumeattachments', attachment('node-a'))
    .put('csidrivers', { metadata: { name: DRIVER } })
    .put('pods', pod('db-0', 'node-a'))
    .put('pods', driverPod('controller', 'node-b'))
    .put('pods', snapshotController())
    .put('volumesnapshots', snapshot())
    .put('volumesnapshotcontents', content())
    .put('volumesnapshotclasses', snapshotClass());
  for (const name of ['node-a', 'node-b']) {
    objects.put('nodes', node(name)).put('csinodes', csiNode(name)).put('pods', driverPod('node', name));
  }
  return objects;
}

/** The same, with a claim that has no volume yet. */
export function unbound(parts: Parts = {}): Objects {
  return healthy()
    .put('persistentvolumeclaims', pending(parts))
    .remove('persistentvolumes', PV)
    .remove('volumeattachments', 'csi-node-a')
    .put('pods', pod('db-0', undefined, { status: { phase: 'Pending', conditions: NOT_READY } }));
}
