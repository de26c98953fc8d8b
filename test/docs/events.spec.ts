import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pagesWithFailures } from '../../scripts/failure-tables.ts';
import { FAILURES, isFailureCode } from '../../src/failures/catalogue.ts';
import { EVENTS } from '../../src/failures/events.ts';
import { PAGES, ROOT } from './pages.ts';

test('the tables of failures in the documentation are those of the catalogue', () => {
  for (const [path, text] of pagesWithFailures()) {
    assert.equal(readFileSync(path, 'utf8'), text, 'run node scripts/failure-tables.ts');
  }
});

test('the page of failures was without those of copies: it has a row for each of the catalogue', () => {
  const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  for (const code of Object.keys(FAILURES)) assert.ok(page.includes(`\n| \`${code}\` |`), code);
});

test('every code that the documentation names is one of the catalogue', () => {
  for (const page of PAGES) {
    for (const [, code = ''] of readFileSync(join(ROOT, page), 'utf8').matchAll(/\[((?:RC|RDS|NODE|DRV)-[A-Z]+)\]/g)) {
      assert.ok(isFailureCode(code), `${page} names ${code}`);
    }
  }
});

test('each Event of the list is recorded somewhere in the driver', () => {
  const root = join(import.meta.dirname, '../../src');
  const files = globSync('**/*.ts', { cwd: root, exclude: ['failures/events.ts', '**/*.spec.ts'] });
  const source = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  for (const reason of Object.keys(EVENTS)) assert.ok(source.includes(`'${reason}'`), reason);
});
