import fc from 'fast-check';
import { script } from './arbitraries.ts';
import type { Arena } from './arena.ts';
import { printScript, type Script } from './commands.ts';
import { cleanUp, Run } from './run.ts';

/** Scripts of one seed. */
const RUNS = 16;

/** How long a script that failed is made smaller, in ms. Scripts that fail now and then would take forever. */
const SHRINKING_MS = 120_000;

/** How often a smaller script is tried: what fails does so by the timing of several processes. */
const TRIES = 4;

/** What was played so far, in all arenas together. */
export interface Tally {
  commands: number;
  runs: number;
  /** Scripts that stood still and went on in time, and too late; and what they made after its deletion. */
  inTime: number;
  tooLate: number;
  leftovers: number;
  /** The seed, the shortest script found, and why it fails; undefined as long as all goes well. */
  failure: string | undefined;
}

/** Plays one script after the other in an arena, from the seed on, as long as `goOn` says so and nothing failed. */
export async function play(arena: Arena, seed: number, tally: Tally, goOn: () => boolean): Promise<void> {
  let failedAt: number | undefined;
  const playOnce = async (batches: Script) => {
    const run = new Run(arena, tally.runs++);
    try {
      await run.script(batches);
    } catch (error) {
      failedAt ??= Date.now();
      await cleanUp(arena);
      throw error;
    } finally {
      tally.commands += run.commands;
      tally.inTime += run.lates.inTime;
      tally.tooLate += run.lates.tooLate;
      tally.leftovers += run.lates.leftovers;
    }
  };
  const property = fc.asyncProperty(script, async (batches) => {
    if (failedAt === undefined) {
      if (goOn()) await playOnce(batches);
      return;
    }
    // Past the time for making it smaller nothing fails any more, which ends the search.
    for (let tries = TRIES; tries > 0 && Date.now() < failedAt + SHRINKING_MS; tries -= 1) await playOnce(batches);
  });
  for (let next = seed; goOn(); next += 1) {
    const result = await fc.check(property, { seed: next, numRuns: RUNS });
    if (result.failed) tally.failure = describe(next, result);
  }
}

function describe(seed: number, { counterexample, errorInstance, numShrinks }: fc.RunDetails<[Script]>): string {
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const smallest = counterexample === null ? '' : printScript(counterexample[0]);
  return `ROSE_MODEL_SEED=${seed}, made smaller ${numShrinks} times:\n${smallest}\n${reason}`;
}
