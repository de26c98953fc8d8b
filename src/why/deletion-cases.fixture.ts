import type { Case } from './case.fixture.ts';
import {
  ago,
  attachment,
  claim,
  event,
  healthy,
  NOT_READY,
  node,
  PV,
  pendingSnapshot,
  pod,
  rpcError,
  volume,
} from './objects.fixture.ts';

const ATTACHED = `persistentvolume ${PV} is still attached to node node-a`;
const released = () =>
  noPods()
    .remove('persistentvolumeclaims', 'data', 'apps')
    .remove('volumeattachments', 'csi-node-a')
    .put('persistentvolumes', volume({ status: { phase: 'Released' } }));
const going = { deletionTimestamp: ago(300) };
const noPods = () => healthy().remove('pods', 'db-0', 'apps');

/** Claims and volumes that are being deleted, or kept. */
export const DELETION_CASES: readonly Case[] = [
  {
    title: 'a claim whose pod is being deleted on a dead node',
    objects: healthy()
      .put('nodes', node('node-a', NOT_READY))
      .put('persistentvolumeclaims', claim({ metadata: { deletionTimestamp: ago(300) } }))
      .put('pods', pod('db-0', 'node-a', { metadata: { deletionTimestamp: ago(300) } })),
    rule: 'claim-in-use',
    result: 'stuck',
    says: /being deleted already[\s\S]*describe pod db-0/,
  },
  {
    title: 'a claim that pods use',
    objects: healthy().put('persistentvolumeclaims', claim({ metadata: going })),
    rule: 'claim-in-use',
    result: 'stuck',
    says: /To keep that on the RDS, first: kubectl patch persistentvolume \S+ -p '\S+"Retain".*kubectl -n apps delete pod db-0/s,
  },
  {
    title: 'a claim of which a snapshot is being taken',
    objects: noPods()
      .put(
        'persistentvolumeclaims',
        claim({ metadata: { ...going, finalizers: ['snapshot.storage.kubernetes.io/pvc-as-source-protection'] } }),
      )
      .put('volumesnapshots', pendingSnapshot()),
    rule: 'claim-snapshot-pending',
    result: 'stuck',
    says: /rose-csi why vs\/monday -n apps/,
  },
  {
    title: 'a claim that a backup program holds',
    objects: noPods().put('persistentvolumeclaims', claim({ metadata: { ...going, finalizers: ['backup.io/keep'] } })),
    rule: 'claim-finalizer',
    result: 'stuck',
    says: /held by backup\.io\/keep/,
  },
  {
    title: 'a claim that will be gone soon',
    objects: noPods().put('persistentvolumeclaims', claim({ metadata: going })),
    rule: 'claim-finalizer',
    result: 'waiting',
    says: /gone soon/,
  },
  {
    title: 'a volume that is still attached',
    subject: `pv/${PV}`,
    objects: noPods()
      .remove('persistentvolumeclaims', 'data', 'apps')
      .put('persistentvolumes', volume({ metadata: going, status: { phase: 'Released' } })),
    rule: 'volume-attached',
    result: 'stuck',
    says: /csi-node-a on node-a/,
  },
  {
    title: 'a volume whose claim has gone before its pod',
    subject: `pv/${PV}`,
    objects: released()
      .put('volumeattachments', attachment('node-a'))
      .put('events', event('PersistentVolume', PV, 'VolumeFailedDelete', ATTACHED)),
    rule: 'volume-delete-failed',
    result: 'stuck',
    alone: true,
    says: /Retain before they go/,
  },
  {
    title: 'a volume that was detached after the last attempt to delete it',
    subject: `pv/${PV}`,
    objects: released().put('events', event('PersistentVolume', PV, 'VolumeFailedDelete', ATTACHED)),
    rule: 'volume-delete-silent',
    result: 'waiting',
    alone: true,
  },
  {
    title: 'a volume that was kept after an attempt to delete it',
    subject: `pv/${PV}`,
    objects: released()
      .put(
        'persistentvolumes',
        volume({ spec: { persistentVolumeReclaimPolicy: 'Retain' }, status: { phase: 'Released' } }),
      )
      .put('events', event('PersistentVolume', PV, 'VolumeFailedDelete', ATTACHED)),
    rule: 'volume-retained',
    result: 'stuck',
    alone: true,
  },
  {
    title: 'a volume that cannot be deleted',
    subject: `pv/${PV}`,
    objects: noPods()
      .remove('persistentvolumeclaims', 'data', 'apps')
      .remove('volumeattachments', 'csi-node-a')
      .put('persistentvolumes', volume({ status: { phase: 'Failed' } }))
      .put('events', event('PersistentVolume', PV, 'VolumeFailedDelete', rpcError('RC-OWNER', '89abcdef'))),
    rule: 'volume-delete-failed',
    result: 'stuck',
    says: /adoptedClusterIds/,
  },
  {
    title: 'a volume that is kept',
    subject: `pv/${PV}`,
    objects: noPods()
      .remove('persistentvolumeclaims', 'data', 'apps')
      .remove('volumeattachments', 'csi-node-a')
      .put(
        'persistentvolumes',
        volume({ spec: { persistentVolumeReclaimPolicy: 'Retain' }, status: { phase: 'Released' } }),
      ),
    rule: 'volume-retained',
    result: 'stuck',
    says: /never remove it.*--type=merge -p '\{"spec":\{"claimRef":\{"uid":null,/s,
  },
  {
    title: 'a volume that was kept and is being deleted was offered to a new claim',
    subject: `pv/${PV}`,
    objects: released().put(
      'persistentvolumes',
      volume({
        metadata: { ...going, finalizers: ['external-attacher/rds-rose-csi-io'] },
        spec: { persistentVolumeReclaimPolicy: 'Retain' },
        status: { phase: 'Released' },
      }),
    ),
    rule: 'volume-held',
    result: 'stuck',
    alone: true,
  },
  {
    title: 'a volume whose claim has just gone',
    subject: `pv/${PV}`,
    objects: released(),
    rule: 'volume-delete-silent',
    result: 'waiting',
    alone: true,
    says: /is to go with it[\s\S]*Retain/,
  },
  {
    title: 'a volume whose claim has gone while no controller runs was called fine',
    subject: `pv/${PV}`,
    objects: released().remove('pods', 'rose-csi-controller-node-b', 'rose-csi'),
    rule: 'controller-not-running',
    result: 'stuck',
  },
  {
    title: 'a volume that was deleted under its claim',
    objects: healthy().put('persistentvolumes', volume({ metadata: going })),
    rule: 'volume-held',
    result: 'stuck',
    says: /"Retain"/,
  },
  {
    title: 'a volume that a finalizer holds',
    subject: `pv/${PV}`,
    objects: noPods()
      .remove('persistentvolumeclaims', 'data', 'apps')
      .remove('volumeattachments', 'csi-node-a')
      .put(
        'persistentvolumes',
        volume({ metadata: { ...going, finalizers: ['backup.io/keep'] }, status: { phase: 'Released' } }),
      ),
    rule: 'volume-held',
    result: 'stuck',
    says: /backup\.io\/keep/,
  },
];
