import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) => !file.endsWith('.spec.ts'));

/** Names of the modules whose text fits. */
function fitting(pattern: RegExp): string[] {
  return SOURCES.filter((file) => pattern.test(readFileSync(join(ROOT, file), 'utf8'))).map((file) => basename(file));
}

test('prom-client stands behind one module, which nothing imports but when metrics are turned on', () => {
  assert.deepEqual(fitting(/from 'prom-client'/), ['prometheus.ts']);
  assert.deepEqual(fitting(/from '[^']*\/prometheus\.ts'/), []);
});

test('the name of a metric stands in the list of metrics and nowhere else', () => {
  assert.deepEqual(fitting(/\brose_csi_[a-z]/), ['metric-list.ts']);
});
