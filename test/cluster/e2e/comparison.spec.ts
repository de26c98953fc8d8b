import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, updated } from './comparison.ts';
import type { Outcome, Outcomes } from './spec-list.ts';

const PASSED: Outcome = { status: 'passed' };
const FAILED: Outcome = { status: 'failed', why: 'timed out' };
const skipped = (why: string): Outcome => ({ status: 'skipped', why });
const outcomes = (given: Readonly<Record<string, Outcome>>): Outcomes => new Map(Object.entries(given));

/** A run of all specs, unless told which there are. */
function run(listed: Outcomes, found: Outcomes, known: readonly string[] = [...found.keys()]) {
  return compare(listed, new Set(known), found);
}

test('a run that is as listed is neither broken nor changed', () => {
  const all = outcomes({ a: PASSED, b: skipped('no Windows'), c: { status: 'not run', why: 'no image' } });
  assert.deepEqual(run(all, all), { broken: [], changed: [] });
});

test('a spec that is listed as passed must pass', () => {
  for (const [outcome, words] of [
    [FAILED, 'failed: timed out'],
    [skipped('no snapshots'), 'skipped: no snapshots'],
  ] as const) {
    const { broken } = run(outcomes({ a: PASSED }), outcomes({ a: outcome }));
    assert.deepEqual(broken, [`${words}, listed as passed: a`]);
  }
});

test('a spec that is listed as passed must still be there', () => {
  assert.deepEqual(run(outcomes({ a: PASSED }), outcomes({})).broken, ['is gone, listed as passed: a']);
});

test('a spec that is listed as skipped may go, which is said', () => {
  assert.deepEqual(run(outcomes({ a: skipped('no Windows') }), outcomes({})), {
    broken: [],
    changed: ['is gone, listed as skipped: no Windows: a'],
  });
});

test('a short run is not broken by what it leaves out', () => {
  const listed = outcomes({ a: PASSED, b: PASSED });
  assert.deepEqual(run(listed, outcomes({ a: PASSED }), ['a', 'b']), { broken: [], changed: [] });
});

test('a spec that fails breaks the run, however it is listed', () => {
  assert.deepEqual(run(outcomes({}), outcomes({ a: FAILED })).broken, ['failed: timed out, not listed: a']);
  const { broken } = run(outcomes({ a: skipped('no Windows') }), outcomes({ a: FAILED }));
  assert.deepEqual(broken, ['failed: timed out, listed as skipped: no Windows: a']);
});

test('a spec that passes and is not listed so is said, as is another reason for a skip', () => {
  const listed = outcomes({ a: skipped('no topology'), b: skipped('no topology') });
  assert.deepEqual(run(listed, outcomes({ a: PASSED, b: skipped('one zone'), c: PASSED })), {
    broken: [],
    changed: [
      'passed, listed as skipped: no topology: a',
      'skipped: one zone, listed as skipped: no topology: b',
      'passed, not listed: c',
    ],
  });
});

test('the list after a run has what came out, without what is gone, and what failed as it was', () => {
  const listed = outcomes({ gone: PASSED, fails: PASSED, passes: skipped('no topology'), left: PASSED });
  const found = outcomes({ fails: FAILED, passes: PASSED, breaks: FAILED, comes: PASSED });
  const known = new Set(['fails', 'passes', 'left', 'breaks', 'comes']);
  assert.deepEqual(
    updated(listed, known, found),
    outcomes({ fails: PASSED, passes: PASSED, left: PASSED, comes: PASSED }),
  );
});
