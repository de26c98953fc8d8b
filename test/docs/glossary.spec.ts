import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PAGES, ROOT } from './pages.ts';

const GLOSSARY = 'docs/glossary.md';

/** Words that stay, because they are someone else's: exactly so, and nowhere else. */
const KEPT: readonly string[] = [
  // The user of an SSH handshake that only asks for the key.
  "'nobody'",
];

/** The words of the column "not". */
function unwanted(page: string): string[] {
  return [...page.matchAll(/^\|[^|]*\|[^|]*\|([^|]*)\|$/gm)]
    .flatMap(([, words = '']) => words.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '' && word !== 'not' && !word.startsWith('---'));
}

/** Each unwanted word in a text, with its line. A word may be broken over two lines, also of a comment. */
function found(text: string, words: readonly string[]): string[] {
  const rest = KEPT.reduce((left, kept) => left.replaceAll(kept, ''), text);
  return words.flatMap((word) => {
    const pattern = word.split(' ').join('(?:\\s|\\*|//|#)+');
    const matches = rest.matchAll(new RegExp(`(?<!\\w)${pattern}(?!\\w)`, 'gi'));
    return [...matches].map(({ index }) => `${word}: ${lineAt(rest, index)}`);
  });
}

function lineAt(text: string, index: number): string {
  const end = text.indexOf('\n', index);
  return text.slice(text.lastIndexOf('\n', index) + 1, end === -1 ? undefined : end).trim();
}

const words = unwanted(readFileSync(join(ROOT, GLOSSARY), 'utf8'));

/** All code of ours; generated code is not ours to word. */
const SOURCES = globSync('{src,test,bench,scripts}/**/*.{ts,tsx,html}', { cwd: ROOT }).filter(
  (file) => !file.startsWith('src/csi/gen/') && file !== 'test/docs/glossary.spec.ts',
);
const CHART = globSync('charts/rose-csi/**/*.{yaml,tpl,txt,json}', { cwd: ROOT });

test('the glossary lists words that are not to be used', () => {
  for (const word of ['box', 'nobody', 'manner', 'half-made', 'told of']) assert.ok(words.includes(word), word);
});

test('pages, chart and sources use no word that the glossary replaces', () => {
  const faults = [...PAGES.filter((page) => page !== GLOSSARY), ...CHART, ...SOURCES].flatMap((file) =>
    found(readFileSync(join(ROOT, file), 'utf8'), words).map((fault) => `${file}: ${fault}`),
  );
  assert.deepEqual(faults, []);
});

test('an unwanted word is found wherever it stands, and in no other word', () => {
  assert.deepEqual(found('a Box\n// that was told\n * of it', ['box', 'told of']), [
    'box: a Box',
    'told of: // that was told',
  ]);
  assert.deepEqual(found("a sandbox, and 'nobody'", ['box', 'nobody']), []);
});
