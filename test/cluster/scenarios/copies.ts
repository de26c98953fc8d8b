import assert from 'node:assert/strict';
import { claim, pod, snapshot } from '../objects.ts';
import { roseCsiOrFail } from '../rose-csi.ts';
import { eventually, nothingLeft, ready, remove, type Scenario, SECONDS, shell } from './scenario.ts';

const FROM = { from: { kind: 'VolumeSnapshot', name: 'travels' } } as const;
const COPY_ID = '.metadata.annotations.rds\\.rose-csi\\.io/copy-id';
let copyId = '';

/** A snapshot that outlives its RDS: its copy on the second one (docs/guides/second-rds.md). */
export const COPIES: readonly Scenario[] = [
  {
    title: 'a snapshot of one RDS is restored by a claim on the other, from its copy',
    async run(cluster) {
      const { kubectl } = cluster;
      await kubectl.apply(claim('near', 'rose-csi-pool2', '1Gi'), pod('near', 'near', { node: 'n1' }));
      await ready(cluster, 'near');
      await shell(cluster, 'near', 'echo travelled > /data/file; sync');
      await kubectl.apply(snapshot('travels', 'near'));
      await kubectl.wait('jsonpath={.status.readyToUse}=true', ['volumesnapshot/travels'], SECONDS);
      await kubectl.apply(claim('far', 'rose-csi-rds2', '1Gi', FROM), pod('far', 'far', { node: 'n2' }));
      await ready(cluster, 'far', 'near');
      assert.equal(await shell(cluster, 'far', 'cat /data/file'), 'travelled\n');
      const content = await kubectl.field('volumesnapshot', 'travels', '.status.boundVolumeSnapshotContentName');
      await eventually(async () => {
        copyId = await kubectl.field('volumesnapshotcontent', content, COPY_ID);
        return copyId !== '';
      });
      assert.match(copyId, /^rds2:snap-/);
      await remove(cluster, 'pod/far', 'pod/near', 'pvc/far');
    },
  },
  {
    title: 'while its RDS does not answer a snapshot is restored on the other, and what is restored is written to',
    async run(cluster) {
      const { kubectl, pair } = cluster;
      await pair.first.closeDoor();
      await kubectl.apply(claim('saved', 'rose-csi-rds2', '2Gi', FROM), pod('saved', 'saved', { node: 'n2' }));
      await ready(cluster, 'saved');
      assert.equal(await shell(cluster, 'saved', 'cat /data/file'), 'travelled\n');
      await shell(cluster, 'saved', 'echo on >> /data/file; sync');
      await remove(cluster, 'pod/saved');
      await kubectl.apply(pod('again', 'saved', { node: 'n1' }));
      await ready(cluster, 'again');
      assert.equal(await shell(cluster, 'again', 'cat /data/file'), 'travelled\non\n');
      await remove(cluster, 'pod/again', 'pvc/saved');
      pair.first.openDoor();
    },
  },
  {
    title: 'a copy outlives the VolumeSnapshot, is adopted, restored from and deleted',
    async run(cluster) {
      const { kubectl } = cluster;
      await remove(cluster, 'volumesnapshot/travels', 'pvc/near');
      await kubectl.run(['apply', '--filename=-'], await roseCsiOrFail(cluster, 'replicas', 'adopt', copyId));
      const [adopted = ''] = (await kubectl.list('volumesnapshots')).map(({ metadata }) => metadata.name);
      await kubectl.wait('jsonpath={.status.readyToUse}=true', [`volumesnapshot/${adopted}`], SECONDS);
      const from = { kind: 'VolumeSnapshot', name: adopted } as const;
      await kubectl.apply(claim('back', 'rose-csi-rds2', '1Gi', { from }), pod('back', 'back', { node: 'n1' }));
      await ready(cluster, 'back');
      assert.equal(await shell(cluster, 'back', 'cat /data/file'), 'travelled\n');
      await remove(cluster, 'pod/back', 'pvc/back');
      const content = await kubectl.field('volumesnapshot', adopted, '.status.boundVolumeSnapshotContentName');
      const expendable = { spec: { deletionPolicy: 'Delete' } };
      const patch = ['--type=merge', `--patch=${JSON.stringify(expendable)}`];
      await kubectl.run(['patch', 'volumesnapshotcontent', content, ...patch]);
      await remove(cluster, `volumesnapshot/${adopted}`);
      await nothingLeft(cluster);
    },
  },
];
