import { type NodeSample, STEPS, stepsOf } from './node-samples.ts';
import type { NodeRow } from './rows.ts';
import { median, round } from './statistics.ts';

/** The medians of each call and filesystem. */
export function nodeRows(over: NodeRow['over'], samples: readonly NodeSample[]): NodeRow[] {
  const groups = Map.groupBy(samples, ({ call, filesystem }) => `${filesystem} ${call}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const steps = group.map(stepsOf);
    const p50 = median(group.map(({ ms }) => ms));
    const bareP50 = median(group.map(({ bareMs }) => bareMs));
    return {
      kind: 'node',
      over,
      call: first.call,
      filesystem: first.filesystem,
      n: group.length,
      p50: round(p50),
      bareP50: round(bareP50),
      ratio: round(p50 / bareP50),
      programs: median(group.map(({ programs }) => programs.length)),
      steps: Object.fromEntries(STEPS.map((step) => [step, round(median(steps.map((all) => all[step])))])),
    };
  });
}
