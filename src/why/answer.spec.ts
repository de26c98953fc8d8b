import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailureCode } from '../failures/catalogue.ts';
import { answer } from './answer.ts';
import { answerTo, clusterStateOf, RDS1 } from './case.fixture.ts';
import { CASES } from './cases.fixture.ts';
import { nextFor } from './explain.ts';
import { unbound } from './objects.fixture.ts';
import { RULES } from './rules/index.ts';
import { printAnswer } from './text.ts';

for (const one of CASES) {
  test(`${one.title}${one.subject?.startsWith('vs') ? ' (snapshot)' : ''}`, async () => {
    const told = await answerTo(one);
    const [verdict] = told.findings;
    const { what = '', why = '', said = '', next = '', command = '' } = verdict ?? {};
    assert.deepEqual({ rule: verdict?.rule, result: told.result }, { rule: one.rule, result: one.result }, what);
    if (one.says !== undefined) assert.match([what, why, said, next, command].join('\n'), one.says);
    if (one.alone === true) assert.equal(told.findings.length, 1, JSON.stringify(told.findings));
    assert.deepEqual(told.blind, []);
  });
}

test('every finding is at a link of the chain, and says what, why and what to do in whole sentences', async () => {
  for (const one of CASES) {
    const { chain, findings } = await answerTo(one);
    const keys = new Set(chain.map(({ key }) => key));
    for (const { at, what, why, next, rule } of findings) {
      assert.ok(keys.has(at), `${one.title}: ${rule} is at "${at}", which is none of ${[...keys].join('; ')}`);
      for (const sentence of [what, why, next]) assert.match(sentence, /^[A-Za-z0-9].*[.:?]$/, `${one.title}: ${rule}`);
    }
  }
});

test('every rule has a case that it is the verdict of', () => {
  const covered = new Set(CASES.map(({ rule }) => rule));
  assert.deepEqual(
    RULES.map(({ id }) => id).filter((id) => !covered.has(id)),
    [],
  );
  assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
});

/** Rules that see the same as a call that ends in one of these failures. */
const SEEN: Readonly<Record<string, readonly FailureCode[]>> = {
  'backend-unfit': ['RC-POOL', 'RDS-UNSUPPORTED'],
  'device-absent': ['RC-NOVOL', 'RC-NOSNAP'],
  'device-of-another-cluster': ['RC-OWNER'],
  'pool-full': ['RC-SPACE'],
  'filesystem-gave-up': ['NODE-GAVEUP'],
  'source-larger': ['RC-SMALL'],
};

test('what is seen by looking has the remedy of the failure that a call would end in', async () => {
  const rules = new Set<string>();
  for (const one of CASES) {
    for (const { rule, next } of (await answerTo(one)).findings) {
      const codes = SEEN[rule];
      if (codes === undefined) continue;
      rules.add(rule);
      assert.ok(codes.map(nextFor).includes(next), `${one.title}: ${next}`);
    }
  }
  assert.deepEqual([...rules].toSorted(), Object.keys(SEEN).toSorted());
});

test('a link that does not exist is never shown with a tick', async () => {
  for (const one of CASES) {
    const { chain } = await answerTo(one);
    for (const { what, how, state } of chain) {
      assert.notEqual(`${how}: ${state}`, 'does not exist: fine', `${one.title}: ${what}`);
    }
  }
});

test('no command and no advice is given twice', async () => {
  for (const one of CASES) {
    const text = printAnswer(await answerTo(one), { width: 110, colour: false });
    const commands = text.split('\n').filter((line) => /^ +(?:kubectl|rose-csi) /.test(line));
    assert.deepEqual(commands.length, new Set(commands.map((line) => line.trim())).size, `${one.title}: ${text}`);
  }
});

test('commands name the configuration that was given', async () => {
  const objects = unbound();
  const view = { status: { ...RDS1, freeBytes: 0n } };
  for (const [file, command] of [
    [undefined, 'rose-csi snapshots ls --config rose-csi.yaml'],
    ['/etc/my.yaml', 'rose-csi snapshots ls --config /etc/my.yaml'],
    ["it's mine.yaml", "rose-csi snapshots ls --config 'it'\\''s mine.yaml'"],
  ] as const) {
    const cluster = await clusterStateOf({ objects, view: view });
    const { findings } = answer(file === undefined ? cluster : { ...cluster, configFile: file });
    assert.equal(findings[0]?.command, command);
  }
});

test('nothing but a command or an id is longer than the terminal is wide', async () => {
  for (const one of CASES) {
    const told = await answerTo(one);
    for (const line of printAnswer(told, { width: 80, colour: false }).split('\n')) {
      const isCommand = line.startsWith('  ') && told.findings.some(({ command }) => command === line.trim());
      if (!isCommand && line.length > 80) assert.ok(!line.trim().includes(' '), `${one.title}: ${line}`);
    }
  }
});
