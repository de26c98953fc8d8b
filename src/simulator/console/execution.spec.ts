import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Execution, ScriptKilled } from './execution.ts';
import { inSequence } from './hooks.ts';
import { memoryConsole } from './memory-menus.testing.ts';

/** Runs a line as an execution of its own, and gathers what it printed until its end. */
function start(line: string, fixture = memoryConsole()) {
  const execution = new Execution(line);
  const printed: string[] = [];
  const end = fixture.console.run(line, (text) => printed.push(text.trim()), execution);
  return { execution, printed, end };
}

test('a killed script wakes from a delay and runs nothing more, its handlers included', async () => {
  const { execution, printed, end } = start(':onerror e in={:put a; :delay 1h; :put b} do={:put caught}; :put c');
  while (printed.length === 0) await new Promise((resolve) => setImmediate(resolve));
  execution.kill();
  await assert.rejects(end, ScriptKilled);
  assert.deepEqual(printed, ['a']);
});

test('a killed script finishes the change that is under way', async () => {
  const fixture = memoryConsole();
  const { execution, end } = start('/disk/add slot=x; /disk/add slot=y', fixture);
  const { run } = fixture.menus.disk;
  fixture.menus.disk.run = (...call) => {
    execution.kill();
    return run.apply(fixture.menus.disk, call);
  };
  await assert.rejects(end, ScriptKilled);
  assert.equal(fixture.menus.disk.calls.length, 1);
});

test('a killed script leaves a hook that never ends', async () => {
  const reached = Promise.withResolvers<void>();
  const { execution, end } = start(
    ':put 1',
    memoryConsole({
      beforeStatement() {
        reached.resolve();
        return new Promise(() => undefined);
      },
    }),
  );
  await reached.promise;
  execution.kill();
  await assert.rejects(end, ScriptKilled);
});

test('a killed script does not begin when it was killed before', async () => {
  const execution = new Execution(':put 1');
  execution.kill();
  await assert.rejects(execution.outlive(undefined), ScriptKilled);
  await assert.rejects(execution.sleep(1), ScriptKilled);
});

test('an execution has failed when it did not parse, or when nothing caught its error', async () => {
  for (const [line, failed] of [
    [':put 1', false],
    [':error x', true],
    ['/no/such', true],
    [':onerror e in={:error x} do={:put $e}', false],
  ] as const) {
    const { execution, end } = start(line);
    await end;
    assert.equal(execution.failed, failed, line);
  }
});

test('hooks after a command see it when it took effect or failed, with the same statement as before', async () => {
  const seen: unknown[] = [];
  const { end } = start(
    ':do {/disk/add slot=refuse} on-error={:put caught}',
    memoryConsole({
      beforeStatement: (statement) => void seen.push(statement),
      afterStatement: (statement) => void seen.push(statement),
    }),
  );
  await end;
  const [outer, add, addAgain, put, putAgain, outerAgain] = seen;
  assert.deepEqual([addAgain === add, putAgain === put, outerAgain === outer], [true, true, true]);
  assert.equal(seen.length, 6);
});

test('hooks after a command come one after the other', async () => {
  const order: string[] = [];
  const slow = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    order.push('slow');
  };
  const hooks = inSequence([{ beforeStatement: slow }, {}, { beforeStatement: () => void order.push('quick') }]);
  await hooks.beforeStatement?.({ text: 'x' }, new Execution('x'));
  assert.deepEqual(order, ['slow', 'quick']);
  assert.equal(hooks.afterStatement?.({ text: 'x' }, new Execution('x')), undefined);
});
