import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints } from './linter.ts';

/** What the plugins of the linter refuse, and what is like it and stays. */
const RULES: Readonly<Record<string, { readonly refused: readonly string[]; readonly accepted: readonly string[] }>> = {
  'the elements of a literal are written where they are, not spread there': {
    refused: [
      'export const x = { ...{ a: 1 } };',
      "export const x = [...['x']];",
      'export const x = Math.max(...[1, 2]);',
      "export const x = [...(['x'] as const)];",
    ],
    accepted: [
      'export const x = { ...process.env };',
      'export const x = { ...(process.pid > 1 ? { a: 1 } : {}) };',
      'export const x = [...[1, 2].map(String)];',
    ],
  },
  'a test is a test, with a whole sentence as its name': {
    refused: [
      "import { describe, test } from 'node:test';\n\nexport const x = [describe, test];",
      "import { it } from 'node:test';\n\nexport const x = it;",
    ],
    accepted: [
      "import { after, test } from 'node:test';\n\nexport const x = [after, test];",
      "import { describe } from './thing.ts';\n\nexport const x = describe;",
    ],
  },
  'a number, text or boolean that a module names is UPPER_CASE': {
    refused: [
      'export const waitMs = 1000;',
      'export const waitMs: number = 60 * 1000;',
      'export const most = 2n ** 63n - 1n;',
      "export const prefix = 'pvc-';",
    ],
    accepted: [
      'export const WAIT_MS = 1000;',
      'export const MiB = 2 ** 20;',
      'export const now = Date.now();',
      'export function f() {\n  const x = 1;\n  return x;\n}',
    ],
  },
};

for (const [rule, { refused, accepted }] of Object.entries(RULES)) {
  test(`${rule}, and the linter keeps it so`, () => {
    const probes = [...refused, ...accepted];
    const said = complaints(new Map(probes.map((text, at) => [`src/${at}.ts`, `${text}\n`])));
    const paths = said.filter(({ category }) => category === 'plugin').map(({ location }) => location.path);
    assert.deepEqual([...new Set(paths)].toSorted(), refused.map((_, at) => `src/${at}.ts`).toSorted());
  });
}

test('a function takes five parameters at most, and the linter keeps it so', () => {
  const taking = (...names: readonly string[]) =>
    `export function f(${names.map((name) => `${name}: number`).join(', ')}) {\n  return [${names.join(', ')}];\n}\n`;
  const probes = { 'src/five.ts': taking('a', 'b', 'c', 'd', 'e'), 'src/six.ts': taking('a', 'b', 'c', 'd', 'e', 'f') };
  const said = complaints(new Map(Object.entries(probes)));
  const paths = said.filter(({ category }) => category === 'lint/complexity/useMaxParams');
  assert.deepEqual(
    paths.map(({ location }) => location.path),
    ['src/six.ts'],
  );
});
