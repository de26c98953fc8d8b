import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

/** All but what starts the program. */
const MODULES = globSync('**/*.ts', {
  cwd: import.meta.dirname,
  exclude: ['main.ts', '**/*.{spec,fixture,testing,d}.ts'],
});
/** Timers, sockets, servers, processes, watched files. */
const STARTED = /Timeout|Immediate|TCP|UDP|Process|FSEvent|Message/;

// Node.js leaves out of the coverage what no spec loads. By this test, a file whose spec is gone counts as not covered.
test('every module can be loaded, and starts nothing by that', async () => {
  for (const module of MODULES) await import(join(import.meta.dirname, module));
  assert.ok(MODULES.length > 1);
  assert.deepEqual(
    process.getActiveResourcesInfo().filter((resource) => STARTED.test(resource)),
    [],
  );
});
