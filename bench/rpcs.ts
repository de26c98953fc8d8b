import { bareExec } from './floor.ts';
import { LIFECYCLE, newCaller, type Step } from './lifecycle.ts';
import { type Rig, withRig } from './rig.ts';
import type { RpcRow } from './rows.ts';
import { snapshotByHand } from './same-script.ts';
import type { Section } from './section.ts';
import { median, percentile, round, sum, timed } from './statistics.ts';

/** Rounds before those that count, so that the programs have compiled what they run. */
const WARM_UP = 3;

/** What one RPC took, and the execs in turn with it. */
interface Samples {
  readonly ms: number[];
  readonly floorMs: number[];
  /** Execs of the same script, where there is only one. */
  readonly scriptMs: number[];
  execs: number;
  /** How long the RDS worked, each time that all callers made the call. */
  readonly busyMs: number[];
}

/** Every RPC, right after a bare exec: whatever slows the machine down slows both. */
export const rpcs: Section = {
  name: 'rpcs',
  about: 'every RPC against a bare exec, at 0 and 5 ms device latency, one caller',
  async run({ program, quick, progress }) {
    const rounds = quick ? 10 : 100;
    const rows: RpcRow[] = [];
    for (const latencyMs of [0, 5]) {
      await withRig({ program, latencyMs }, async (rig) => {
        await measure(rig, LIFECYCLE, WARM_UP, () => undefined);
        const show = (done: number) => progress(`RPCs, ${latencyMs} ms latency`, done, rounds);
        const samples = await measure(rig, LIFECYCLE, rounds, show);
        for (const [rpc, taken] of samples) rows.push(summary(rpc, latencyMs, taken));
      });
    }
    return rows;
  },
};

/** Takes one step after the other, in so many rounds. @returns what was taken, by RPC */
export async function measure(
  rig: Rig,
  steps: readonly Step[],
  rounds: number,
  progress: (done: number) => void,
): Promise<Map<string, Samples>> {
  const all = new Map<string, Samples>();
  const byHand = await snapshotByHand(rig);
  for (let done = 0; done < rounds; done += 1) {
    progress(done);
    const caller = newCaller();
    for (const step of steps) {
      const samples = all.get(step.rpc) ?? { ms: [], floorMs: [], scriptMs: [], execs: 0, busyMs: [] };
      all.set(step.rpc, samples);
      samples.floorMs.push(await timed(() => bareExec(rig.routerOs)));
      if (step.rpc === 'CreateSnapshot') {
        let snapshotId = '';
        samples.scriptMs.push(await timed(async () => (snapshotId = await byHand(caller.volumeId))));
        await rig.controller.deleteSnapshot({ snapshotId });
      }
      await take(rig, step, caller, samples);
    }
  }
  return all;
}

async function take(rig: Rig, step: Step, caller: ReturnType<typeof newCaller>, into: Samples): Promise<void> {
  const before = await rig.api.counters();
  into.ms.push(await timed(() => step.call(rig, caller)));
  const after = await rig.api.counters();
  into.execs += after.execs - before.execs;
  into.busyMs.push(after.busyMs - before.busyMs);
}

function summary(rpc: string, latencyMs: number, { ms, floorMs, scriptMs, execs, busyMs }: Samples): RpcRow {
  const p50 = median(ms);
  const floorP50 = median(floorMs);
  return {
    rpc,
    backend: 'files',
    latencyMs,
    n: ms.length,
    p50: round(p50),
    p99: round(percentile(ms, 0.99)),
    execs: round(execs / ms.length),
    floorP50: round(floorP50),
    ratio: round(p50 / floorP50),
    rdsMs: round(sum(busyMs) / ms.length),
    ...(scriptMs.length > 0 && { scriptP50: round(median(scriptMs)) }),
  };
}
