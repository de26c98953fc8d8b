import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildBundle } from '../../scripts/build.ts';
import type { Statement } from '../../src/simulator/console/hooks.ts';
import { outcome } from '../support/calls.ts';
import { Arena, retry } from './matrix/arena.ts';
import { SCENARIOS } from './matrix/scenarios.ts';
import { Spares } from './matrix/spares.ts';

let directory = '';
let program = '';

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rose-csi-matrix-'));
  program = await buildBundle(join(directory, 'dist'));
});

after(() => rm(directory, { recursive: true, force: true }));

for (const scenario of SCENARIOS) {
  test(`wherever the controller is killed in ${scenario.name}, the next process brings the call to its end`, async (t) => {
    const arena = await Arena.open(t);
    const { statements } = await arena.record(scenario);
    const sockets = await mkdtemp(join(directory, 's-'));
    const spares = new Spares(program, arena.stack.configFile, sockets);
    let victim = await spares.take();
    const places = placesOf(statements);
    try {
      for (const { nth, when, text } of places) {
        await t.test(`${when} ${nth}: ${text.slice(0, 80)}`, async () => {
          await arena.try(scenario, async (prepared) => {
            arena.recorder.arm({ nth, when, act: () => victim.kill() });
            assert.equal(await outcome(prepared.call(victim.controller)), 'UNAVAILABLE');
            assert.ok(!arena.recorder.isArmed, 'it was killed');
            victim = await spares.take();
            return await retry(prepared, victim.controller, arena.settled);
          });
        });
      }
    } finally {
      await Promise.all([victim.kill(), spares.close()]);
    }
    t.diagnostic(`fault matrix, SIGKILL: ${scenario.name}: ${places.length} cells`);
    assert.ok(places.length > 1);
  });
}

/**
 * Before each menu command, and after the last one. Builtins change nothing on the RDS, so to be killed right after a menu
 * command, or at a builtin, is to be killed before the menu command that follows.
 */
function placesOf(statements: readonly Statement[]) {
  const commands = statements.flatMap(({ path, text }, index) => (path === undefined ? [] : { nth: index + 1, text }));
  const last = commands.slice(-1);
  return [
    ...commands.map((command) => ({ ...command, when: 'before' as const })),
    ...last.map((command) => ({ ...command, when: 'after' as const })),
  ];
}
