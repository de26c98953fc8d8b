import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints } from './linter.ts';

const REFUSED = ['{ ...{ a: 1 } }', "[...['x']]", 'Math.max(...[1, 2])', "[...(['x'] as const)]"];
const ACCEPTED = ['{ ...process.env }', '{ ...(process.pid > 1 ? { a: 1 } : {}) }', '[...[1, 2].map(String)]'];

test('the elements of a literal are written where they are, not spread there, and the linter keeps it so', () => {
  const probes = [...REFUSED, ...ACCEPTED];
  const said = complaints(new Map(probes.map((text, at) => [`src/${at}.ts`, `export const probe = ${text};\n`])));
  const paths = said.filter(({ category }) => category === 'plugin').map(({ location }) => location.path);
  assert.deepEqual(paths.toSorted(), REFUSED.map((_, at) => `src/${at}.ts`).toSorted());
});
