import { type ConditionCode, recoveryMessage } from '../failures/conditions.ts';
import type { Case } from './case.fixture.ts';
import {
  ago,
  attachment,
  CREATING,
  claim,
  csiNode,
  driverPod,
  event,
  HANDLE,
  healthy,
  NOT_READY,
  node,
  PV,
  pod,
  rpcError,
  storageClass,
} from './objects.fixture.ts';

const creating = (name = 'db-0', where = 'node-a') => pod(name, where, { status: CREATING });
const mount = (message: string, reason = 'FailedMount') => event('Pod', 'db-0', reason, message);
const growing = (status: Readonly<Record<string, unknown>> = {}) =>
  claim({ spec: { resources: { requests: { storage: '20Gi' } } }, status });
const ended = (code: ConditionCode) =>
  event('Node', 'node-a', 'VolumeRecovered', recoveryMessage(HANDLE, code, 'well'), { type: 'Normal' });
const lostAt = (seconds: number) =>
  event('Node', 'node-a', 'ConnectionLost', `${HANDLE}: lost`, { lastTimestamp: ago(seconds) });
/** The node plugin of node-a, by when its containers have started. */
const pluginSince = (seconds: number, registrar = seconds) =>
  driverPod('node', 'node-a', {
    status: {
      containerStatuses: [
        { name: 'rose-csi', ready: true, state: { running: { startedAt: ago(seconds) } } },
        { name: 'csi-node-driver-registrar', ready: true, state: { running: { startedAt: ago(registrar) } } },
      ],
    },
  });
const pendingOnNode = { conditions: [{ type: 'FileSystemResizePending', status: 'True' }] };

