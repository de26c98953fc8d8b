import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Column, printTable } from './table.ts';

const ID = `rds1:pvc-${'7'.repeat(36)}`;

test('a table that fits is as wide as its texts, with figures to the right', () => {
  const columns: Column[] = [{ title: 'name' }, { title: 'size', align: 'right' }, { folds: 'words' }];
  const rows = [{ cells: ['a', '1 GiB', 'in use'] }, { cells: ['long', '10 GiB', ''] }];
  assert.deepEqual(printTable(columns, rows, { width: 80, indent: '  ' }), [
    '  name    size',
    '  a      1 GiB  in use',
    '  long  10 GiB',
  ]);
});

test('further lines of a text stay below its own column, and never in that of the mark', () => {
  const columns: Column[] = [{}, { folds: 'anywhere' }, { folds: 'anywhere' }];
  const rows = [{ cells: ['✗', 'one two three four', `a ${'x'.repeat(20)}`] }];
  assert.deepEqual(printTable(columns, rows, { width: 31 }), [
    '✗  one two three  a',
    '   four           xxxxxxxxxxxxx',
    '                  xxxxxxx',
  ]);
});

test('an id was cut off when its line was too long; now what does not fit stands below, whole', () => {
  const columns: Column[] = [{}, {}, { align: 'right' }, { folds: 'words' }];
  const rows = [{ cells: ['volume', ID, '10 GiB', `this cluster, from ${ID}`] }];
  assert.deepEqual(printTable(columns, rows, { width: 80 }), [
    `volume  ${ID}  10 GiB`,
    `        this cluster, from ${ID}`,
  ]);
});

test('the branches of a tree go on beside what stands below a row', () => {
  const rows = [{ cells: [`├─ ${ID}`, 'a note that is rather long'], below: '│  ' }];
  assert.deepEqual(printTable([{}, { folds: 'words' }], rows, { width: 68 }), [
    `├─ ${ID}  a note that is`,
    `│${' '.repeat(49)}rather long`,
  ]);
  assert.deepEqual(printTable([{}, {}], rows, { width: 60 }), [`├─ ${ID}`, '│    a note that is rather long']);
});

test('what a device says cannot move the cursor', () => {
  assert.deepEqual(printTable([{}], [{ cells: ['a\x1b[2Jb\rc'] }], { width: 80 }), ['a\\u001b[2Jb c']);
});

test('no line is longer than the terminal, whatever the columns, and nothing is lost', () => {
  const column = fc
    .record({ folds: fc.constantFrom(undefined, 'words' as const, 'anywhere' as const) })
    .map(({ folds }): Column => (folds === undefined ? {} : { folds }));
  const cell = fc.string({ unit: 'grapheme-ascii', maxLength: 90 }).map((text) => text.replaceAll(',', ' '));
  fc.assert(
    fc.property(
      fc.array(column, { minLength: 1, maxLength: 5 }),
      fc.array(fc.array(cell, { minLength: 5, maxLength: 5 }), { maxLength: 4 }),
      fc.integer({ min: 30, max: 120 }),
      (columns, texts, width) => {
        const rows = texts.map((cells) => ({ cells: cells.slice(0, columns.length) }));
        const lines = printTable(columns, rows, { width, indent: ' ' });
        for (const line of lines) assert.ok(line.length <= width, line);
        const letters = (parts: readonly string[]) => [...parts.join('').replaceAll(/[\s,]/g, '')].toSorted().join('');
        assert.equal(letters(lines), letters(rows.flatMap(({ cells }) => cells)));
      },
    ),
  );
});
