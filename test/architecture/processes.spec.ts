import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
/** The simulator's own programs are none of the driver's. */
const SOURCES = globSync('src/**/*.ts', { cwd: ROOT }).filter(
  (file) => !/\.(spec|testing|fixture)\.ts$/.test(file) && !file.startsWith('src/simulator/'),
);

test('one module of the driver starts programs', () => {
  const starters = SOURCES.filter((file) =>
    /['"](?:node:)?child_process['"]/.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  assert.deepEqual(starters, ['src/host/processes.ts']);
});

test('it never does so through a shell, and never without a limit of time', () => {
  const source = readFileSync(join(ROOT, 'src/host/processes.ts'), 'utf8');
  assert.doesNotMatch(source, /shell:|\bexec(?:File)?(?:Sync)?\(|spawnSync/);
  assert.equal(source.match(/\bspawn\(/g)?.length, 1);
  assert.match(source, /setTimeout\(late, timeoutMs\)/);
});

test('nothing on the node waits for the disk in a call that blocks the process', () => {
  for (const file of SOURCES.filter((one) => /^src\/(host|csi)\//.test(one))) {
    assert.doesNotMatch(
      readFileSync(join(ROOT, file), 'utf8'),
      /\b(?:read|write|open|stat|lstat|statfs|readdir)\w*Sync\(/,
      file,
    );
  }
});
