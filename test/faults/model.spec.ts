import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arena } from './model/arena.ts';
import { play, type Tally } from './model/play.ts';
import { settleNeighbours } from './model/rds.ts';

/** Commands that are run at least, unless a time is given. */
const ENOUGH = 5_000;

/** Backends with two controllers each, side by side: much of the time is waiting. */
const ARENAS = Number(process.env['ARENAS'] ?? 3);

/** Distance of the seeds of two arenas: more than one of them uses. */
const SEED_STEP = 2 ** 24;

/**
 * Where the scripts begin; a failure names the seed that leads to it. CI plays the same scripts each time, so that it says
 * something about the change that it runs for; who runs it by hand gets others, to find what no one has thought of.
 */
const ANY_SEED = process.env['CI'] === 'true' ? 1 : Math.floor(Math.random() * 2 ** 30);
const SEED = Number(process.env['ROSE_MODEL_SEED'] ?? ANY_SEED);
/** Runs for so many minutes instead of {@link ENOUGH} commands. */
const MINUTES = Number(process.env['ROSE_MODEL_MINUTES'] ?? 0);

test('whatever is asked of two controllers at once, and whatever breaks, what they acknowledge is true', async (t) => {
  const tally: Tally = { commands: 0, runs: 0, inTime: 0, tooLate: 0, leftovers: 0, failure: undefined };
  const end = Date.now() + MINUTES * 60_000;
  const goOn = () => tally.failure === undefined && (MINUTES > 0 ? Date.now() < end : tally.commands < ENOUGH);
  const playIn = async (index: number) => {
    const arena = await Arena.open();
    t.after(() => arena.close());
    await settleNeighbours(arena);
    await play(arena, SEED + index * SEED_STEP, tally, goOn);
  };
  await Promise.all(Array.from({ length: ARENAS }, (_, index) => playIn(index)));
  const { commands, runs, inTime, tooLate, leftovers } = tally;
  t.diagnostic(`model: ${commands} commands in ${runs} runs, seed ${SEED}`);
  t.diagnostic(
    `model: ${inTime + tooLate} late writes, ${inTime} in time, ${tooLate} too late; ${leftovers} left over`,
  );
  if (tally.failure !== undefined) assert.fail(tally.failure);
});
