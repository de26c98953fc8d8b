import { type Case, snapshotOnRds } from './case.fixture.ts';
import {
  ago,
  CONTENT,
  content,
  event,
  HANDLE,
  healthy,
  NOT_READY,
  pending,
  pendingContent,
  pendingSnapshot,
  rpcError,
  SNAP_HANDLE,
  snapshot,
  snapshotClass,
  snapshotController,
} from './objects.fixture.ts';

const unboundSnapshot = (
  spec: Readonly<Record<string, unknown>> = {},
  metadata: Readonly<Record<string, unknown>> = {},
) =>
  healthy()
    .put('volumesnapshots', pendingSnapshot({ metadata, spec, status: { boundVolumeSnapshotContentName: undefined } }))
    .remove('volumesnapshotcontents', CONTENT);
const snapshotPending = () =>
  healthy().put('volumesnapshots', pendingSnapshot()).put('volumesnapshotcontents', pendingContent());
const failing = (message: string) =>
  snapshotPending().put('volumesnapshotcontents', pendingContent({ status: { error: { message } } }));
const going = { deletionTimestamp: ago(300) };
const byHand = { source: { volumeSnapshotContentName: CONTENT, persistentVolumeClaimName: undefined } };
const handmade = { source: { volumeHandle: undefined, snapshotHandle: SNAP_HANDLE } };

const wronglyMade = (snapshotHandle: string) => {
  const message = `can not find snapshot for snapshotID ${snapshotHandle}`;
  const status = { snapshotHandle: undefined, readyToUse: false, error: { message } };
  return content({ spec: { source: { volumeHandle: undefined, snapshotHandle } }, status });
};

