import { messageOf } from '../failures/message.ts';
import { type Case, RDS1 } from './case.fixture.ts';
import {
  ago,
  attachment,
  claim,
  driverPod,
  event,
  healthy,
  NOT_READY,
  PV,
  pending,
  pendingSnapshot,
  pod,
  rpcError,
  snapshot,
  storageClass,
  unbound,
  volume,
} from './objects.fixture.ts';

const failed = (message: string) => event('PersistentVolumeClaim', 'data', 'ProvisioningFailed', message);
const free = (spec: Readonly<Record<string, unknown>>) =>
  volume({ spec: { claimRef: undefined, ...spec }, status: { phase: 'Available' } });
const KEPT = volume({
  spec: { claimRef: { namespace: 'apps', name: 'old' }, persistentVolumeReclaimPolicy: 'Retain' },
  status: { phase: 'Released' },
});
const late = { volumeBindingMode: 'WaitForFirstConsumer' };
const room = (name: string, capacity: string) => ({
  metadata: { name, namespace: 'rose-csi' },
  storageClassName: 'rds',
  capacity,
});
/** A claim that binds late, whose pod the scheduler puts nowhere. */
const placed = (message: string, annotations: Readonly<Record<string, string>> = {}) =>
  unbound({ metadata: { annotations } })
    .put('storageclasses', storageClass(late))
    .put(
      'pods',
      pod('db-0', undefined, {
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
        },
      }),
    );
const noPods = () => unbound().remove('pods', 'db-0', 'apps');

