import assert from 'node:assert/strict';
import type { Cluster } from '../cluster.ts';
import { claim, pod } from '../objects.ts';
import { eventually, ready, remove, type Scenario, SECONDS } from './scenario.ts';

/** One that the chart made, so that csi-provisioner knows it for as long as the driver is installed. */
const CLASS = 'rose-csi-wait';
/** Older than objects get that csi-provisioner takes for another one's: it deletes those within ten seconds, forever. */
const OLD_SECONDS = 30;
const SCHEDULED_SECONDS = 10;

/** The scheduler places pods by the free space that csi-provisioner publishes. */
export const CAPACITY: readonly Scenario[] = [
  {
    title: 'three times in a row a pod is placed at once, by free space that stays published',
    async run(cluster) {
      const { kubectl } = cluster;
      for (const time of [1, 2, 3]) {
        const name = `placed-${time}`;
        await eventually(async () => (await agesOfCapacities(cluster)).every((seconds) => seconds > OLD_SECONDS));
        await kubectl.apply(claim(name, CLASS, '1Gi'), pod(name, name, {}));
        await kubectl.wait('condition=PodScheduled', [`pod/${name}`], SCHEDULED_SECONDS);
        await ready(cluster, name);
        const volume = await kubectl.field('pvc', name, '.spec.volumeName');
        const affinity = await kubectl.field('pv', volume, '.spec.nodeAffinity.required');
        assert.match(affinity, /rds\.rose-csi\.io\/network-default/);
        await remove(cluster, `pod/${name}`, `pvc/${name}`);
      }
    },
  },
  {
    title: 'a claim that is too large for the pool stays pending with the reason of the scheduler',
    async run(cluster) {
      const { kubectl } = cluster;
      await kubectl.apply(claim('huge', CLASS, '1Ti'), pod('huge', 'huge', {}));
      await kubectl.wait('condition=PodScheduled=false', ['pod/huge'], SECONDS);
      const reason = await kubectl.field('pod', 'huge', '.status.conditions[?(@.type=="PodScheduled")].message');
      assert.match(reason, /did not have enough free storage/);
      assert.equal(await kubectl.field('pvc', 'huge', '.status.phase'), 'Pending');
      await remove(cluster, 'pod/huge', 'pvc/huge');
    },
  },
];

/** How long ago, in seconds, each object was made that reports free space for the class; at least one. */
async function agesOfCapacities({ kubectl }: Cluster): Promise<readonly number[]> {
  const path = `{.items[?(@.storageClassName=="${CLASS}")].metadata.creationTimestamp}`;
  const times = await kubectl.run(['get', 'csistoragecapacities', '--namespace=rose-csi', `--output=jsonpath=${path}`]);
  return times.split(' ').map((time) => (time === '' ? 0 : (Date.now() - Date.parse(time)) / 1000));
}
