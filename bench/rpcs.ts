import { bareExec } from './floor.ts';
import { LIFECYCLE, newCaller, type Step } from './lifecycle.ts';
import { type Rig, withRig } from './rig.ts';
import type { RpcRow } from './rows.ts';
import type { Section } from './section.ts';
import { median, percentile, round, sum, timed } from './statistics.ts';

/** Rounds before those that count, so that the programs have compiled what they run. */
const WARM_UP = 3;

interface Load {
  readonly callers: number;
  readonly rounds: number;
}

/** What one RPC took, and the bare execs in turn with it. */
interface Samples {
  readonly ms: number[];
  readonly floorMs: number[];
  execs: number;
  /** How long the box worked, each time that all callers made the call. */
  readonly busyMs: number[];
}

/**
 * Every RPC against a bare exec. All callers make the same call at the same time; right before it, as many bare execs run
 * in the same way, so whatever slows the machine down slows both.
 */
export const rpcs: Section = {
  name: 'rpcs',
  about: 'every RPC against a bare exec, at 0 and 5 ms device latency, with 1 and 16 callers',
  async run({ program, quick, progress }) {
    const loads: Load[] = quick
      ? [
          { callers: 1, rounds: 10 },
          { callers: 16, rounds: 1 },
        ]
      : [
          { callers: 1, rounds: 100 },
          { callers: 16, rounds: 4 },
        ];
    const rows: RpcRow[] = [];
    for (const latencyMs of [0, 5]) {
      await withRig({ program, latencyMs }, async (rig) => {
        await measure(rig, LIFECYCLE, { callers: 1, rounds: WARM_UP }, () => undefined);
        for (const load of loads) {
          const what = `RPCs, ${latencyMs} ms latency, ${load.callers} ${load.callers === 1 ? 'caller' : 'callers'}`;
          const samples = await measure(rig, LIFECYCLE, load, (done) => progress(what, done, load.rounds));
          for (const [rpc, taken] of samples) rows.push(summary(rpc, latencyMs, load.callers, taken));
        }
      });
    }
    return rows;
  },
};

/** Makes all callers take one step after the other, in so many rounds. @returns what was taken, by RPC */
export async function measure(
  rig: Rig,
  steps: readonly Step[],
  load: Load,
  progress: (done: number) => void,
): Promise<Map<string, Samples>> {
  const all = new Map<string, Samples>();
  for (let done = 0; done < load.rounds; done += 1) {
    progress(done);
    const callers = Array.from({ length: load.callers }, newCaller);
    for (const step of steps) {
      const samples = all.get(step.rpc) ?? { ms: [], floorMs: [], execs: 0, busyMs: [] };
      all.set(step.rpc, samples);
      samples.floorMs.push(...(await Promise.all(callers.map(() => timed(() => bareExec(rig.routerOs))))));
      await take(rig, step, callers, samples);
    }
  }
  return all;
}

async function take(rig: Rig, step: Step, callers: ReturnType<typeof newCaller>[], into: Samples): Promise<void> {
  const before = await rig.api.counters();
  into.ms.push(...(await Promise.all(callers.map((caller) => timed(() => step.call(rig, caller))))));
  const after = await rig.api.counters();
  into.execs += after.execs - before.execs;
  into.busyMs.push(after.busyMs - before.busyMs);
}

function summary(rpc: string, latencyMs: number, callers: number, { ms, floorMs, execs, busyMs }: Samples): RpcRow {
  const p50 = median(ms);
  const floorP50 = median(floorMs);
  return {
    ...{ rpc, backend: 'files', latencyMs, callers, n: ms.length },
    ...{ p50: round(p50), p99: round(percentile(ms, 0.99)), execs: round(execs / ms.length) },
    ...{ floorP50: round(floorP50), ratio: round(p50 / floorP50), boxMs: round(sum(busyMs) / ms.length) },
  };
}
