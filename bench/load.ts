import { LIFECYCLE, newCaller } from './lifecycle.ts';
import { cpuMs } from './process.ts';
import { type Rig, withRig } from './rig.ts';
import type { CpuMs, LoadRow } from './rows.ts';
import type { Section } from './section.ts';
import { median, round, timed } from './statistics.ts';

const LATENCIES_MS = [0, 5, 50];
const CALLERS = 16;

/** What the calls of one RPC took, and all of a round together. */
interface Taken {
  readonly ms: number[];
  togetherMs: number;
  cpu: CpuMs;
}

/** Callers at once, each with a volume of its own: how many calls a second one controller gets done on one RDS. */
export const load: Section = {
  name: 'load',
  about: `calls per second of ${CALLERS} callers, at ${LATENCIES_MS.join(', ')} ms device latency`,
  async run({ program, other, quick, progress }) {
    const rounds = quick ? 1 : 6;
    const rows: LoadRow[] = [];
    for (const latencyMs of LATENCIES_MS) {
      await withRig({ program, latencyMs }, async (ours) => {
        const measureBeside = async (theirs: Rig | undefined): Promise<void> => {
          const taken = [new Map<string, Taken>(), new Map<string, Taken>()] as const;
          for (let round = -1; round < rounds; round += 1) {
            progress(`load, ${latencyMs} ms latency`, Math.max(round, 0), rounds);
            // The first round is for the programs to compile what they run.
            await once(ours, round < 0 ? new Map() : taken[0]);
            if (theirs !== undefined) await once(theirs, round < 0 ? new Map() : taken[1]);
          }
          for (const [rpc, { ms, togetherMs, cpu }] of taken[0]) {
            const beside = taken[1].get(rpc);
            rows.push({
              kind: 'load',
              rpc,
              latencyMs,
              callers: CALLERS,
              n: ms.length,
              p50: round(median(ms)),
              perSecond: round((1000 * ms.length) / togetherMs),
              cpuMs: combine(cpu, cpu, (all) => round(all / ms.length)),
              ...(beside && { otherPerSecond: round((1000 * beside.ms.length) / beside.togetherMs) }),
            });
          }
        };
        if (other === undefined) await measureBeside(undefined);
        else await withRig({ program, latencyMs, controller: other }, measureBeside);
      });
    }
    return rows;
  },
};

/** Every RPC once by every caller. */
async function once(rig: Rig, into: Map<string, Taken>): Promise<void> {
  const callers = Array.from({ length: CALLERS }, newCaller);
  for (const { rpc, call } of LIFECYCLE) {
    const taken = into.get(rpc) ?? { ms: [], togetherMs: 0, cpu: { controller: 0, rds: 0, callers: 0 } };
    into.set(rpc, taken);
    const before = await cpuOf(rig);
    taken.togetherMs += await timed(async () => {
      taken.ms.push(...(await Promise.all(callers.map((caller) => timed(() => call(rig, caller))))));
    });
    const spent = combine(await cpuOf(rig), before, (now, then) => now - then);
    taken.cpu = combine(taken.cpu, spent, (sum, more) => sum + more);
  }
}

async function cpuOf({ driver, rds }: Rig): Promise<CpuMs> {
  return { controller: await cpuMs(driver.pid), rds: await cpuMs(rds.pid), callers: await cpuMs(process.pid) };
}

function combine(one: CpuMs, other: CpuMs, how: (one: number, other: number) => number): CpuMs {
  return {
    controller: how(one.controller, other.controller),
    rds: how(one.rds, other.rds),
    callers: how(one.callers, other.callers),
  };
}
