import { createVolume, makeVolumes } from './lifecycle.ts';
import { BACKEND, type Rig, withRig } from './rig.ts';
import type { CapacityRow } from './rows.ts';
import type { Section } from './section.ts';
import { median, round, samples } from './statistics.ts';

const LATENCY_MS = 5;
const VOLUMES = 1_000;

/** Lets every volume through, but makes the RDS add up what it has promised. */
const RATIO = 100;

/** The checks for free space and for what was promised, against the number of volumes. */
export const capacity: Section = {
  name: 'capacity',
  about: 'GetCapacity and CreateVolume, which add up what the pool has promised, with 0 and 1,000 volumes there',
  async run({ program, quick, progress }) {
    const n = quick ? 5 : 30;
    return await withRig({ program, latencyMs: LATENCY_MS, limits: { overCommitRatio: RATIO } }, async (rig) => {
      await measure(rig, 0, n);
      const rows = await measure(rig, 0, n);
      await makeVolumes(rig, VOLUMES, (made) => progress('capacity: making volumes', made, VOLUMES));
      progress(`capacity: ${VOLUMES} volumes`, 0, 1);
      return [...rows, ...(await measure(rig, VOLUMES, n))];
    });
  },
};

async function measure(rig: Rig, volumes: number, n: number): Promise<CapacityRow[]> {
  const ids: string[] = [];
  const calls = {
    GetCapacity: () => rig.controller.getCapacity({ parameters: { backend: BACKEND } }),
    'CreateVolume new': async () => ids.push(await createVolume(rig)),
  };
  const rows: CapacityRow[] = [];
  for (const [rpc, call] of Object.entries(calls)) {
    const before = await rig.api.execs();
    const p50 = round(median(await samples(n, call)));
    const execs = round(((await rig.api.execs()) - before) / n);
    rows.push({ kind: 'capacity', rpc, volumes, latencyMs: LATENCY_MS, n, p50, execs });
  }
  for (const volumeId of ids) await rig.controller.deleteVolume({ volumeId });
  return rows;
}
