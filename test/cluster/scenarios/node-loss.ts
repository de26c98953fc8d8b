import assert from 'node:assert/strict';
import { COUNTING, claim, pod } from '../objects.ts';
import { counted, eventually, ready, remove, type Scenario, SECONDS, shell } from './scenario.ts';

/** The last of all: the second machine is gone afterwards. */
export const NODE_LOSS: readonly Scenario[] = [
  {
    title: 'a node loses its power, and after the taint the pod writes on the other one, with all that was on the disk',
    async run(cluster) {
      const { kubectl, machines } = cluster;
      await kubectl.apply(claim('mobile', 'rose-csi', '1Gi'), pod('mobile', 'mobile', COUNTING, { node: 'n2' }));
      await ready(cluster, 'mobile');
      await eventually(async () => (await counted(cluster, 'mobile')) > 10);
      const before = await counted(cluster, 'mobile');
      await machines[1]?.halt();
      await kubectl.wait('condition=Ready=unknown', ['node/n2'], SECONDS);
      await kubectl.run(['taint', 'node', 'n2', 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute']);
      await eventually(async () => (await kubectl.list('pods', '--field-selector=metadata.name=mobile')).length === 0);
      await kubectl.apply(pod('arrived', 'mobile', { node: 'n1' }));
      await ready(cluster, 'arrived');
      assert.ok((await counted(cluster, 'arrived')) >= before - 1, `${before} before`);
      await shell(cluster, 'arrived', 'echo goes on > /data/after; sync');
      await remove(cluster, 'pod/arrived', 'pvc/mobile');
    },
  },
];
