import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { QUIRKS as ALL } from '../../src/simulator/quirks/quirks.ts';
import { TRANSFER_QUIRKS } from '../../src/simulator/quirks/transfer-quirks.ts';
import { makeVolume } from '../support/calls.ts';
import { Arena, retry } from './matrix/arena.ts';
import { REFUSED, STAYS } from './matrix/quirk-outcomes.ts';
import { bytesOf, SCENARIOS } from './matrix/scenarios.ts';

/** Without those of transfers, which the driver has nothing to do with. */
const QUIRKS = ALL.filter(({ name }) => !TRANSFER_QUIRKS.some((quirk) => quirk.name === name));

/**
 * The driver under each way in which a real RDS may differ, one call and one retry: it works, or it refuses, nothing is
 * lost, and once the RDS is as expected again a further call completes what it finds.
 */
for (const { name, unknown, summary } of QUIRKS) {
  const reason = STAYS[name];
  if (reason !== undefined) continue;
  test(`an RDS where ${summary} (${unknown ?? 'trouble'}, ${name}) loses nothing`, async (t) => {
    const arena = await Arena.open(t);
    const { controller, simulator } = arena.stack;
    const found: Record<string, string> = {};
    for (const scenario of SCENARIOS) {
      await arena.try(scenario, async (prepared) => {
        simulator.quirks.set([name]);
        const reply = await twice(() => prepared.call(controller));
        await arena.settled();
        simulator.quirks.set([]);
        if (typeof reply !== 'string') {
          await prepared.verify(controller, reply);
          return [];
        }
        found[scenario.name] = reply;
        return await retry(prepared, controller, arena.settled);
      });
    }
    assert.deepEqual(found, REFUSED[name] ?? {}, JSON.stringify({ [name]: found }));
  });
}

for (const [name, reason] of Object.entries(STAYS)) {
  test(`an RDS with ${name} makes no volume, and someone must clean up: ${reason}`, async (t) => {
    const arena = await Arena.open(t);
    const { stack, ground } = arena;
    stack.simulator.quirks.set([name]);
    const reply = await twice(() => makeVolume(stack.controller));
    stack.simulator.quirks.set([]);
    assert.ok(typeof reply === 'string' && reply !== 'OK', 'it is refused');
    assert.ok(bytesOf(stack, ground.volumeId).equals(ground.now), 'the bytes of the other volume');
    assert.ok(bytesOf(stack, ground.snapshotId).equals(ground.earlier), 'the bytes of the other snapshot');
  });
}

/** The reply of a call or of its retry, or the code that both ended with. */
async function twice<T>(call: () => Promise<T>): Promise<T | string> {
  try {
    return await call();
  } catch {
    return await call().catch((error: { code?: number }) => status[error.code ?? -1] ?? String(error));
  }
}

test('every quirk that is expected to be refused is one', () => {
  const names = new Set(QUIRKS.map(({ name }) => name));
  assert.deepEqual(
    [...Object.keys(REFUSED), ...Object.keys(STAYS)].filter((name) => !names.has(name)),
    [],
  );
});

test('how many ran', (t) => t.diagnostic(`quirk matrix: ${QUIRKS.length * SCENARIOS.length} cells`));
