import assert from 'node:assert/strict';
import { COUNTING, claim, pod } from '../objects.ts';
import { counted, eventually, nothingLeft, ready, remove, type Scenario } from './scenario.ts';

const NAMESPACE = '--namespace=rose-csi';

/** The chart's own life, with volumes in use. */
export const LIFECYCLE: readonly Scenario[] = [
  {
    title: 'an upgrade of the chart, to two controllers, leaves a pod writing',
    async run(cluster) {
      const { kubectl, chart } = cluster;
      await kubectl.apply(claim('lasting', 'rose-csi', '1Gi'), pod('lasting', 'lasting', COUNTING, { node: 'n2' }));
      await ready(cluster, 'lasting');
      await chart.install(cluster.pair, ['--set=controller.replicas=2', '--set=node.podAnnotations.upgraded=yes']);
      const before = await counted(cluster, 'lasting');
      await eventually(async () => (await counted(cluster, 'lasting')) > before);
      const restarts = await kubectl.field('pod', 'lasting', '.status.containerStatuses[0].restartCount');
      assert.equal(restarts, '0');
    },
  },
  {
    title: 'when the leading controller goes, the other one goes on',
    async run(cluster) {
      const { kubectl } = cluster;
      const holder = async () =>
        await kubectl.run(['get', 'leases', NAMESPACE, '--output=jsonpath={.items[0].spec.holderIdentity}']);
      const pods = async () => (await kubectl.list('pods', NAMESPACE)).map(({ metadata }) => metadata.name);
      // Who led before the upgrade is on the Lease until it has expired.
      await eventually(async () => (await pods()).includes(await holder()));
      const leader = await holder();
      await kubectl.run(['delete', 'pod', leader, NAMESPACE, '--grace-period=0', '--force']);
      await kubectl.apply(claim('next', 'rose-csi', '1Gi'));
      await eventually(async () => (await kubectl.field('pvc', 'next', '.status.phase')) === 'Bound');
      await remove(cluster, 'pvc/next');
    },
  },
  {
    title: 'the driver is uninstalled and installed again, and the volume is there',
    async run(cluster) {
      const { kubectl, chart } = cluster;
      const before = await counted(cluster, 'lasting');
      await chart.helm('uninstall', 'rose-csi', '--wait');
      await eventually(async () => (await counted(cluster, 'lasting')) > before);
      await chart.install(cluster.pair);
      await remove(cluster, 'pod/lasting');
      await kubectl.apply(pod('after', 'lasting', { node: 'n1' }));
      await ready(cluster, 'after');
      assert.ok((await counted(cluster, 'after')) > before);
      await remove(cluster, 'pod/after', 'pvc/lasting');
      await nothingLeft(cluster);
    },
  },
];
