import assert from 'node:assert/strict';
import { COUNTING, claim, pod } from '../objects.ts';
import { counted, eventually, ready, remove, type Scenario, SECONDS, shell } from './scenario.ts';

/** Who may use a volume, and as what. */
export const ACCESS: readonly Scenario[] = [
  {
    title: 'a class that waits for its first pod makes the volume then, and the pod may move',
    async run(cluster) {
      const { kubectl } = cluster;
      await kubectl.apply(claim('late', 'rose-csi-wait', '1Gi'));
      await kubectl.apply(pod('first', 'late', COUNTING, { node: 'n2' }));
      await ready(cluster, 'first');
      await eventually(async () => (await counted(cluster, 'first')) > 10);
      const before = await counted(cluster, 'first');
      await remove(cluster, 'pod/first');
      await kubectl.apply(pod('second', 'late', { node: 'n1' }));
      await ready(cluster, 'second');
      assert.ok((await counted(cluster, 'second')) >= before);
      await remove(cluster, 'pod/second', 'pvc/late');
    },
  },
  {
    title: 'a raw block volume has its bytes on the next node, too',
    async run(cluster) {
      const { kubectl } = cluster;
      await kubectl.apply(
        claim('raw', 'rose-csi', '1Gi', { volumeMode: 'Block' }),
        pod('raw-writer', 'raw', { node: 'n1', block: true }),
      );
      await ready(cluster, 'raw-writer');
      await shell(cluster, 'raw-writer', 'echo found again | dd of=/dev/data bs=512 seek=1000 conv=fsync');
      await remove(cluster, 'pod/raw-writer');
      await kubectl.apply(pod('raw-reader', 'raw', { node: 'n2', block: true }));
      await ready(cluster, 'raw-reader');
      const found = await shell(cluster, 'raw-reader', 'dd if=/dev/data bs=512 skip=1000 count=1 | head -n 1');
      assert.equal(found, 'found again\n');
      await remove(cluster, 'pod/raw-reader', 'pvc/raw');
    },
  },
  {
    title: 'a claim for one pod keeps a second pod waiting, on the same node as well',
    async run(cluster) {
      const { kubectl } = cluster;
      const alone = claim('alone', 'rose-csi', '1Gi', { access: 'ReadWriteOncePod' });
      await kubectl.apply(alone, pod('holder', 'alone', { node: 'n1' }));
      await ready(cluster, 'holder');
      await kubectl.apply(pod('waiting', 'alone', { node: 'n1' }));
      await kubectl.wait('condition=PodScheduled=false', ['pod/waiting'], SECONDS);
      await remove(cluster, 'pod/holder');
      await ready(cluster, 'waiting');
      await remove(cluster, 'pod/waiting', 'pvc/alone');
    },
  },
  {
    title: 'a pod that is not root writes by its fsGroup, and one that only reads cannot write',
    async run(cluster) {
      const { kubectl } = cluster;
      const security = { runAsUser: 1000, fsGroup: 2000 };
      await kubectl.apply(claim('shared', 'rose-csi', '1Gi'), pod('user', 'shared', { node: 'n1', security }));
      await ready(cluster, 'user');
      await shell(cluster, 'user', 'echo mine > /data/file');
      assert.equal((await shell(cluster, 'user', 'stat -c %g /data')).trim(), '2000');
      await remove(cluster, 'pod/user');
      await kubectl.apply(pod('looker', 'shared', { node: 'n1', readOnly: true }));
      await ready(cluster, 'looker');
      assert.equal(await shell(cluster, 'looker', 'cat /data/file'), 'mine\n');
      await assert.rejects(shell(cluster, 'looker', 'echo yours > /data/file'), /Read-only file system/);
      await remove(cluster, 'pod/looker', 'pvc/shared');
    },
  },
];
