import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) => !file.endsWith('.spec.ts'));

/** The modules that import another one at once, by a pattern of its specifier. */
function importers(specifier: string): string[] {
  const statement = new RegExp(`from ['"][^'"]*${specifier}`);
  return SOURCES.filter((file) => statement.test(readFileSync(join(ROOT, file), 'utf8')))
    .map((file) => basename(file))
    .sort();
}

test('OpenTelemetry stands behind one module, which nothing imports but when tracing is turned on', () => {
  assert.deepEqual(importers('@opentelemetry/'), ['opentelemetry.ts', 'traceparent.ts']);
  assert.deepEqual(importers('/traceparent\\.ts'), ['opentelemetry.ts']);
  assert.deepEqual(importers('/opentelemetry\\.ts'), []);
});
