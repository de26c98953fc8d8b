import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Arena } from './arena.ts';
import { type Cell, cellsOf } from './cells.ts';
import { proveRow } from './page.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

/** Runs only cells whose `<scenario>#<cell>` contains this. */
const ONLY = process.env['ROSE_MATRIX_ONLY'];

/**
 * One test for every scenario that fits: all of its cells, each tried whatever became of the others. Prints how many ran
 * and how many failed.
 */
export function faultMatrix(fits: (scenario: Scenario) => boolean): void {
  let total = 0;
  for (const scenario of SCENARIOS.filter(fits)) {
    test(`whatever fails in ${scenario.name}, a retry brings it to its end and nothing is lost`, async (t) => {
      const arena = await Arena.open(t);
      const recording = await arena.record(scenario);
      assert.equal(
        recording.execs,
        scenario.looksTwice === true ? 2 : 1,
        'no more execs than that when nothing goes wrong',
      );
      const all = cellsOf(recording);
      const covered = new Set(all.map(({ statement }) => statement));
      assert.ok(
        recording.statements.every((_, index) => covered.has(index + 1)),
        'no statement escapes',
      );
      const cells = all.filter(({ name }) => ONLY === undefined || `${scenario.name}#${name}`.includes(ONLY));
      if (cells.length === 0) return t.skip(`no cell fits ROSE_MATRIX_ONLY=${ONLY}`);
      const { failed, codes } = await tryAll(t, arena, scenario, cells);
      t.diagnostic(`fault matrix: ${scenario.name}: ${cells.length} cells, ${failed} failed`);
      total += cells.length;
      assert.equal(failed, 0);
      if (ONLY !== undefined) return;
      const seen = codes.size === 0 ? 'none' : [...codes].toSorted().join(', ');
      proveRow('something fails in the middle of a call', scenario.name, [
        recording.statements.length,
        all.length,
        seen,
      ]);
    });
  }
  test('the fault matrix as a whole', (t) => t.diagnostic(`fault matrix: ${total} cells ran`));
}

async function tryAll(t: TestContext, first: Arena, scenario: Scenario, cells: readonly Cell[]) {
  let arena = first;
  let failed = 0;
  const codes = new Set<string>();
  for (const cell of cells) {
    try {
      for (const code of await arena.tryCell(scenario, cell)) codes.add(code);
    } catch (error) {
      failed += 1;
      const reason = error instanceof Error ? error.message : String(error);
      const alone = `ROSE_MATRIX_ONLY='${scenario.name}#${cell.name.slice(0, 60)}'`;
      t.diagnostic(
        `FAILED ${scenario.name}, ${cell.name}\n${reason}\nalone: ${alone} node --test 'test/faults/matrix-[cv]*.spec.ts'`,
      );
      // What a failed cell left behind must not fail the next one.
      arena = await Arena.open(t);
    }
  }
  return { failed, codes };
}
