import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseArgs } from 'node:util';
import { lack } from '../../support/capability.ts';
import { down, up } from '../cluster.ts';
import { leftovers } from '../leftovers.ts';
import { obstacle } from '../obstacle.ts';
import { nothingLeft } from '../scenarios/scenario.ts';
import { KUBERNETES } from '../versions.ts';
import { compare, updated } from './comparison.ts';
import { GROUPS, type Group, isInShortRun, placeOf, type SpecName } from './groups.ts';
import { inWords, type Outcome, type Outcomes, readList, sums, writeList } from './spec-list.ts';
import { Suite } from './suite.ts';

const LIST = join(import.meta.dirname, 'specs.txt');
const HEADING = `Every External Storage spec of Kubernetes ${KUBERNETES} for this driver, and what comes of it in test/cluster/e2e.
Written by: npm run test:e2e -- --write`;
/** The programs are built the first time, and that takes long. */
const TIMEOUT = { timeout: 4 * 3_600_000 };

const { short: isShort, write: isToWrite } = parseArgs({
  options: { short: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
}).values;
const title = `the External Storage suite of Kubernetes ${KUBERNETES}, ${isShort ? 'in short' : 'all of it'}`;

/** At once: what is said to the test is shown when it ends. */
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort());

test(title, TIMEOUT, async (t) => {
  const lacking = obstacle();
  if (lacking !== undefined) return lack(t, `no cluster: ${lacking}`);
  const directory = mkdtempSync('/var/tmp/rose-csi-e2e-');
  const logs = mkdtempSync('/var/tmp/rose-csi-e2e-logs-');
  t.after(() => down(directory));
  // Whatever a group waits for ends with the machines.
  interruption.signal.addEventListener('abort', () => down(directory).finally(() => process.exit(1)));
  const cluster = await up(directory, { isForSuite: true, say, signal: interruption.signal });
  const suite = new Suite(cluster, logs);
  const known = new Set(await suite.specs());
  say(`there are ${known.size} specs; logs, which stay when one fails: ${logs}`);

  const outcomes = new Map<SpecName, Outcome>();
  for (const group of GROUPS) {
    const specs = [...known].filter((name) => placeOf(name) === group && (!isShort || isInShortRun(name)));
    if (specs.length === 0) continue;
    // Whatever becomes of the run, none is forgotten.
    for (const name of specs) outcomes.set(name, { status: 'failed', why: 'it has not come to an end' });
    await t.test(`${group.name}: none of ${specs.length} specs fails`, async (t) => {
      const found = await runGroup(suite, group, specs, t);
      for (const [name, outcome] of found) outcomes.set(name, outcome);
      assert.deepEqual(linesOf(found, 'failed'), []);
    });
  }
  for (const [name, outcome] of leftOut(known)) outcomes.set(name, outcome);

  await t.test('what is listed as passed passes', (t) => {
    const listed = readList(readFileSync(LIST, 'utf8'));
    const { broken, changed } = compare(listed, known, outcomes);
    for (const line of changed) t.diagnostic(line);
    if (isToWrite) writeFileSync(LIST, writeList(HEADING, updated(listed, known, outcomes)));
    else if (changed.length > 0) {
      t.diagnostic(`to write the list again: npm run test:e2e -- ${isShort ? '--short ' : ''}--write`);
    }
    assert.deepEqual(broken, []);
    rmSync(logs, { recursive: true });
  });

  await t.test('nothing of it is left, in Kubernetes or in the pools', () => nothingLeft(cluster));

  await t.test('nothing of the cluster is left when it is down', async () => {
    await down(directory);
    assert.deepEqual(await leftovers(directory), []);
  });
});

async function runGroup(suite: Suite, group: Group, specs: readonly SpecName[], t: TestContext): Promise<Outcomes> {
  say(`${group.name}: ${specs.length} specs`);
  const begin = performance.now();
  const results = await suite.run(group, specs, say);
  const outcomes = new Map(results.map(({ name, outcome }) => [name, outcome]));
  const words = `${sums(outcomes.values())} in ${Math.round((performance.now() - begin) / 1000)} s`;
  say(`${group.name}: ${words}`);
  t.diagnostic(words);
  return outcomes;
}

function linesOf(outcomes: Outcomes, status: Outcome['status']): readonly string[] {
  const those = [...outcomes].filter(([, outcome]) => outcome.status === status);
  return those.map(([name, outcome]) => `${name}: ${inWords(outcome)}`);
}

/** Those that are in no group, for the reason that is known. */
function leftOut(known: ReadonlySet<SpecName>): Outcomes {
  const outcomes = new Map<SpecName, Outcome>();
  for (const name of known) {
    const place = placeOf(name);
    if (typeof place === 'string') outcomes.set(name, { status: 'not run', why: place });
  }
  return outcomes;
}
