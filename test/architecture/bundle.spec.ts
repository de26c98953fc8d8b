import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildBundle } from '../../scripts/build.ts';
import { NODE_COMMAND_FLAGS } from '../../scripts/node-flags.ts';

/** Stands in the Dutch messages of zod, and nowhere else. */
const DUTCH = 'Ongeldig';

function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-bundle-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('no process carries the translations of zod, which `import { z }` in one file brings into all', async (t) => {
  const directory = scratch(t);
  const locales = join(import.meta.dirname, '../../node_modules/zod/v4/locales/nl.js');
  assert.ok(readFileSync(locales, 'utf8').includes(DUTCH), 'the sign to look for is gone');
  await buildBundle(directory);
  const files = globSync('*.js', { cwd: directory });
  assert.ok(files.includes('main.js'));
  const carrying = files.filter((file) => readFileSync(join(directory, file), 'utf8').includes(DUTCH));
  assert.deepEqual(carrying, []);
});

test('a function that moved brought the SSH client into the node, which does not start with it under the flags of its image', async (t) => {
  const directory = scratch(t);
  const program = await buildBundle(join(directory, 'dist'));
  const node = spawn(process.execPath, [
    ...NODE_COMMAND_FLAGS,
    program,
    'node',
    '--endpoint',
    `unix://${join(directory, 'csi.sock')}`,
    '--cluster-id',
    'bundle',
    '--node-name',
    'bundle',
  ]);
  t.after(() => node.kill());
  let said = '';
  const served = Promise.withResolvers<void>();
  const listen = (text: Buffer): void => {
    said += text.toString();
    if (said.includes('"serving"')) served.resolve();
  };
  node.stdout.on('data', listen);
  node.stderr.on('data', listen);
  node.once('exit', () => served.reject(new Error(said)));
  await served.promise;
});
