import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KUBERNETES } from '../versions.ts';
import { isInShortRun, placeOf } from './groups.ts';
import { type Outcome, readList, sums, writeList } from './spec-list.ts';

const TEXT = readFileSync(join(import.meta.dirname, 'specs.txt'), 'utf8');
const LIST = readList(TEXT);

const EXAMPLE: readonly (readonly [string, Outcome])[] = [
  ['[Testpattern: b] volumes should be (there)', { status: 'passed' }],
  ['[Testpattern: a] volumes should be there', { status: 'passed' }],
  ['[Testpattern: a] subPath', { status: 'skipped', why: 'Driver "x" has: no' }],
  ['[Testpattern: a] any', { status: 'not run', why: 'no image' }],
];

test('a list is read as it was written, whatever the order', () => {
  const text = writeList('Of a test.\nTwo lines.', new Map(EXAMPLE));
  assert.deepEqual(readList(text), new Map(readList(writeList('', new Map(EXAMPLE)))));
  assert.deepEqual(Object.fromEntries(readList(text)), Object.fromEntries(EXAMPLE));
  assert.equal(writeList('Of a test.\nTwo lines.', new Map(EXAMPLE.toReversed())), text);
  assert.equal(
    text,
    `# Of a test.
# Two lines.

passed
  [Testpattern: a] volumes should be there
  [Testpattern: b] volumes should be (there)

not run: no image
  [Testpattern: a] any

skipped: Driver "x" has: no
  [Testpattern: a] subPath
`,
  );
});

test('a line that no list has is refused, by its number', () => {
  assert.throws(() => readList('passed\n  a\n\nsomehow\n  b\n'), /line 4 .*: somehow/);
  assert.throws(() => readList('  a\n'), /line 1/);
});

test('outcomes are summed up', () => {
  assert.equal(sums(EXAMPLE.map(([, outcome]) => outcome)), '2 passed, 1 skipped, 1 not run');
});

test('the committed list is that of the pinned Kubernetes, as it would be written', () => {
  const heading = TEXT.match(/^# .*$/gm)?.map((line) => line.slice(2)) ?? [];
  assert.match(heading.join('\n'), new RegExp(`Kubernetes ${KUBERNETES.replaceAll('.', '\\.')} `));
  assert.equal(writeList(heading.join('\n'), LIST), TEXT);
});

test('the committed list says "not run" of exactly the specs that are in no group, for their reason', () => {
  for (const [name, outcome] of LIST) {
    const place = placeOf(name);
    const expected = typeof place === 'string' ? place : undefined;
    assert.equal(outcome.status === 'not run' ? outcome.why : undefined, expected, name);
  }
});

test('the short run has specs of each kind that matters, and none under stress', () => {
  const short = [...LIST].filter(([name, { status }]) => status === 'passed' && isInShortRun(name));
  const names = short.map(([name]) => name);
  for (const suite of ['snapshottable', 'provisioning', 'volumes', 'volume-expand', 'read-write-once-pod']) {
    assert.ok(
      names.some((name) => name.includes(`] ${suite} `)),
      suite,
    );
  }
  for (const suite of ['volumeMode', 'subPath', 'multiVolume']) {
    assert.ok(
      names.some((name) => name.includes(`] ${suite} `)),
      suite,
    );
  }
  assert.deepEqual(
    names.filter((name) => /stress|Disruptive/.test(name)),
    [],
  );
});
