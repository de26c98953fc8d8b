import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Statement } from '../../src/simulator/console/hooks.ts';
import type { Fault, Place } from '../../src/simulator/faults/fault.ts';
import { outcome } from '../support/calls.ts';
import { inventory } from '../support/console.ts';
import { Arena, OPEN, retry } from './matrix/arena.ts';
import { SCENARIOS, type Scenario } from './matrix/scenarios.ts';

/** Those that clean up, or look what was made, after the RDS has refused a command. */
const CLEANING = SCENARIOS.filter(({ name }) => /^(CreateVolume from|CreateSnapshot)/.test(name));

const CHANGES = new Set(['add', 'set', 'remove']);

/** The driver tries a refused command again before it rolls back what it made. */
const REFUSALS = 2;

/**
 * The matrix has one fault in each cell, which never meets the execs that follow a refusal. Here a command of the RDS is
 * refused, and one more fault strikes at each command that the driver runs from there on.
 */
for (const scenario of CLEANING) {
  test(`whatever fails in the cleaning up after a refused ${scenario.name}, nothing is left behind`, async (t) => {
    const arena = await Arena.open(t);
    const { statements } = await arena.record(scenario);
    const changes = statements.filter(({ path, command = '' }) => path !== undefined && CHANGES.has(command));
    assert.ok(changes.length > 0);
    let cells = 0;
    for (const change of changes) {
      const refusal: Refusal = { kind: 'fail', at: placeOf(change), error: 'failure: no luck today' };
      const after = await afterRefusal(arena, scenario, refusal);
      assert.ok(after.length > 0, `the driver looks after its own when ${change.text} is refused`);
      for (const second of after.flatMap(strikesAt)) {
        await t.test(`${change.text.slice(0, 60)} refused, ${second.kind} at ${second.at.nth}`, () =>
          refuseAnd(arena, scenario, refusal, second),
        );
        cells += 1;
      }
    }
    t.diagnostic(`fault matrix, interrupted cleaning up: ${scenario.name}: ${cells} cells`);
  });
}

/** The kind of command, without the names in it, which differ from cell to cell. */
function placeOf({ path = '', command = '', text }: Statement): Place {
  const [longest = ''] = text.split(/\\|[0-9a-f]{8}[0-9a-f-]*/).toSorted((a, b) => b.length - a.length);
  return { path, command, text: longest };
}

type Refusal = Extract<Fault, { readonly kind: 'fail' }>;
type Strike = Extract<Fault, { readonly kind: 'kill' | 'drop' }>;

function strikesAt(nth: number): Strike[] {
  return [
    { kind: 'kill', at: { nth }, when: 'before' },
    { kind: 'drop', at: { nth }, when: 'after', scriptRunsOn: true },
  ];
}

/**
 * Makes the call with the refusal alone: a code that ends the attempts of a sidecar must leave nothing behind.
 *
 * @returns numbers of the menu commands that run after the first refusal, counted over all statements of the call.
 */
async function afterRefusal(arena: Arena, scenario: Scenario, refusal: Refusal): Promise<number[]> {
  const { simulator, controller } = arena.stack;
  let after: number[] = [];
  await arena.try(scenario, async (prepared) => {
    const before = await inventory(simulator);
    arena.recorder.take();
    simulator.faults.arm(refusal, REFUSALS);
    const code = await outcome(prepared.call(controller));
    await arena.settled();
    simulator.faults.clear();
    after = commandsBehind(refusal.at, arena.recorder.take());
    // An image that was attached again stays attached: that is repair, and not half of anything.
    if (code !== 'OK' && !OPEN.has(code) && prepared.mayGo === undefined) {
      assert.deepEqual(await inventory(simulator), before, `${code} ends the attempts and leaves something behind`);
    }
    return await retry(prepared, controller, arena.settled);
  });
  return after;
}

function commandsBehind({ path, command, text = '' }: Place, statements: readonly Statement[]): number[] {
  const refusedAt = statements.findIndex(
    (one) => one.path === path && one.command === command && one.text.includes(text),
  );
  assert.notEqual(refusedAt, -1);
  return statements.flatMap((one, index) => (one.path !== undefined && index > refusedAt ? [index + 1] : []));
}

/** One cell. Its answer is lost, so nothing final may be said; the retry completes what it finds. */
async function refuseAnd(arena: Arena, scenario: Scenario, refusal: Refusal, second: Strike): Promise<void> {
  await arena.try(scenario, async (prepared) => {
    const { simulator, controller } = arena.stack;
    simulator.faults.arm(refusal, REFUSALS);
    const armed = simulator.faults.arm(second);
    const code = await outcome(prepared.call(controller));
    await arena.settled();
    assert.equal(armed.fired, 1, 'the second fault must strike, or the cell proves nothing');
    simulator.faults.clear();
    assert.ok(OPEN.has(code), code);
    return await retry(prepared, controller, arena.settled);
  });
}
