import assert from 'node:assert/strict';
import { type CsiClients, LIFECYCLE, makeVolumes, type Step } from './lifecycle.ts';
import { makeSnapshots } from './lists.ts';
import { withRig } from './rig.ts';
import type { FullPoolRow } from './rows.ts';
import { measure } from './rpcs.ts';
import type { Section } from './section.ts';
import { median, round } from './statistics.ts';

const LATENCY_MS = 5;
const WARM_UP = 3;

/** The calls that ask the RDS, among 1,000 volumes and as many snapshots of others, which it has to look through. */
export const fullPool: Section = {
  name: 'full-pool',
  about: 'every RPC with 1,000 volumes and 1,000 snapshots in the pool, and the lists of them from end to end',
  async run({ program, quick, progress }) {
    const [objects, rounds] = quick ? [100, 3] : [1_000, 20];
    return await withRig({ program, latencyMs: LATENCY_MS }, async (rig) => {
      await makeVolumes(rig, objects, (made) => progress('full pool: making volumes', made, objects));
      await makeSnapshots(rig, 0, objects, (made) => progress('full pool: making snapshots', made, objects));
      const steps = [...LIFECYCLE, ...walks(objects)];
      await measure(rig, steps, WARM_UP, () => undefined);
      const samples = await measure(rig, steps, rounds, (done) => progress('full pool: RPCs', done, rounds));
      return [...samples]
        .filter(([, { execs }]) => execs > 0)
        .map(([rpc, { ms, execs, busyMs }]): FullPoolRow => {
          const of = { volumes: objects, snapshots: objects, latencyMs: LATENCY_MS, n: ms.length };
          const perCall = { execs: round(execs / ms.length), rdsP50: round(median(busyMs)) };
          return { kind: 'full-pool', rpc, ...of, p50: round(median(ms)), ...perCall };
        });
    });
  },
};

/** Lists from the first page to the last; each must meet every object once. */
function walks(objects: number): Step[] {
  const walk = (rpc: string, page: (doors: CsiClients, startingToken: string) => Promise<Page>): Step => ({
    rpc: `${rpc}, all pages`,
    async call(doors) {
      let met = 0;
      let token = '';
      do {
        const { entries, nextToken } = await page(doors, token);
        met += entries.length;
        token = nextToken;
      } while (token !== '');
      assert.equal(met, objects, `${rpc} must meet every object once`);
    },
  });
  return [
    walk('ListVolumes', ({ controller }, startingToken) => controller.listVolumes({ startingToken })),
    walk('ListSnapshots', ({ controller }, startingToken) => controller.listSnapshots({ startingToken })),
  ];
}

interface Page {
  readonly entries: readonly unknown[];
  readonly nextToken: string;
}
