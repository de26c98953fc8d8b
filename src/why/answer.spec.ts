import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerTo } from './case.fixture.ts';
import { CASES } from './cases.fixture.ts';
import { RULES } from './rules/index.ts';
import { printAnswer } from './text.ts';

for (const one of CASES) {
  test(`${one.title}${one.subject?.startsWith('vs') ? ' (snapshot)' : ''}`, async () => {
    const told = await answerTo(one);
    const [verdict] = told.findings;
    const { what = '', why = '', said = '', next = '', command = '' } = verdict ?? {};
    assert.deepEqual({ rule: verdict?.rule, result: told.result }, { rule: one.rule, result: one.result }, what);
    if (one.says !== undefined) assert.match([what, why, said, next, command].join('\n'), one.says);
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

test('nothing but a command or an id is longer than the terminal is wide', async () => {
  for (const one of CASES) {
    const told = await answerTo(one);
    for (const line of printAnswer(told, { width: 80, colour: false }).split('\n')) {
      const isCommand = line.startsWith('  ') && told.findings.some(({ command }) => command === line.trim());
      if (!isCommand && line.length > 80) assert.ok(!line.trim().includes(' '), `${one.title}: ${line}`);
    }
  }
});