/** Volumes that are attached, mounted and grown. */
export const USE_CASES: readonly Case[] = [
  {
    title: 'an attachment to a node that is gone',
    objects: healthy().remove('nodes', 'node-a').remove('csinodes', 'node-a').remove('pods', 'db-0', 'apps'),
    rule: 'node-gone',
    result: 'stuck',
    says: /delete volumeattachment csi-node-a/,
  },
  {
    title: 'an attachment to a node that is not ready',
    objects: healthy().put('nodes', node('node-a', NOT_READY)),
    rule: 'node-gone',
    result: 'stuck',
    says: /out-of-service/,
  },
  {
    title: 'a dead node whose pod is being deleted, and its successor',
    objects: healthy()
      .put('nodes', node('node-a', NOT_READY))
      .put(
        'pods',
        pod('db-0', 'node-a', { metadata: { deletionTimestamp: ago(60) }, status: { conditions: NOT_READY } }),
      )
      .put('pods', creating('db-1', 'node-b'))
      .put(
        'events',
        event(
          'Pod',
          'db-1',
          'FailedAttachVolume',
          'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) db-0',
        ),
      ),
    rule: 'node-gone',
    result: 'stuck',
    says: /out-of-service/,
    alone: true,
  },
  {
    title: 'a pod that is being deleted on another node',
    objects: healthy()
      .put('pods', pod('db-0', 'node-a', { metadata: { deletionTimestamp: ago(20) } }))
      .put('pods', creating('db-1', 'node-b')),
    rule: 'attached-elsewhere',
    result: 'stuck',
    says: /being deleted already[\s\S]*describe pod db-0/,
  },
  {
    title: 'a Deployment that starts its new pod first',
    objects: healthy()
      .put('pods', pod('web-1-a', 'node-a', { metadata: { ownerReferences: [{ kind: 'ReplicaSet', name: 'web-1' }] } }))
      .remove('pods', 'db-0', 'apps')
      .put(
        'pods',
        pod('web-2-b', 'node-b', {
          metadata: { ownerReferences: [{ kind: 'ReplicaSet', name: 'web-2' }] },
          status: CREATING,
        }),
      ),
    rule: 'attached-elsewhere',
    result: 'stuck',
    says: /strategy Recreate/,
  },
  {
    title: 'a mount that failed to attach before it was attached',
    objects: healthy()
      .put('pods', creating())
      .put(
        'events',
        event('Pod', 'db-0', 'FailedAttachVolume', `AttachVolume.Attach failed: ${rpcError('RDS-UNREACHABLE')}`, {
          lastTimestamp: ago(60),
        }),
      )
      .put(
        'events',
        event('Pod', 'db-0', 'SuccessfulAttachVolume', 'AttachVolume.Attach succeeded', { type: 'Normal' }),
      ),
    rule: undefined,
    result: 'fine',
  },
  {
    title: 'a mount option that the kernel does not know',
    objects: healthy()
      .put('pods', creating())
      .put(
        'events',
        mount(
          `MountVolume.MountDevice failed for volume "pvc-1" : ${rpcError('NODE-OPTIONS', 'bogus: it holds ext4')}`,
        ),
      ),
    rule: 'mount-failed',
    result: 'stuck',
    says: /mount option[\s\S]*mountOptions/,
  },
  {
    title: 'a mkfs that failed',
    objects: healthy()
      .put('pods', creating())
      .put('events', mount(rpcError('NODE-MKFS', 'xfs on /dev/nvme1n1 (100 MiB): mkfs.xfs exited with 1'))),
    rule: 'mount-failed',
    result: 'stuck',
    says: /Making the filesystem failed[\s\S]*logs rose-csi-node-node-a/,
  },
  {
    title: 'a node plugin that has no words for it',
    objects: healthy()
      .put('pods', creating())
      .put('events', mount(rpcError('NODE-PROGRAM', 'ENOSPC: no space left on device, mkdir'))),
    rule: 'mount-failed',
    result: 'stuck',
    says: /A program of the node failed[\s\S]*logs rose-csi-node-node-a/,
  },
  {
    title: 'a kubelet that the node plugin does not answer',
    objects: healthy()
      .put('pods', creating())
      .put(
        'events',
        mount('rpc error: code = Unavailable desc = connection error: desc = "dial unix /csi/csi.sock: ECONNREFUSED"'),
      ),
    rule: 'mount-failed',
    result: 'stuck',
    says: /on its socket[\s\S]*logs rose-csi-node-node-a/,
  },
  {
    title: 'a pod that cannot be attached, as the attach-detach controller says',
    objects: healthy()
      .put('pods', creating())
      .put(
        'events',
        event('Pod', 'db-0', 'FailedAttachVolume', rpcError('RDS-UNREACHABLE', 'y'), {
          source: { component: 'attachdetach-controller' },
        }),
      ),
    rule: 'mount-failed',
    result: 'stuck',
    says: /over SSH[\s\S]*doctor/,
  },
  {
    title: 'an XFS that was shut down, and a container that fails forever',
    objects: healthy().put(
      'pods',
      pod('db-0', 'node-a', {
        status: {
          conditions: NOT_READY,
          containerStatuses: [
            {
              name: 'app',
              ready: false,
              state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container' } },
              lastState: {
                terminated: {
                  reason: 'StartError',
                  message: `failed to create containerd task: failed to stat "/var/lib/kubelet/pods/1/volumes/kubernetes.io~csi/${PV}/mount": input/output error`,
                },
              },
            },
          ],
        },
      }),
    ),
    rule: 'filesystem-gave-up',
    result: 'stuck',
    says: /given up on node-a[\s\S]*delete pod db-0/,
  },
  {
    title: 'an XFS that was shut down, as Events of the pod say',
    objects: healthy()
      .put('pods', pod('db-0', 'node-a', { status: { conditions: NOT_READY } }))
      .put(
        'events',
        event(
          'Pod',
          'db-0',
          'Failed',
          `Error: failed to generate spec: failed to stat "/x/${PV}/mount": input/output error`,
        ),
      ),
    rule: 'filesystem-gave-up',
    result: 'stuck',
    says: /same mount/,
  },
  {
    title: 'an ext4 that is read-only, and a container that still runs',
    objects: healthy()
      .put('pods', pod('db-0', 'node-a', { metadata: { creationTimestamp: ago(600) } }))
      .put(
        'events',
        event('Node', 'node-a', 'FilesystemGaveUp', `${HANDLE}: the ext4 on /dev/nvme1n1 has given up after an error`),
      ),
    rule: 'filesystem-gave-up',
    result: 'stuck',
    says: /delete pod db-0/,
  },
  {
    title: 'a filesystem that gave up under an earlier pod, or of another volume',
    objects: healthy()
      .put('pods', pod('db-0', 'node-a', { metadata: { creationTimestamp: ago(10) } }))
      .put('events', event('Node', 'node-a', 'FilesystemGaveUp', `${HANDLE}: the ext4 on /dev/nvme1n1 has given up`)),
    rule: undefined,
    result: 'fine',
  },
  {
    title: 'a node that has lost its connection to the volume',
    objects: healthy().put(
      'events',
      event('Node', 'node-a', 'ConnectionLost', `${HANDLE}: the node has lost its connection to the volume`),
    ),
    rule: 'volume-unwell',
    result: 'stuck',
    says: /Node node-a reports ConnectionLost/,
  },
  {
    title: 'a node that had lost its connection to the volume, and to another one',
    objects: healthy()
      .put('events', event('Node', 'node-a', 'ConnectionLost', `${HANDLE}: lost`, { lastTimestamp: ago(60) }))
      .put('events', ended('ConnectionLost'))
      .put('events', event('Node', 'node-a', 'DeviceReadOnly', `${HANDLE.replace('7a0f', '0000')}: read-only`)),
    rule: undefined,
    result: 'fine',
  },
  {
    title: 'a node that had lost its connection before its node plugin was started again, which tells no end of it',
    objects: healthy().put('events', lostAt(900)).put('pods', pluginSince(200)),
    rule: undefined,
    result: 'fine',
  },
  {
    title:
      'a node that had lost its connection just before its node plugin was started again, and cannot have looked yet',
    objects: healthy().put('events', lostAt(200)).put('pods', pluginSince(170)),
    rule: 'volume-unwell',
    result: 'stuck',
    says: /As it said at 2026-11-20T11:56:40\.000Z/,
  },
  {
    title: 'a node that has lost its connection since its node plugin started, though a sidecar was started later',
    objects: healthy().put('events', lostAt(900)).put('pods', pluginSince(1000, 200)),
    rule: 'volume-unwell',
    result: 'stuck',
  },
  {
    title: 'a node that had lost its connection, and has not said so again when it was due',
    objects: healthy().put('events', lostAt(3900)).put('pods', pluginSince(9000)),
    rule: undefined,
    result: 'fine',
  },
  {
    title: 'a node that had lost its connection, and whose filesystem still has recorded errors',
    objects: healthy()
      .put('events', event('Node', 'node-a', 'ConnectionLost', `${HANDLE}: lost`, { lastTimestamp: ago(60) }))
      .put('events', ended('ConnectionLost'))
      .put(
        'events',
        event('Node', 'node-a', 'FilesystemErrorRecorded', `${HANDLE}: the kernel has recorded errors: 1`),
      ),
    rule: 'volume-unwell',
    result: 'degraded',
    alone: true,
    says: /FilesystemErrorRecorded/,
  },
  {
    title: 'a filesystem in which the kernel has recorded an error, and which works on',
    objects: healthy().put(
      'events',
      event('Node', 'node-a', 'FilesystemErrorRecorded', `${HANDLE}: the kernel has recorded errors: 1`),
    ),
    rule: 'volume-unwell',
    result: 'degraded',
    says: /Back up what matters/,
  },
  {
    title: 'a pod on another node',
    objects: healthy().put('pods', creating('db-1', 'node-b')),
    rule: 'attached-elsewhere',
    result: 'stuck',
    says: /kubectl -n apps delete pod db-0/,
  },
  {
    title: 'a pod on another node, and none where it is attached',
    objects: healthy().put('pods', creating('db-0', 'node-b')),
    rule: 'attached-elsewhere',
    result: 'stuck',
    says: /detached soon/,
  },
  {
    title: 'a node without the driver',
    objects: healthy()
      .put('csinodes', csiNode('node-a', []))
      .remove('pods', 'rose-csi-node-node-a', 'rose-csi')
      .put('pods', creating()),
    rule: 'node-plugin-missing',
    result: 'stuck',
    says: /No pod of the node plugin is on node-a/,
  },
  {
    title: 'a node whose plugin crashes',
    objects: healthy()
      .put('csinodes', csiNode('node-a', []))
      .put('pods', creating())
      .put(
        'pods',
        driverPod('node', 'node-a', {
          status: {
            conditions: NOT_READY,
            containerStatuses: [{ name: 'rose-csi', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
          },
        }),
      ),
    rule: 'node-plugin-missing',
    result: 'stuck',
    says: /CrashLoopBackOff[\s\S]*logs rose-csi-node-node-a/,
  },
  {
    title: 'a node whose plugin runs and is not registered',
    objects: healthy().put('csinodes', csiNode('node-a', [])).put('pods', creating()),
    rule: 'node-plugin-missing',
    result: 'stuck',
    says: /kubeletDirectory/,
  },
  {
    title: 'a volume that the RDS has published elsewhere',
    objects: healthy()
      .put('pods', creating())
      .put(
        'volumeattachments',
        attachment('node-a', {
          status: {
            attached: false,
            attachError: {
              message: rpcError('RC-PUB', 'y'),
            },
          },
        }),
      ),
    rule: 'attach-failed',
    result: 'stuck',
    says: /still published[\s\S]*kubectl get volumeattachments/,
  },
  {
    title: 'a volume that cannot be detached',
    objects: healthy().put(
      'volumeattachments',
      attachment('node-a', {
        metadata: { deletionTimestamp: ago(400) },
        status: {
          detachError: { message: rpcError('RC-POOL', 'pool') },
        },
      }),
    ),
    rule: 'detach-failed',
    result: 'stuck',
    says: /mounted exactly once[\s\S]*doctor/,
  },
  {
    title: 'an attachment that no one answers',
    objects: healthy()
      .put('pods', creating())
      .put('volumeattachments', attachment('node-a', { status: { attached: false } })),
    rule: 'attach-silent',
    result: 'stuck',
    says: /attacher/,
  },
  {
    title: 'an attachment of this moment',
    objects: healthy()
      .put('pods', creating())
      .put(
        'volumeattachments',
        attachment('node-a', { metadata: { creationTimestamp: ago(3) }, status: { attached: false } }),
      ),
    rule: 'attach-silent',
    result: 'waiting',
  },
  {
    title: 'an attachment and no controller',
    objects: healthy()
      .put('pods', creating())
      .put('volumeattachments', attachment('node-a', { status: { attached: false } }))
      .remove('pods', 'rose-csi-controller-node-b', 'rose-csi'),
    rule: 'controller-not-running',
    result: 'stuck',
  },
  {
    title: 'a device that is not provably blank',
    objects: healthy()
      .put('pods', creating())
      .put(
        'events',
        mount(`MountVolume.MountDevice failed: ${rpcError('NODE-FORMAT', 'it holds a partition table (dos)')}`),
      ),
    rule: 'mount-failed',
    result: 'stuck',
    says: /Nothing on it was changed[\s\S]*docs\/node-safety\.md/,
  },
  {
    title: 'an RDS that the node cannot connect to',
    objects: healthy()
      .put('pods', creating())
      .put('events', mount('Unable to attach or mount volumes: timed out waiting for the condition', 'FailedMountWait'))
      .put('events', mount(rpcError('NODE-CONNECT', 'timeout'))),
    rule: 'mount-failed',
    result: 'stuck',
    says: /over NVMe\/TCP/,
  },
  {
    title: 'a device with another filesystem',
    objects: healthy()
      .put('pods', creating())
      .put('events', mount(rpcError('NODE-FORMAT', 'it holds btrfs; only ext4 and xfs can be mounted'))),
    rule: 'mount-failed',
    result: 'stuck',
    says: /not provably blank[\s\S]*it holds btrfs/,
  },
  {
    title: 'a volume in use by two nodes',
    objects: healthy()
      .remove('volumeattachments', 'csi-node-a')
      .put('pods', creating())
      .put(
        'events',
        mount(
          'Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node',
          'FailedAttachVolume',
        ),
      ),
    rule: 'mount-failed',
    result: 'stuck',
    says: /another node has it/,
  },
  {
    title: 'a driver that the kubelet does not know',
    objects: healthy()
      .put('pods', creating())
      .put('events', mount('driver name rds.rose-csi.io not found in the list of registered CSI drivers')),
    rule: 'mount-failed',
    result: 'stuck',
    says: /component=node/,
  },
  {
    title: 'a pod beyond the limit of volumes',
    objects: healthy()
      .remove('volumeattachments', 'csi-node-a')
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
                message: '0/2 nodes are available: 2 node(s) exceed max volume count.',
              },
            ],
          },
        }),
      ),
    rule: 'pod-unschedulable',
    result: 'stuck',
    says: /Add a node/,
  },
  {
    title: 'a pod that crashes for reasons of its own, after trouble with its volume',
    objects: healthy()
      .put(
        'pods',
        pod('db-0', 'node-a', {
          status: {
            conditions: NOT_READY,
            containerStatuses: [{ name: 'app', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
          },
        }),
      )
      .put('events', mount(rpcError('NODE-CONNECT', 'timeout'))),
    rule: undefined,
    result: 'fine',
  },
  {
    title: 'a claim that cannot grow',
    objects: healthy()
      .put('persistentvolumeclaims', growing())
      .put(
        'events',
        event('PersistentVolumeClaim', 'data', 'VolumeResizeFailed', rpcError('RC-GROW', '10737418240 failure: no')),
      ),
    rule: 'expand-failed',
    result: 'stuck',
    says: /refused to grow the image, which has 10 GiB/,
  },
  {
    title: 'a growth that has met another writer',
    objects: healthy()
      .put('persistentvolumeclaims', growing({ conditions: [{ type: 'Resizing', status: 'True' }] }))
      .put(
        'events',
        event(
          'PersistentVolumeClaim',
          'data',
          'VolumeResizeFailed',
          'Operation cannot be fulfilled on persistentvolumeclaims "data": the object has been modified; please apply your changes to the latest version and retry',
        ),
      ),
    rule: 'expand-running',
    result: 'waiting',
  },
  {
    title: 'a growth that failed before it succeeded on the RDS',
    objects: healthy()
      .put('persistentvolumeclaims', growing(pendingOnNode))
      .put(
        'events',
        event('PersistentVolumeClaim', 'data', 'VolumeResizeFailed', 'rpc error: code = Unavailable desc = x', {
          lastTimestamp: ago(90),
        }),
      )
      .put(
        'events',
        event('PersistentVolumeClaim', 'data', 'FileSystemResizeRequired', 'Require file system resize', {
          type: 'Normal',
        }),
      ),
    rule: 'expand-waits-for-node',
    result: 'waiting',
  },
  {
    title: 'a growth that failed on the node, whose pod says nothing any more',
    objects: healthy().put(
      'persistentvolumeclaims',
      growing({
        conditions: [
          { type: 'NodeResizeError', status: 'True', message: rpcError('NODE-GROW', 'resize2fs exited with 1') },
        ],
      }),
    ),
    rule: 'expand-waits-for-node',
    result: 'stuck',
    says: /did not grow to the size[\s\S]*a-filesystem-that-does-not-grow/,
  },
  {
    title: 'a growth that was refused, after someone asked for less again',
    objects: healthy().put(
      'persistentvolumeclaims',
      claim({
        status: {
          allocatedResources: { storage: '20Gi' },
          allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' },
        },
      }),
    ),
    rule: 'expand-failed',
    result: 'stuck',
    says: /10Gi to 20Gi/,
  },
  {
    title: 'a growth that the node refused for good, without words',
    objects: healthy().put(
      'persistentvolumeclaims',
      growing({ allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' } }),
    ),
    rule: 'expand-waits-for-node',
    result: 'stuck',
    says: /message is gone/,
  },
  {
    title: 'a claim that grows when a pod mounts it',
    objects: healthy().put('persistentvolumeclaims', growing(pendingOnNode)).remove('pods', 'db-0', 'apps'),
    rule: 'expand-waits-for-node',
    result: 'waiting',
    says: /Start a pod/,
  },
  {
    title: 'a claim whose node grows it next',
    objects: healthy().put('persistentvolumeclaims', growing(pendingOnNode)),
    rule: 'expand-waits-for-node',
    result: 'waiting',
    says: /10Gi to 20Gi/,
  },
  {
    title: 'a filesystem that cannot grow',
    objects: healthy()
      .put('persistentvolumeclaims', growing(pendingOnNode))
      .put('events', mount(rpcError('NODE-SIZE', '1 of 2'), 'VolumeResizeFailed')),
    rule: 'expand-waits-for-node',
    result: 'stuck',
    says: /delete the pod/,
  },
  {
    title: 'a claim that is growing',
    objects: healthy().put('persistentvolumeclaims', growing({ conditions: [{ type: 'Resizing', status: 'True' }] })),
    rule: 'expand-running',
    result: 'waiting',
  },
  {
    title: 'a class that allows no growing',
    objects: healthy()
      .put('persistentvolumeclaims', growing())
      .put('storageclasses', storageClass({ allowVolumeExpansion: false })),
    rule: 'expand-running',
    result: 'stuck',
    says: /allowVolumeExpansion/,
  },
  {
    title: 'a claim with another VolumeAttributesClass',
    objects: healthy().put(
      'persistentvolumeclaims',
      claim({ status: { conditions: [{ type: 'ModifyVolumeError', status: 'True', message: 'not supported' }] } }),
    ),
    rule: 'modify-failed',
    result: 'stuck',
  },
];
