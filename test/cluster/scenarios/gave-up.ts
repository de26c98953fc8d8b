import assert from 'node:assert/strict';
import type { Cluster } from '../cluster.ts';
import { COUNTING, claim, pod } from '../objects.ts';
import { roseCsi } from '../rose-csi.ts';
import { counted, eventsAbout, eventually, ready, remove, type Scenario } from './scenario.ts';

/** A filesystem that has given up stays so until it is mounted again, and only a new pod does that. */
export const GAVE_UP: readonly Scenario[] = [
  {
    title:
      'a filesystem that has given up is reported by an Event and by `why`, and the next pod has all that was written',
    async run(cluster) {
      const { kubectl } = cluster;
      const restarting = pod('victim', 'hurt', COUNTING, { node: 'n1', restarts: true });
      await kubectl.apply(claim('hurt', 'rose-csi-xfs', '1Gi'), restarting);
      await ready(cluster, 'victim');
      await eventually(async () => (await counted(cluster, 'victim')) > 10);
      const before = await counted(cluster, 'victim');
      await shutDown(cluster, 'victim', 'hurt');
      await eventually(async () =>
        (await eventsAbout(kubectl, 'Node', 'n1')).some((event) => event.startsWith('FilesystemGaveUp: ')),
      );
      await eventually(async () => (await roseCsi(cluster, 'why', 'pvc/hurt')).status === 1);
      const { output } = await roseCsi(cluster, 'why', 'pvc/hurt');
      assert.match(output, /given up/);
      assert.match(output, /delete pod victim/);
      await remove(cluster, 'pod/victim');
      await kubectl.apply(pod('healed', 'hurt', { node: 'n1' }));
      await ready(cluster, 'healed');
      assert.ok((await counted(cluster, 'healed')) >= before, `${before} before`);
      await remove(cluster, 'pod/healed', 'pvc/hurt');
    },
  },
];

/** Has XFS give up, as after an I/O error. */
async function shutDown({ kubectl, machines }: Cluster, podName: string, claimName: string): Promise<void> {
  const uid = await kubectl.field('pod', podName, '.metadata.uid');
  const volume = await kubectl.field('pvc', claimName, '.spec.volumeName');
  const mounted = `/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~csi/${volume}/mount`;
  await machines[0]?.run('xfs_io', ['-x', '-c', 'shutdown', mounted]);
}
