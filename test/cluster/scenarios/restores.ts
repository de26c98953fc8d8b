import assert from 'node:assert/strict';
import type { Cluster } from '../cluster.ts';
import { claim, pod, snapshot } from '../objects.ts';
import { roseCsiOrFail } from '../rose-csi.ts';
import { eventsAbout, eventually, nothingLeft, ready, remove, type Scenario, SECONDS, shell } from './scenario.ts';

const FROM = { from: { kind: 'VolumeSnapshot', name: 'kept' } } as const;

/** What may be made from a snapshot, and what is refused with a word that helps. */
export const RESTORES: readonly Scenario[] = [
  {
    title: 'a snapshot of a volume with a file',
    async run(cluster) {
      const { kubectl } = cluster;
      await kubectl.apply(claim('source', 'rose-csi-xfs', '1Gi'), pod('source', 'source', { node: 'n1' }));
      await ready(cluster, 'source');
      await shell(cluster, 'source', 'echo kept > /data/file; sync');
      await kubectl.apply(snapshot('kept', 'source'));
      await kubectl.wait('jsonpath={.status.readyToUse}=true', ['volumesnapshot/kept'], SECONDS);
      await remove(cluster, 'pod/source');
    },
  },
  {
    title: 'a larger restore has the file, and is larger',
    async run(cluster) {
      const { kubectl } = cluster;
      await hasFile(cluster, 'larger', claim('larger', 'rose-csi-xfs', '2Gi', FROM));
      assert.equal(await kubectl.field('pvc', 'larger', '.status.capacity.storage'), '2Gi');
      await remove(cluster, 'pod/larger', 'pvc/larger');
    },
  },
  {
    title: 'a restore that is too small, or in another pool, waits with the reason in an Event',
    async run(cluster) {
      const { kubectl } = cluster;
      await kubectl.apply(
        claim('small', 'rose-csi-xfs', '512Mi', FROM),
        claim('elsewhere', 'rose-csi-pool2', '1Gi', FROM),
      );
      await tellsOf(cluster, 'small', /size/);
      await tellsOf(cluster, 'elsewhere', /\[RC-ELSEWHERE\]/);
      await remove(cluster, 'pvc/small', 'pvc/elsewhere');
    },
  },
  {
    title:
      'a snapshot above the quota of its class waits with the reason in an Event, and is taken when an older one goes',
    async run(cluster) {
      const { kubectl } = cluster;
      const parameters = { maxSnapshotsPerVolume: '2' };
      const group = { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshotClass' };
      const rest = { driver: 'rds.rose-csi.io', deletionPolicy: 'Delete', parameters };
      await kubectl.apply({ ...group, metadata: { name: 'few' }, ...rest });
      const isReady = async (name: string) =>
        await kubectl.wait('jsonpath={.status.readyToUse}=true', [`volumesnapshot/${name}`], SECONDS);
      await kubectl.apply(snapshot('second', 'source', 'few'));
      await isReady('second');
      await kubectl.apply(snapshot('third', 'source', 'few'));
      await eventually(async () =>
        (await eventsAbout(kubectl, 'VolumeSnapshot', 'third')).some((event) =>
          event.startsWith('SnapshotQuotaReached: '),
        ),
      );
      assert.notEqual(await kubectl.field('volumesnapshot', 'third', '.status.readyToUse'), 'true');
      await remove(cluster, 'volumesnapshot/second');
      await isReady('third');
      await remove(cluster, 'volumesnapshot/third', 'volumesnapshotclass/few');
    },
  },
  {
    title: 'a content that was made by hand is restored from',
    async run(cluster) {
      const { kubectl } = cluster;
      const content = await kubectl.field('volumesnapshot', 'kept', '.status.boundVolumeSnapshotContentName');
      const snapshotHandle = await kubectl.field('volumesnapshotcontent', content, '.status.snapshotHandle');
      const group = 'snapshot.storage.k8s.io/v1';
      await kubectl.apply(
        {
          apiVersion: group,
          kind: 'VolumeSnapshotContent',
          metadata: { name: 'by-hand' },
          spec: {
            deletionPolicy: 'Retain',
            driver: 'rds.rose-csi.io',
            source: { snapshotHandle },
            volumeSnapshotRef: { name: 'by-hand', namespace: 'default' },
          },
        },
        {
          apiVersion: group,
          kind: 'VolumeSnapshot',
          metadata: { name: 'by-hand' },
          spec: { source: { volumeSnapshotContentName: 'by-hand' } },
        },
      );
      await kubectl.wait('jsonpath={.status.readyToUse}=true', ['volumesnapshot/by-hand'], SECONDS);
      const from = { kind: 'VolumeSnapshot', name: 'by-hand' } as const;
      await hasFile(cluster, 'again', claim('again', 'rose-csi-xfs', '1Gi', { from }));
      await remove(cluster, 'pod/again', 'pvc/again');
      await remove(cluster, 'volumesnapshot/by-hand', 'volumesnapshotcontent/by-hand');
    },
  },
  {
    title: 'a volume that was retained, and lost its objects, is adopted with what it holds',
    async run(cluster) {
      const { kubectl } = cluster;
      const volume = await kubectl.field('pvc', 'source', '.spec.volumeName');
      const handle = await kubectl.field('pv', volume, '.spec.csi.volumeHandle');
      const retain = { spec: { persistentVolumeReclaimPolicy: 'Retain' } };
      await kubectl.run(['patch', 'pv', volume, `--patch=${JSON.stringify(retain)}`]);
      await remove(cluster, 'pvc/source', `pv/${volume}`);
      const manifest = await roseCsiOrFail(cluster, 'orphans', 'adopt', handle, '--fs-type=xfs');
      await kubectl.run(['apply', '--filename=-'], manifest);
      const adopted = (await kubectl.list('pv')).find((one) => JSON.stringify(one).includes(handle))?.metadata.name;
      assert.ok(adopted !== undefined, manifest);
      // It is reserved for the claim of its own name, and this other one does not get it.
      await kubectl.apply(claim('any', '', '1Gi'));
      const bound = claim(adopted, '', '1Gi') as { spec: object };
      await hasFile(cluster, adopted, { ...bound, spec: { ...bound.spec, volumeName: adopted } });
      assert.equal(await kubectl.field('pvc', 'any', '.status.phase'), 'Pending');
      const expendable = { spec: { persistentVolumeReclaimPolicy: 'Delete' } };
      await kubectl.run(['patch', 'pv', adopted, `--patch=${JSON.stringify(expendable)}`]);
      await remove(cluster, `pod/${adopted}`);
      // What is deleted while it is still attached is retried a minute later.
      await eventually(async () => (await kubectl.list('volumeattachments')).length === 0);
      await remove(cluster, `pvc/${adopted}`, 'pvc/any', 'volumesnapshot/kept');
      await nothingLeft(cluster);
    },
  },
];

/** Makes a claim, and a pod of its name that finds the file of the source in it, on the other node than that. */
async function hasFile(cluster: Cluster, name: string, itsClaim: object): Promise<void> {
  await cluster.kubectl.apply(itsClaim, pod(name, name, { node: 'n2' }));
  await ready(cluster, name);
  assert.equal(await shell(cluster, name, 'cat /data/file'), 'kept\n');
}

/** Waits until an Event about a claim gives this reason, and sees that there is no volume. */
async function tellsOf({ kubectl }: Cluster, name: string, reason: RegExp): Promise<void> {
  await eventually(async () =>
    (await eventsAbout(kubectl, 'PersistentVolumeClaim', name)).some((event) => reason.test(event)),
  );
  assert.equal(await kubectl.field('pvc', name, '.status.phase'), 'Pending');
}