/** Claims that are not bound, or are fine. */
export const CLAIM_CASES: readonly Case[] = [
  { title: 'a claim that is bound and used', objects: healthy(), rule: undefined, result: 'fine' },
  {
    title: 'a volume that is bound and used',
    subject: `pv/${PV}`,
    objects: healthy(),
    rule: undefined,
    result: 'fine',
  },
  {
    title: 'no such claim',
    subject: 'pvc/nothing',
    objects: healthy(),
    rule: 'claim-not-found',
    result: 'stuck',
    says: /get persistentvolumeclaims --all-namespaces/,
  },
  {
    title: 'a claim in another namespace',
    objects: healthy()
      .remove('persistentvolumeclaims', 'data', 'apps')
      .put('persistentvolumeclaims', claim({ metadata: { namespace: 'shop' } })),
    rule: 'claim-not-found',
    result: 'stuck',
    says: /rose-csi why data -n shop/,
  },
  {
    title: 'a lost claim',
    objects: healthy()
      .put('persistentvolumeclaims', claim({ status: { phase: 'Lost' } }))
      .remove('persistentvolumes', PV),
    rule: 'claim-lost',
    result: 'stuck',
    says: /orphans report/,
  },
  {
    title: 'an unknown class',
    objects: unbound({ spec: { storageClassName: 'fast' } }),
    rule: 'class-missing',
    result: 'stuck',
    says: /no StorageClass fast/,
  },
  {
    title: 'no class and no default',
    objects: unbound({ spec: { storageClassName: undefined } }),
    rule: 'class-missing',
    result: 'stuck',
    says: /no class is marked/,
  },
  {
    title: 'no class, and a default one of another driver',
    objects: unbound({ spec: { storageClassName: undefined } }).put('storageclasses', {
      ...storageClass({ provisioner: 'local-path' }),
      metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    }),
    rule: 'class-of-another-driver',
    result: 'stuck',
    says: /StorageClass local uses provisioner local-path/,
  },
  {
    title: 'a class of another driver',
    objects: unbound()
      .put('storageclasses', storageClass({ provisioner: 'x.io' }))
      .remove('csidrivers', 'rds.rose-csi.io'),
    rule: 'class-of-another-driver',
    result: 'stuck',
    says: /uses provisioner x\.io/,
  },
  {
    title: 'a claim for a volume made by hand',
    objects: unbound({ spec: { storageClassName: '' } }),
    rule: 'claim-waits-for-volume',
    result: 'stuck',
    says: /made for it/,
  },
  {
    title: 'a claim for a volume that is not there',
    objects: unbound({ spec: { volumeName: 'backup' } }),
    rule: 'claim-waits-for-volume',
    result: 'stuck',
    says: /no such PersistentVolume/,
  },
  {
    title: 'a claim for a volume that another has',
    objects: unbound({ spec: { volumeName: PV } }).put(
      'persistentvolumes',
      volume({ spec: { claimRef: { namespace: 'shop', name: 'data' } } }),
    ),
    rule: 'claim-waits-for-volume',
    result: 'stuck',
    says: /taken by the claim shop\/data/,
  },
  {
    title: 'a claim for a volume that an earlier one of its name had',
    objects: unbound({ spec: { volumeName: PV } }).put(
      'persistentvolumes',
      volume({ spec: { claimRef: { namespace: 'apps', name: 'data', uid: 'old' } } }),
    ),
    rule: 'claim-waits-for-volume',
    result: 'stuck',
    says: /claimRef\.uid/,
  },
  {
    title: 'a claim for a volume that is kept from an earlier claim',
    objects: unbound({ spec: { volumeName: PV } }).put('persistentvolumes', KEPT),
    rule: 'volume-retained',
    result: 'stuck',
    alone: true,
    says: /To give it to apps\/data, .*-p '\{"spec":\{"claimRef":\{"namespace":"apps","name":"data","uid":null,"resourceVersion":null\}\}\}'/s,
  },
  {
    title: 'a claim for a free volume of another class',
    objects: unbound({ spec: { volumeName: PV } }).put('persistentvolumes', free({ storageClassName: 'slow' })),
    rule: 'claim-waits-for-volume',
    result: 'stuck',
    alone: true,
    says: /has the class "rds", and the volume "slow"/,
  },
  {
    title: 'a claim for a free volume that is smaller',
    objects: unbound({ spec: { volumeName: PV } }).put('persistentvolumes', free({ capacity: { storage: '5Gi' } })),
    rule: 'claim-waits-for-volume',
    result: 'stuck',
    says: /asks for 10Gi, and the volume has 5Gi/,
  },
  {
    title: 'a claim for a free volume with other access modes',
    objects: unbound({ spec: { volumeName: PV } }).put('persistentvolumes', free({ accessModes: ['ReadWriteMany'] })),
    rule: 'claim-waits-for-volume',
    result: 'stuck',
    says: /not have the access mode ReadWriteOnce/,
  },
  {
    title: 'a claim that waits for its first pod',
    objects: noPods().put('storageclasses', storageClass(late)),
    rule: 'claim-waits-for-pod',
    result: 'waiting',
    says: /Nothing is wrong/,
  },
  {
    title: 'a claim whose first pod fits on no node',
    objects: unbound()
      .put('storageclasses', storageClass(late))
      .put(
        'pods',
        pod('db-0', undefined, {
          status: {
            phase: 'Pending',
            conditions: [
              {
                type: 'PodScheduled',
                status: 'False',
                reason: 'Unschedulable',
                message: '0/2 nodes are available: 2 Insufficient memory.',
              },
            ],
          },
        }),
      ),
    rule: 'pod-unschedulable',
    result: 'stuck',
    says: /Insufficient memory/,
  },
  {
    title: 'a full pool',
    objects: unbound().put(
      'events',
      failed(
        `failed to provision volume with StorageClass "rds": ${rpcError('RC-SPACE', '5368709120 of 21474836480')}`,
      ),
    ),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /too little free space[\s\S]*5 GiB free, 20 GiB needed/,
  },
  {
    title: 'an RDS that the controller cannot reach',
    objects: unbound().put('events', failed(rpcError('RDS-UNREACHABLE', 'connect ECONNREFUSED'))),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /cannot be reached over SSH[\s\S]*doctor/,
  },
  {
    title: 'a request that is not valid',
    objects: unbound().put(
      'events',
      failed(
        rpcError(
          'DRV-INVALID',
          'parameters.pool of the StorageClass is fast, which is not configured; configured: pool',
        ),
      ),
    ),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /delete the class, and recreate it under its name/,
  },
  {
    title: 'an error that nothing explains',
    objects: unbound().put('events', failed('error syncing claim: no capacity')),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /kubectl -n rose-csi logs/,
  },
  {
    title: 'a claim that no one answers',
    objects: unbound(),
    rule: 'provisioning-silent',
    result: 'stuck',
    says: /neither a volume nor a complaint/,
  },
  {
    title: 'a claim that was made just now',
    objects: unbound({ metadata: { creationTimestamp: ago(5) } }),
    rule: 'provisioning-silent',
    result: 'waiting',
    says: /Wait some seconds/,
  },
  {
    title: 'a driver that is not installed',
    objects: unbound().remove('csidrivers', 'rds.rose-csi.io').remove('pods', 'rose-csi-controller-node-b', 'rose-csi'),
    rule: 'csidriver-missing',
    result: 'stuck',
    says: /get csidrivers/,
  },
  {
    title: 'a controller that is scaled to nothing',
    objects: unbound().remove('pods', 'rose-csi-controller-node-b', 'rose-csi'),
    rule: 'controller-not-running',
    result: 'stuck',
    says: /No pod has the labels/,
  },
  {
    title: 'a controller that crashes',
    objects: unbound().put(
      'pods',
      driverPod('controller', 'node-b', {
        status: {
          conditions: NOT_READY,
          containerStatuses: [{ name: 'rose-csi', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
        },
      }),
    ),
    rule: 'controller-not-running',
    result: 'stuck',
    says: /rose-csi: CrashLoopBackOff[\s\S]*kubectl -n rose-csi logs/,
  },
  {
    title: 'a controller without a node',
    objects: unbound().put(
      'pods',
      driverPod('controller', 'node-b', { status: { phase: 'Pending', conditions: NOT_READY } }),
    ),
    rule: 'controller-not-running',
    result: 'stuck',
    says: /describe pod/,
  },
  {
    title: 'a snapshot that does not exist',
    objects: unbound({
      spec: { dataSource: { kind: 'VolumeSnapshot', name: 'sunday', apiGroup: 'snapshot.storage.k8s.io' } },
    }),
    rule: 'source-missing',
    result: 'stuck',
    says: /VolumeSnapshot sunday, which does not exist/,
  },
  {
    title: 'a snapshot that is not ready',
    objects: unbound({ spec: { dataSourceRef: { kind: 'VolumeSnapshot', name: 'monday' } } }).put(
      'volumesnapshots',
      pendingSnapshot(),
    ),
    rule: 'source-not-ready',
    result: 'stuck',
    says: /rose-csi why vs\/monday -n apps/,
  },
  {
    title: 'a claim to clone that is not bound',
    objects: unbound({ spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'base' } } }).put(
      'persistentvolumeclaims',
      pending({ metadata: { name: 'base' } }),
    ),
    rule: 'source-not-ready',
    result: 'stuck',
    says: /rose-csi why pvc\/base -n apps/,
  },
  {
    title: 'a source that is being deleted',
    objects: unbound({ spec: { dataSource: { kind: 'VolumeSnapshot', name: 'monday' } } }).put(
      'volumesnapshots',
      snapshot({ metadata: { deletionTimestamp: ago(30) } }),
    ),
    rule: 'source-not-ready',
    result: 'stuck',
    says: /being deleted/,
  },
  {
    title: 'a restore that is smaller than its snapshot',
    objects: unbound({
      spec: {
        dataSource: { kind: 'VolumeSnapshot', name: 'monday' },
        resources: { requests: { storage: '1Gi' } },
      },
    }).put(
      'events',
      failed(
        'failed to provision volume with StorageClass "rds": error getting handle for DataSource Type VolumeSnapshot by Name monday: requested volume size 1073741824 is less than the size 10737418240 for the source snapshot monday',
      ),
    ),
    rule: 'source-larger',
    result: 'stuck',
    says: /asks for 1Gi, and VolumeSnapshot monday has 10Gi/,
  },
  {
    title: 'a clone that is smaller than its source',
    objects: unbound({
      spec: {
        dataSource: { kind: 'PersistentVolumeClaim', name: 'base' },
        resources: { requests: { storage: '1Gi' } },
      },
    }).put('persistentvolumeclaims', claim({ metadata: { name: 'base' } })),
    rule: 'source-larger',
    result: 'stuck',
    says: /before the driver is asked/,
  },
  {
    title: 'a restore whose snapshot was too large when it was tried',
    objects: unbound().put(
      'events',
      failed('requested volume size 1073741824 is less than the size 10737418240 for the source snapshot monday'),
    ),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /csi-provisioner refused it[\s\S]*recreate it/,
  },
  {
    title: 'a provisioner that the driver does not answer',
    objects: unbound().put(
      'events',
      failed(
        'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /csi/csi.sock: connect: connection refused"',
      ),
    ),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /did not answer on its socket[\s\S]*logs/,
  },
  {
    title: 'a claim for which the scheduler sees no room at all',
    objects: placed('0/2 nodes are available: 2 node(s) did not have enough free storage.'),
    rule: 'pod-unschedulable',
    result: 'stuck',
    says: /has published none for class rds/,
  },
  {
    title: 'a class with a parameter that the driver does not know, whose volumes wait for pods',
    objects: placed('0/2 nodes are available: 2 node(s) did not have enough free storage.'),
    view: { status: undefined, refusal: messageOf('DRV-INVALID', '', 'parameters of the StorageClass: "pol" unknown') },
    rule: 'class-refused',
    result: 'stuck',
    says: /"pol" unknown[\s\S]*recreate it under its name/,
  },
  {
    title: 'a class with a pool that is not configured was said to have no room',
    objects: unbound().put('events', failed('rpc error: parameters.pool of the StorageClass is pol1')),
    view: { status: undefined, refusal: 'parameters.pool of the StorageClass is pol1' },
    rule: 'class-refused',
    result: 'stuck',
    alone: true,
  },
  {
    title: 'a claim that several nodes are to read',
    objects: unbound().put(
      'events',
      failed(
        rpcError('DRV-INVALID', 'volume_capabilities[0]: access mode MULTI_NODE_READER_ONLY is not offered: a reason'),
      ),
    ),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /recreate it with ReadWriteOnce/,
  },
  {
    title: 'a class with a filesystem that is not offered',
    objects: unbound().put(
      'events',
      failed(
        rpcError('DRV-INVALID', 'volume_capabilities[0]: filesystem "ntfs" is not offered; offered: "ext4", "xfs"'),
      ),
    ),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /recreate it under its name/,
  },
  {
    title: 'a class with a Secret that the sidecar cannot read',
    objects: unbound().put(
      'events',
      failed('error getting secret nosuch in namespace default: secrets "nosuch" is forbidden'),
    ),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /without its parameters csi\.storage\.k8s\.io/,
  },
  {
    title: 'a claim for which the scheduler sees too little room',
    objects: placed('0/2 nodes are available: 2 node(s) did not have enough free storage.')
      .put('csistoragecapacities', room('a', '4Gi'))
      .put('csistoragecapacities', { ...room('b', '100Gi'), maximumVolumeSize: '5Gi' })
      .put('csistoragecapacities', { ...room('c', '100Gi'), storageClassName: 'other' }),
    rule: 'pod-unschedulable',
    result: 'stuck',
    says: /asks for 10Gi[\s\S]*class rds is 5Gi/,
  },
  {
    title: 'a claim for which there is room again',
    objects: placed('0/2 nodes are available: 2 node(s) did not have enough free storage.').put(
      'csistoragecapacities',
      room('a', '100Gi'),
    ),
    rule: 'pod-unschedulable',
    result: 'stuck',
    says: /enough for the 10Gi/,
  },
  {
    title: 'a volume that no node which is fit for the pod reaches',
    objects: placed("0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity."),
    rule: 'pod-unschedulable',
    result: 'stuck',
    says: /nodes that reach the storage network of its backend/,
  },
  {
    title: 'a claim whose pod was given a node that does not reach the backend',
    objects: unbound().put('events', failed(rpcError('DRV-NETWORK', 'rack-2'))),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /node\.networks[\s\S]*show-labels/,
  },
  {
    title: 'a claim whose pod was given a node, and fits nowhere now',
    objects: placed('0/2 nodes are available: 2 node(s) exceed max volume count.', {
      'volume.kubernetes.io/selected-node': 'node-a',
    }),
    rule: 'pod-unschedulable',
    result: 'stuck',
    says: /as many volumes attached/,
  },
  {
    title: 'a snapshot of another pool',
    objects: unbound({ spec: { dataSource: { kind: 'VolumeSnapshot', name: 'monday' } } })
      .put('volumesnapshots', snapshot())
      .put('events', failed(rpcError('RC-ELSEWHERE', 'fast pvc-2'))),
    rule: 'provisioning-failed',
    result: 'stuck',
    says: /in another pool[\s\S]*in pool fast/,
  },
  {
    title: 'a full pool, seen on the RDS',
    objects: unbound(),
    view: { status: { ...RDS1, freeBytes: 0n } },
    rule: 'pool-full',
    result: 'stuck',
    says: /no room/,
  },
  {
    title: 'no such volume',
    subject: 'pv/nothing',
    objects: healthy(),
    rule: 'volume-not-found',
    result: 'stuck',
    says: /get persistentvolumes/,
  },
  {
    title: 'a bound claim whose volume is gone',
    objects: healthy().remove('persistentvolumes', PV),
    rule: 'volume-not-found',
    result: 'stuck',
    says: /orphans adopt/,
  },
  {
    title: 'a volume of another driver',
    objects: healthy().put('persistentvolumes', volume({ spec: { csi: { driver: 'x.io', volumeHandle: 'y' } } })),
    rule: 'volume-of-another-driver',
    result: 'unknown',
    says: /belongs to x\.io/,
  },
  {
    title: 'a leftover attachment of a volume of ours elsewhere',
    subject: `pv/${PV}`,
    objects: healthy().put(
      'volumeattachments',
      attachment('node-b', { spec: { source: { persistentVolumeName: 'other' } } }),
    ),
    rule: undefined,
    result: 'fine',
  },
];
