import assert from 'node:assert/strict';
import type { Cluster } from '../cluster.ts';
import { claim, pod } from '../objects.ts';
import { eventsAbout, eventually, nothingLeft, ready, remove, type Scenario, shell } from './scenario.ts';

/** Growths that do not go as they were asked for. */
export const GROWTH: readonly Scenario[] = [
  {
    title: 'a claim that asks for more than the pool has is told so, and grows when it asks for less',
    async run(cluster) {
      const { kubectl } = cluster;
      await kubectl.apply(claim('greedy', 'rose-csi-xfs', '512Mi'));
      await eventually(async () => (await kubectl.field('pvc', 'greedy', '.status.phase')) === 'Bound');
      await askFor(cluster, 'greedy', '100Gi');
      await eventually(async () =>
        (await eventsAbout(kubectl, 'PersistentVolumeClaim', 'greedy')).some((event) => event.includes('[RC-SPACE]')),
      );
      await askFor(cluster, 'greedy', '1Gi');
      await eventually(async () => (await sizeOnRds(cluster, 'greedy')) === '1Gi');
      await remove(cluster, 'pvc/greedy');
    },
  },
  {
    // Where the nodes lack CAP_SYS_RESOURCE, ext4 does not grow.
    title: 'a pod whose claim grows starts again with what it wrote, whether or not its filesystem can grow',
    async run(cluster) {
      const { kubectl } = cluster;
      await kubectl.apply(claim('grown', 'rose-csi', '256Mi'), pod('grown', 'grown', { node: 'n1' }));
      await ready(cluster, 'grown');
      await shell(cluster, 'grown', 'echo kept > /data/file; sync');
      await askFor(cluster, 'grown', '512Mi');
      await eventually(async () => (await sizeOnRds(cluster, 'grown')) === '512Mi');
      await remove(cluster, 'pod/grown');
      await kubectl.apply(pod('grown', 'grown', { node: 'n2' }));
      await ready(cluster, 'grown');
      assert.equal(await shell(cluster, 'grown', 'cat /data/file'), 'kept\n');
      await remove(cluster, 'pod/grown');
      // What is deleted while it is still attached is retried a minute later.
      await eventually(async () => (await kubectl.list('volumeattachments')).length === 0);
      await remove(cluster, 'pvc/grown');
      await nothingLeft(cluster);
    },
  },
];

/** Asks for another size of a claim. */
async function askFor({ kubectl }: Cluster, name: string, storage: string): Promise<void> {
  const wanted = { spec: { resources: { requests: { storage } } } };
  await kubectl.run(['patch', 'pvc', name, `--patch=${JSON.stringify(wanted)}`]);
}

/** The size to which the controller has grown the volume of a claim. */
async function sizeOnRds({ kubectl }: Cluster, name: string): Promise<string> {
  const volume = await kubectl.field('pvc', name, '.spec.volumeName');
  return await kubectl.field('pv', volume, '.spec.capacity.storage');
}
