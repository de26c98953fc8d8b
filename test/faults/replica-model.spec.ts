import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startReplicaPair } from '../support/replica-pair.ts';
import { impatient } from './matrix/arena.ts';
import { printScript, script } from './replica-model/commands.ts';
import { ReplicaRun } from './replica-model/run.ts';

/** Scripts that are run; with ROSE_REPLICA_MODEL_RUNS as many as that. */
const RUNS = Number(process.env['ROSE_REPLICA_MODEL_RUNS'] ?? 12);
const ANY_SEED = process.env['CI'] === 'true' ? 1 : Math.floor(Math.random() * 2 ** 30);
const SEED = Number(process.env['ROSE_MODEL_SEED'] ?? ANY_SEED);

/** Where copies lie, and what the second RDS does with what is being sent. */
const PLACES = [
  { where: 'in the top level', options: {} },
  {
    where: 'in a subvolume, on RDS that protect nothing',
    options: { subvolume: 'rose', quirks: ['sent-not-protected'] },
  },
] as const;

for (const { where, options } of PLACES) {
  test(`whatever is done to two RDS with copies ${where}, in any order, a copy is what its snapshot was, and nothing is lost or left`, async (t) => {
    const { quirks = [], ...pair }: { readonly subvolume?: string; readonly quirks?: readonly string[] } = options;
    const stack = await startReplicaPair(t, {
      ...pair,
      near: { quirks },
      far: { quirks },
      stack: { patience: impatient, ssh: { writeWithinSeconds: 3 } },
    });
    let now = 0;
    // An hour between any two looks at the clock: what failed is sent again, and lists take so long to read that they are used again.
    const hourly = () => {
      now += 3_600_000;
      return now;
    };
    const replicator = await stack.replicator({ now: hourly, patience: impatient });
    let commands = 0;
    for (const [index, one] of fc.sample(script, { numRuns: RUNS, seed: SEED }).entries()) {
      try {
        await new ReplicaRun(stack, replicator).script(one);
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error);
        assert.fail(`script ${index + 1} of seed ${SEED}, ${what}\n${printScript(one)}`);
      }
      commands += one.length;
    }
    t.diagnostic(`replica model: ${commands} commands in ${RUNS} scripts, seed ${SEED}`);
  });
}
