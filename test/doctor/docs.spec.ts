import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ALL_CHECKS } from '../../src/doctor/checks/all.ts';
import { doctorCommand } from '../../src/doctor/command/command.ts';
import { printReport } from '../../src/doctor/report/table.ts';
import { startExaminedRds } from './rds.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/doctor.md'), 'utf8');

/** What stands in back-quotes in the first cells of the table that begins so. */
function cells(head: string): string[] {
  const from = PAGE.indexOf(head);
  assert.ok(from >= 0, head);
  const table = PAGE.slice(from).split('\n\n', 1)[0] ?? '';
  const first = table
    .split('\n')
    .slice(2)
    .map((line) => line.split('|')[1] ?? '');
  return first.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
}

test('the example in docs/doctor.md is what the doctor prints', async (t) => {
  const { examine } = await startExaminedRds(t);
  const printed = printReport(await examine({ write: true }), { width: 80, colour: false });
  const example = /<!-- example -->\n```\n(.*?)\n```/s.exec(PAGE)?.[1] ?? '';
  const rows = example.split(/\n(?=\S)/);
  assert.ok(rows.length > 8);
  for (const row of rows) assert.ok(printed.includes(`${row}\n`), `${row}\n\nis not in\n\n${printed}`);
});

test('docs/doctor.md lists exactly the tests and the flags', () => {
  const ids = ALL_CHECKS.map(({ id }) => id);
  assert.deepEqual(new Set(cells('| id |')), new Set([...ids, 'leftovers-removed', 'clean-up']));
  const flags = doctorCommand().options.map(({ long }) => long);
  assert.deepEqual(new Set(cells('| flag |').map((cell) => cell.split(' ')[0])), new Set(flags));
});

test('docs/doctor.md names the unknown of each test that has one', () => {
  for (const { id, unknown } of ALL_CHECKS) {
    if (unknown === undefined) continue;
    const line =
      PAGE.split('\n').find((candidate) => candidate.startsWith('|') && candidate.includes(`\`${id}\``)) ?? '';
    assert.match(line, new RegExp(`\\b${unknown}\\b`), id);
  }
});

test('--help reports the exit status and how to begin', () => {
  let help = '';
  doctorCommand()
    .configureOutput({
      writeOut: (text) => {
        help += text;
      },
    })
    .outputHelp();
  for (const part of [
    'Exit status:',
    '  0  ',
    '  1  ',
    '  2  ',
    '--write',
    'also after Ctrl-C',
    '--config rose-csi.yaml',
  ]) {
    assert.ok(help.includes(part), part);
  }
  assert.ok(help.split('\n').every((line) => line.length <= 80));
});
