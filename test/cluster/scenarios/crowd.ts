import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../cluster.ts';
import { claim, snapshot } from '../objects.ts';
import { eventually, nothingLeft, remove, type Scenario } from './scenario.ts';

const CROWD = 30;
/** Between two kills, in ms: long enough for something to be under way again. */
const BETWEEN_MS = 2000;
const CROWD_SECONDS = 300;

/** Programs of the driver's pods, as their command lines show them. */
const VICTIMS = ['/csi-provisioner', '/csi-snapshotter', 'main.js controller', '/csi-attacher', 'main.js node'];

/** A container that is killed again and again is started again ever later, up to five minutes. */
const KILLS = 2 * VICTIMS.length;

/** Many at once, while everything that takes part is killed. */
export const MANY: readonly Scenario[] = [
  {
    title:
      '30 claims, snapshots and restores at once come about while drivers, sidecars, kubelets and the RDS are killed, and go',
    async run(cluster) {
      const { kubectl } = cluster;
      const numbers = Array.from({ length: CROWD }, (_, index) => index);
      const all = (kind: string, prefix: string) => numbers.map((number) => `${kind}/${prefix}-${number}`);
      const bound = async (prefix: string) =>
        await areAll(cluster, 'pvc', prefix, (one) => one.status?.phase === 'Bound');
      const killing = new AbortController();
      const killer = killAll(cluster, killing.signal);
      try {
        await kubectl.apply(...numbers.map((number) => claim(`many-${number}`, 'rose-csi', '1Gi')));
        await eventually(() => bound('many-'), CROWD_SECONDS);
        await kubectl.apply(...numbers.map((number) => snapshot(`many-${number}`, `many-${number}`)));
        const areReady = () => areAll(cluster, 'volumesnapshot', 'many-', (one) => one.status?.readyToUse === true);
        await eventually(areReady, CROWD_SECONDS);
        const restores = numbers.map((number) =>
          claim(`back-${number}`, 'rose-csi', '1Gi', { from: { kind: 'VolumeSnapshot', name: `many-${number}` } }),
        );
        await kubectl.apply(...restores);
        await eventually(() => bound('back-'), CROWD_SECONDS);
      } finally {
        killing.abort();
        await killer;
      }
      assert.equal((await kubectl.list('pv')).length, 2 * CROWD);
      await remove(cluster, ...all('pvc', 'many'), ...all('volumesnapshot', 'many'), ...all('pvc', 'back'));
      await nothingLeft(cluster);
    },
  },
];

type Status = { readonly status?: { readonly phase?: string; readonly readyToUse?: boolean } };

async function areAll({ kubectl }: Cluster, kind: string, prefix: string, is: (one: Status) => boolean) {
  const found = (await kubectl.list(kind)).filter(({ metadata }) => metadata.name.startsWith(prefix));
  return found.length === CROWD && found.every((one) => is(one as Status));
}

/** Kills each twice, on both machines, unless it is told to end before; a kubelet and the RDS in between. */
async function killAll({ machines, nodes, pair }: Cluster, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < KILLS && !signal.aborted; round += 1) {
    const victim = VICTIMS[round % VICTIMS.length] ?? '';
    // There may be none at the moment: it is being started again.
    for (const machine of machines) await machine.run('pkill', ['-KILL', '-f', victim]).catch(() => undefined);
    const node = round % VICTIMS.length === 0 ? nodes[round % nodes.length] : undefined;
    await node?.machine.stop('kubelet', 'SIGKILL');
    node?.startKubelet();
    if (round % VICTIMS.length === 2) await pair.first.crash();
    await pause(BETWEEN_MS, undefined, { signal }).catch(() => undefined);
  }
}
