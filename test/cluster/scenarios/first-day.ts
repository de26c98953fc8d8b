import assert from 'node:assert/strict';
import { COUNTING, claim, pod, snapshot } from '../objects.ts';
import { counted, eventually, nothingLeft, ready, remove, type Scenario, SECONDS, shell } from './scenario.ts';

const GiB = 1024 ** 3;
const CONTAINER = ['--namespace=rose-csi', '--container=rose-csi'];

/** A volume from its first byte to its end, with a snapshot, a restore, a clone and a growth while a pod writes to it. */
export const FIRST_DAY: readonly Scenario[] = [
  {
    title: 'helm test finds the RDS as it is configured, with the key of the controller',
    async run({ chart }) {
      const said = await chart.helm('test', 'rose-csi', '--logs');
      assert.match(said, /Phase: +Succeeded/);
      assert.match(said, /✓ +configured pools/);
    },
  },
  {
    title: 'a command that asks the RDS runs in the pod of the controller, which has no shell',
    async run({ kubectl }) {
      const within = (...command: readonly string[]) =>
        kubectl.run(['exec', 'deployment/rose-csi-controller', ...CONTAINER, '--', ...command]);
      const printed = await within('rose-csi', 'snapshots', 'ls', '--config=/etc/rose-csi/config/controller.yaml');
      assert.doesNotMatch(printed, /snap-/, 'there is none yet');
      await assert.rejects(within('sh', '-c', 'true'), /"?sh"?.*not found/);
    },
  },
  {
    title: 'a claim of the class is bound, and a pod writes to it',
    async run(cluster) {
      const { kubectl } = cluster;
      await kubectl.apply(claim('origin', 'rose-csi-xfs', '1Gi'), pod('writer', 'origin', COUNTING, { node: 'n1' }));
      await ready(cluster, 'writer');
      assert.equal(await kubectl.field('pvc', 'origin', '.status.phase'), 'Bound');
      await eventually(async () => (await counted(cluster, 'writer')) > 10);
    },
  },
  {
    title: 'a snapshot while it writes has all that was written before it, and on another node',
    async run(cluster) {
      const { kubectl } = cluster;
      const before = await counted(cluster, 'writer');
      await kubectl.apply(snapshot('moment', 'origin'));
      await kubectl.wait('jsonpath={.status.readyToUse}=true', ['volumesnapshot/moment'], SECONDS);
      const afterwards = await counted(cluster, 'writer');
      const from = { kind: 'VolumeSnapshot', name: 'moment' } as const;
      await kubectl.apply(
        claim('restored', 'rose-csi-xfs', '1Gi', { from }),
        pod('reader', 'restored', { node: 'n2' }),
      );
      await ready(cluster, 'reader');
      const last = await counted(cluster, 'reader');
      // A number stands there only when the one before it is on the disk.
      assert.ok(before - 1 <= last && last <= afterwards, `${before} before, ${last} in it, ${afterwards} after`);
      const lines = Array.from({ length: last }, (_, index) => `${index + 1}\n`).join('');
      assert.equal(await shell(cluster, 'reader', 'cat /data/log'), lines);
    },
  },
  {
    title: 'a clone of a volume in use has what was written before it',
    async run(cluster) {
      const before = await counted(cluster, 'writer');
      const from = { kind: 'PersistentVolumeClaim', name: 'origin' } as const;
      await cluster.kubectl.apply(
        claim('cloned', 'rose-csi-xfs', '1Gi', { from }),
        pod('second', 'cloned', { node: 'n2' }),
      );
      await ready(cluster, 'second');
      const last = await counted(cluster, 'second');
      assert.ok(last >= before - 1, `${before} before, ${last} in it`);
      await remove(cluster, 'pod/second', 'pvc/cloned');
    },
  },
  {
    title: 'a volume grows while a pod writes to it',
    async run(cluster) {
      const { kubectl } = cluster;
      const sizeOf = async () => Number((await shell(cluster, 'writer', 'df -k /data')).split(/\s+/).at(-6));
      const small = await sizeOf();
      assert.ok(small < GiB / 1024, `${small} KiB`);
      const wanted = { spec: { resources: { requests: { storage: '2Gi' } } } };
      await kubectl.run(['patch', 'pvc', 'origin', `--patch=${JSON.stringify(wanted)}`]);
      await kubectl.wait('jsonpath={.status.capacity.storage}=2Gi', ['pvc/origin'], SECONDS);
      await eventually(async () => (await sizeOf()) > (1.8 * GiB) / 1024);
      const before = await counted(cluster, 'writer');
      await eventually(async () => (await counted(cluster, 'writer')) > before);
    },
  },
  {
    title: 'the origin goes first, then the snapshot, then the restore, and the RDS is empty',
    async run(cluster) {
      await remove(cluster, 'pod/writer', 'pvc/origin');
      await remove(cluster, 'volumesnapshot/moment');
      assert.ok((await counted(cluster, 'reader')) > 10, 'the restore needs neither');
      await remove(cluster, 'pod/reader', 'pvc/restored');
      await nothingLeft(cluster);
    },
  },
];
