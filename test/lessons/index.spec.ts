import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/lessons.md'), 'utf8');

/** The tests that the page names, each with its file. */
function named(): { readonly file: string; readonly name: string }[] {
  return [...PAGE.matchAll(/`((?:src|test)\/[^`]+\.spec\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(
    ([, file = '', names = '']) => [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file, name })),
  );
}

/** The names that the tests of a file are given. */
function namesIn(source: string): string[] {
  return [...source.matchAll(/\btest\(\s*(['"`])(.+?)\1, /gs)].map(([, , name = '']) => name.replaceAll("\\'", "'"));
}

test('every test that docs/lessons.md names is in its file', () => {
  const all = named();
  assert.ok(all.length > 25);
  for (const { file, name } of all) {
    const names = namesIn(readFileSync(join(ROOT, file), 'utf8'));
    // A test for each of several cases has the case in its name.
    const isThere = names.some((one) => one === name || (one.includes('${') && one.includes(name)));
    assert.ok(isThere, `${file} has no test "${name}"`);
  }
});

test('every test of a lesson about the controller is named in docs/lessons.md', () => {
  const known = named();
  for (const file of globSync('test/lessons/controller-*.spec.ts', { cwd: ROOT })) {
    for (const name of namesIn(readFileSync(join(ROOT, file), 'utf8'))) {
      const isKnown = known.some((one) => one.file === file && name.includes(one.name));
      assert.ok(isKnown, `docs/lessons.md does not name "${name}" of ${file}`);
    }
  }
});

test('docs/lessons.md has the lessons 1 to 25 once each, every one with a public source', () => {
  const rows = [...PAGE.matchAll(/^\| (\d+) \| (.*)$/gm)];
  const numbers = rows.map(([, number]) => Number(number)).toSorted((one, other) => one - other);
  assert.deepEqual(
    numbers,
    Array.from({ length: 25 }, (_, index) => index + 1),
  );
  for (const [row] of rows) assert.match(row, /\]\(https:\/\/github\.com\/[^)]+\)/);
});
