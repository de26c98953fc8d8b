import assert from 'node:assert/strict';
import type { Cluster } from '../cluster.ts';
import { checkedDatabase, WHOLE, writingDatabase } from '../database/pod.ts';
import { claim, snapshot } from '../objects.ts';
import { eventually, ready, remove, type Scenario, SECONDS } from './scenario.ts';

const ROUNDS = [1, 2, 3];

/** PostgreSQL as a judge of whether a snapshot, and what a pod leaves behind, is what a crash would leave. */
export const DATABASE: readonly Scenario[] = [
  {
    title: 'snapshots of a database under load recover on the other node, with every commit that was confirmed before',
    async run(cluster) {
      const { kubectl } = cluster;
      await kubectl.apply(claim('database', 'rose-csi', '2Gi'), writingDatabase('database', 'database', 'n1'));
      await ready(cluster, 'database');
      const told: number[] = [];
      for (const round of ROUNDS) {
        const before = told.at(-1) ?? 0;
        await eventually(async () => (await committed(cluster, 'database')) > before + 20);
        told.push(await committed(cluster, 'database'));
        await kubectl.apply(snapshot(`database-${round}`, 'database'));
        await kubectl.wait('jsonpath={.status.readyToUse}=true', [`volumesnapshot/database-${round}`], SECONDS);
      }
      for (const round of ROUNDS) {
        const name = `restored-${round}`;
        const from = { kind: 'VolumeSnapshot', name: `database-${round}` } as const;
        await kubectl.apply(claim(name, 'rose-csi', '2Gi', { from }), checkedDatabase(name, name, 'n2'));
      }
      for (const round of ROUNDS) await isWhole(cluster, `restored-${round}`, told[round - 1] ?? 0);
      const all = (kind: string, prefix: string) => ROUNDS.map((round) => `${kind}/${prefix}-${round}`);
      await remove(cluster, ...all('pod', 'restored'), ...all('pvc', 'restored'), ...all('volumesnapshot', 'database'));
    },
  },
  {
    title: 'a database that is killed goes on on the other node, and back, with every commit that was confirmed',
    async run(cluster) {
      const { kubectl } = cluster;
      let name = 'database';
      for (const node of ['n2', 'n1']) {
        const before = await committed(cluster, name);
        await kubectl.run(['delete', 'pod', name, '--grace-period=1', `--timeout=${SECONDS}s`]);
        name = `moved-to-${node}`;
        await kubectl.apply(writingDatabase(name, 'database', node));
        await ready(cluster, name);
        await eventually(async () => (await committed(cluster, name)) > before + 20);
      }
      const before = await committed(cluster, name);
      await remove(cluster, `pod/${name}`);
      await kubectl.apply(checkedDatabase('checked', 'database', 'n2'));
      await isWhole(cluster, 'checked', before);
      await remove(cluster, 'pod/checked', 'pvc/database');
    },
  },
];

/** The last number that a pod has printed as committed; 0 when it has printed none. */
async function committed({ kubectl }: Cluster, pod: string): Promise<number> {
  const lines = (await kubectl.run(['logs', pod, '--tail=20'])).split('\n');
  return Number(lines.findLast((line) => /^\d+$/.test(line)) ?? 0);
}

/** Waits until a pod has looked at its database, and has found it whole and not older than what was reported. */
async function isWhole({ kubectl }: Cluster, pod: string, told: number): Promise<void> {
  await eventually(async () => /^(Succeeded|Failed)$/.test(await kubectl.field('pod', pod, '.status.phase')));
  const text = await kubectl.run(['logs', pod, '--tail=20']).catch(() => '');
  const last = /^(\d+) (.*)$/m.exec(text);
  assert.equal(last?.[2], WHOLE, text);
  assert.ok(Number(last?.[1]) >= told, `${told} were printed as committed, and ${last?.[1]} are there`);
}
