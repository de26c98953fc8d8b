import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { test } from 'node:test';
import { lack } from '../support/capability.ts';
import { down, up } from './cluster.ts';
import { databaseImage } from './database/image.ts';
import { leftovers } from './leftovers.ts';
import { obstacle } from './obstacle.ts';
import { ACCESS } from './scenarios/access.ts';
import { CAPACITY } from './scenarios/capacity.ts';
import { COPIES } from './scenarios/copies.ts';
import { MANY } from './scenarios/crowd.ts';
import { DATABASE } from './scenarios/database.ts';
import { FIRST_DAY } from './scenarios/first-day.ts';
import { GAVE_UP } from './scenarios/gave-up.ts';
import { GROWTH } from './scenarios/growth.ts';
import { LIFECYCLE } from './scenarios/lifecycle.ts';
import { NODE_LOSS } from './scenarios/node-loss.ts';
import { RESTORES } from './scenarios/restores.ts';

/** The programs are built the first time, and that takes long. */
const BUILDING = { timeout: 7_200_000 };

const SCENARIOS = [
  ...FIRST_DAY,
  ...CAPACITY,
  ...ACCESS,
  ...RESTORES,
  ...GROWTH,
  ...COPIES,
  ...DATABASE,
  ...GAVE_UP,
  ...MANY,
  ...LIFECYCLE,
  ...NODE_LOSS,
];

/** At once: what is said to the test is shown when it ends. */
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort());

test('what a user does with volumes, in a real cluster', BUILDING, async (t) => {
  const lacking = obstacle();
  if (lacking !== undefined) return lack(t, `no cluster: ${lacking}`);
  const directory = mkdtempSync('/var/tmp/rose-csi-test-');
  t.after(() => down(directory));
  // Whatever a step waits for ends with the machines.
  interruption.signal.addEventListener('abort', () => down(directory).finally(() => process.exit(1)));
  const cluster = await up(directory, { images: [databaseImage()], say, signal: interruption.signal });

  for (const { title, run } of SCENARIOS) await t.test(title, () => run(cluster));

  await t.test('nothing of the cluster is left when it is down', async () => {
    assert.ok((await leftovers(directory)).length > 0, 'while it is up there is something to find');
    await down(directory);
    assert.deepEqual(await leftovers(directory), []);
  });
});
