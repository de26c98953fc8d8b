import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = [...globSync('*.md', { cwd: ROOT }), ...globSync('docs/**/*.md', { cwd: ROOT })];

test('every relative link in the documentation leads to a file', () => {
  assert.ok(PAGES.includes('README.md') && PAGES.length > 10);
  for (const page of PAGES) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (!/^[a-z]+:/.test(target)) {
        assert.ok(existsSync(join(ROOT, dirname(page), target)), `${page} links to ${target}`);
      }
    }
  }
});

test('every U number that the source cites is explained in docs/routeros.md', () => {
  const known = readFileSync(join(ROOT, 'docs/routeros.md'), 'utf8');
  for (const file of globSync('src/**/*.ts', { cwd: ROOT })) {
    for (const [number] of readFileSync(join(ROOT, file), 'utf8').matchAll(/\bU([1-9]|1\d|2\d)\b/g)) {
      assert.match(known, new RegExp(`\\b${number}\\b`), `${relative(ROOT, file)} cites ${number}`);
    }
  }
});

test('the README commands are scripts of package.json', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  const used = [...readme.matchAll(/npm (?:run (?:-s )?)?(demo|test|rose-csi)\b/g)].map((match) => match[1] ?? '');
  assert.deepEqual(new Set(used), new Set(['demo', 'test', 'rose-csi']));
  for (const script of used) {
    assert.ok(Object.hasOwn(scripts, script), script);
  }
});