const cases: readonly Omit<Case, 'subject'>[] = [
  { title: 'a snapshot that is ready', objects: healthy(), rule: undefined, result: 'fine' },
  {
    title: 'a snapshot that is ready, on the RDS too',
    objects: healthy(),
    view: { device: snapshotOnRds() },
    rule: undefined,
    result: 'fine',
  },
  {
    title: 'no such snapshot',
    objects: healthy().remove('volumesnapshots', 'monday', 'apps'),
    rule: 'snapshot-not-found',
    result: 'stuck',
    says: /get volumesnapshots --all/,
  },
  {
    title: 'a snapshot in another namespace',
    objects: healthy()
      .remove('volumesnapshots', 'monday', 'apps')
      .put('volumesnapshots', snapshot({ metadata: { namespace: 'shop' } })),
    rule: 'snapshot-not-found',
    result: 'stuck',
    says: /rose-csi why vs\/monday -n shop/,
  },
  {
    title: 'an unknown class',
    objects: unboundSnapshot({ volumeSnapshotClassName: 'fast' }),
    rule: 'snapshot-class-missing',
    result: 'stuck',
    says: /no VolumeSnapshotClass fast/,
  },
  {
    title: 'no class and no default',
    objects: unboundSnapshot({ volumeSnapshotClassName: undefined }),
    rule: 'snapshot-class-missing',
    result: 'stuck',
    says: /is-default-class/,
  },
  {
    title: 'a class of another driver',
    objects: unboundSnapshot().put('volumesnapshotclasses', snapshotClass({ driver: 'x.io' })),
    rule: 'snapshot-class-of-another-driver',
    result: 'stuck',
    says: /uses driver x\.io/,
  },
  {
    title: 'a snapshot of no claim',
    objects: unboundSnapshot().remove('persistentvolumeclaims', 'data', 'apps'),
    rule: 'snapshot-source-missing',
    result: 'stuck',
    says: /nothing to take/,
  },
  {
    title: 'a snapshot of a claim without a volume',
    objects: unboundSnapshot().put('persistentvolumeclaims', pending()),
    rule: 'snapshot-source-missing',
    result: 'stuck',
    says: /rose-csi why pvc\/data -n apps/,
  },
  {
    title: 'no snapshot-controller',
    objects: unboundSnapshot().remove('pods', 'snapshot-controller-0', 'kube-system'),
    rule: 'snapshot-controller-not-running',
    result: 'stuck',
    says: /grep snapshot-controller/,
  },
  {
    title: 'a snapshot-controller that is not ready',
    objects: unboundSnapshot().put('pods', snapshotController({ status: { conditions: NOT_READY } })),
    rule: 'snapshot-controller-not-running',
    result: 'stuck',
    says: /-n kube-system describe pod/,
  },
  {
    title: 'a snapshot-controller of an earlier version',
    objects: unboundSnapshot().put(
      'pods',
      snapshotController({ metadata: { labels: { app: 'snapshot-controller' } } }),
    ),
    rule: 'snapshot-not-bound',
    result: 'stuck',
  },
  {
    title: 'a snapshot without a content',
    objects: unboundSnapshot().put(
      'events',
      event('VolumeSnapshot', 'monday', 'SnapshotContentCreationFailed', 'Failed to create snapshot content'),
    ),
    rule: 'snapshot-not-bound',
    result: 'stuck',
    says: /Failed to create/,
  },
  {
    title: 'a snapshot of this moment',
    objects: unboundSnapshot({}, { creationTimestamp: ago(2) }),
    rule: 'snapshot-not-bound',
    result: 'waiting',
  },
  {
    title: 'a content that is gone',
    objects: healthy().remove('volumesnapshotcontents', CONTENT),
    rule: 'content-missing',
    result: 'stuck',
    says: /orphans adopt/,
  },
  {
    title: 'a content that no one has made',
    objects: unboundSnapshot(byHand),
    rule: 'content-missing',
    result: 'stuck',
    says: /someone has to make it/,
  },
  {
    title: 'a content for another snapshot',
    objects: unboundSnapshot(byHand).put(
      'volumesnapshotcontents',
      content({ spec: { ...handmade, volumeSnapshotRef: { namespace: 'apps', name: 'tuesday' } } }),
    ),
    rule: 'content-mismatch',
    result: 'stuck',
    says: /apps\/tuesday, not apps\/monday.*Leave it to apps\/tuesday.*patch volumesnapshotcontent \S+ .*"Retain"/s,
  },
  {
    title: 'a content for an earlier snapshot of the name',
    objects: healthy().put(
      'volumesnapshotcontents',
      content({ spec: { volumeSnapshotRef: { namespace: 'apps', name: 'monday', uid: 'old' } } }),
    ),
    rule: 'content-mismatch',
    result: 'stuck',
    says: /earlier snapshot.*the snapshot on the RDS goes with it.*patch volumesnapshotcontent \S+ .*"Retain"/s,
  },
  {
    title: 'a content of another driver',
    objects: healthy().put('volumesnapshotcontents', content({ spec: { driver: 'x.io' } })),
    rule: 'content-mismatch',
    result: 'stuck',
    says: /driver is x\.io.*kubectl get volumesnapshotcontent/s,
  },
  {
    title: 'a content by hand without a handle',
    objects: unboundSnapshot(byHand).put('volumesnapshotcontents', pendingContent()),
    rule: 'content-mismatch',
    result: 'stuck',
    says: /no snapshotHandle/,
  },
  {
    title: 'a content by hand with the id of a volume was said to be gone from the RDS',
    objects: unboundSnapshot(byHand).put('volumesnapshotcontents', wronglyMade(HANDLE)),
    view: { device: { is: 'absent', id: HANDLE } },
    rule: 'not-an-id',
    result: 'stuck',
    says: /it is the id of a volume/,
  },
  {
    title: 'a content by hand with a name of its own',
    objects: unboundSnapshot(byHand).put('volumesnapshotcontents', wronglyMade('rds1:monday')),
    rule: 'not-an-id',
    result: 'stuck',
    says: /one looks like BACKEND:snap-UUID/,
  },
  {
    title: 'a content by hand with an id that nothing has, seen without the RDS',
    objects: unboundSnapshot(byHand).put('volumesnapshotcontents', wronglyMade(SNAP_HANDLE)),
    rule: 'snapshot-failed',
    result: 'stuck',
    says: /recreate both[\s\S]*rose-csi snapshots ls/,
  },
  {
    title: 'a snapshot-controller that no pod shows, and that has spoken',
    objects: unboundSnapshot()
      .remove('pods', 'snapshot-controller-0', 'kube-system')
      .put(
        'events',
        event('VolumeSnapshot', 'monday', 'SnapshotContentCreationFailed', 'Failed to create snapshot content', {
          source: { component: 'snapshot-controller' },
        }),
      ),
    rule: 'snapshot-not-bound',
    result: 'stuck',
    alone: true,
  },
  {
    title: 'a snapshot class with a Secret that the sidecar cannot read',
    objects: failing('cannot get credentials for snapshot content'),
    rule: 'snapshot-failed',
    result: 'stuck',
    says: /keeps the name of the Secret/,
  },
  {
    title: 'a snapshot class with a parameter that the driver does not know',
    objects: failing(rpcError('DRV-INVALID', 'parameters of the VolumeSnapshotClass: "pool" unknown')),
    rule: 'snapshot-failed',
    result: 'stuck',
    says: /kubectl get volumesnapshotclasses/,
  },
  {
    title: 'a content by hand whose snapshot is not on the RDS',
    objects: unboundSnapshot(byHand).put(
      'volumesnapshotcontents',
      content({
        spec: handmade,
        status: { readyToUse: false, error: { message: rpcError('DRV-ABSENT', 'it does not exist') } },
      }),
    ),
    rule: 'snapshot-failed',
    result: 'stuck',
    says: /cannot be taken over/,
  },
  {
    title: 'a content whose error is a conflict that is over',
    objects: failing('the object has been modified; please apply your changes to the latest version and retry'),
    rule: 'snapshot-silent',
    result: 'stuck',
  },
  {
    title: 'a snapshot that is being deleted, and gone from the RDS',
    objects: healthy().put(
      'volumesnapshots',
      snapshot({
        metadata: {
          deletionTimestamp: ago(3),
          finalizers: ['snapshot.storage.kubernetes.io/volumesnapshot-bound-protection'],
        },
      }),
    ),
    view: { device: { is: 'absent', id: SNAP_HANDLE } },
    rule: 'snapshot-held',
    result: 'waiting',
  },
  {
    title: 'too many snapshots',
    objects: failing(`Failed to check and update snapshot content: ${rpcError('RC-QUOTA', '3 snap-1 2026-11-01 3')}`),
    rule: 'snapshot-failed',
    result: 'stuck',
    says: /maxSnapshotsPerVolume/,
  },
  {
    title: 'too many snapshots at once',
    objects: failing(rpcError('DRV-RATE', 'the next turn is in 9 s')),
    rule: 'snapshot-failed',
    result: 'stuck',
    says: /raise the rate/,
  },
  {
    title: 'a source that is gone from the RDS',
    objects: failing(rpcError('RC-NOSRC')),
    rule: 'snapshot-failed',
    result: 'stuck',
    says: /not on the RDS/,
  },
  {
    title: 'an RDS that does not answer',
    objects: failing(rpcError('RDS-UNKNOWN', 'y')),
    rule: 'snapshot-failed',
    result: 'stuck',
    says: /no complete answer/,
  },
  {
    title: 'a content whose snapshot no one takes',
    objects: snapshotPending(),
    rule: 'snapshot-silent',
    result: 'stuck',
    says: /snapshotter\.enabled/,
  },
  {
    title: 'a content of this moment',
    objects: snapshotPending().put(
      'volumesnapshotcontents',
      pendingContent({ metadata: { creationTimestamp: ago(2) } }),
    ),
    rule: 'snapshot-silent',
    result: 'waiting',
  },
  {
    title: 'a snapshot and no controller',
    objects: snapshotPending().remove('pods', 'rose-csi-controller-node-b', 'rose-csi'),
    rule: 'controller-not-running',
    result: 'stuck',
  },
  {
    title: 'a snapshot that cannot be deleted',
    objects: healthy()
      .put(
        'volumesnapshots',
        snapshot({
          metadata: { ...going, finalizers: ['snapshot.storage.kubernetes.io/volumesnapshot-bound-protection'] },
        }),
      )
      .put('volumesnapshotcontents', content({ metadata: going }))
      .put('events', event('VolumeSnapshotContent', CONTENT, 'SnapshotDeleteError', rpcError('RC-OWNER', 'y'))),
    rule: 'snapshot-delete-failed',
    result: 'stuck',
    says: /adoptedClusterIds/,
  },
  {
    title: 'a snapshot that a claim is being made from',
    objects: healthy().put(
      'volumesnapshots',
      snapshot({
        metadata: { ...going, finalizers: ['snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection'] },
      }),
    ),
    rule: 'snapshot-held',
    result: 'stuck',
    says: /no pending claim/,
  },
  {
    title: 'a snapshot that a backup program holds',
    objects: healthy().put('volumesnapshots', snapshot({ metadata: { ...going, finalizers: ['backup.io/keep'] } })),
    rule: 'snapshot-held',
    result: 'stuck',
    says: /backup\.io\/keep/,
  },
  {
    title: 'a snapshot of a volume that is not on the RDS',
    objects: snapshotPending(),
    view: { device: { is: 'absent', id: HANDLE } },
    rule: 'device-absent',
    result: 'stuck',
    says: /no such volume/,
  },
  {
    title: 'a snapshot that is not on the RDS',
    objects: healthy(),
    view: { device: { is: 'absent', id: SNAP_HANDLE } },
    rule: 'device-absent',
    result: 'stuck',
    says: /use another snapshot/,
  },
  {
    title: 'a snapshot of another cluster',
    objects: healthy(),
    view: { device: snapshotOnRds({ ownedBy: undefined }) },
    rule: 'device-of-another-cluster',
    result: 'stuck',
  },
];

const noCrds = healthy();
for (const plural of ['volumesnapshots', 'volumesnapshotcontents', 'volumesnapshotclasses']) noCrds.unknown.add(plural);

/** Snapshots. */
export const SNAPSHOT_CASES: readonly Case[] = [
  ...cases.map((one) => ({ ...one, subject: 'vs/monday' })),
  {
    title: 'a cluster without snapshots',
    subject: 'vs/monday',
    objects: noCrds,
    rule: 'snapshot-crds-missing',
    result: 'stuck',
    says: /not installed/,
  },
];
