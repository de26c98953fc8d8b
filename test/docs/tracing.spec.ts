import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loggedFields } from '../../src/csi/log.ts';
import { samplerNames } from '../../src/observability/tracing-settings.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const page = read('docs/tracing.md');

/** All that fits a pattern, each once. */
function found(text: string, pattern: RegExp): string[] {
  return [...new Set(text.match(pattern) ?? [])].sort();
}

test('docs/tracing.md names exactly the attributes that spans have', () => {
  const sources = ['exec-tracing', 'rpc-tracing', 'node/traced-processes']
    .map((name) => read(`src/app/${name}.ts`))
    .join();
  const pattern = /\b(?:rose_csi|rpc|process)\.[a-z_]+(?:\.[a-z_]+)*/g;
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const ids = [...loggedFields.values(), 'source'].map((name) => `rose_csi.${snake(name)}`);
  assert.deepEqual(found(page, pattern), [...new Set([...found(sources, pattern), ...ids])].sort());
});

test('docs/tracing.md names every sampler, and every variable that the driver reads itself', () => {
  const variables = found(page, /\bOTEL_[A-Z_]+/g);
  for (const name of found(read('src/observability/tracing-settings.ts'), /\bOTEL_[A-Z_]+/g)) {
    assert.ok(variables.includes(name), name);
  }
  const row = page.split('\n').find((line) => line.startsWith('| `OTEL_TRACES_SAMPLER` |')) ?? '';
  assert.deepEqual(found(row, /\b[a-z_]*(?:always|ratio)[a-z_]*\b/g), [...samplerNames].sort());
});
