import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '../../../docs/what-happens-when.md');

/**
 * Proves that the page for operators has the row of a call as it came out, in the section with this heading. With
 * ROSE_MATRIX_WRITE=1 it is written there instead.
 */
export function proveRow(heading: string, name: string, values: readonly (string | number)[]): void {
  const row = `| ${name} | ${values.join(' | ')} |`;
  const text = readFileSync(PAGE, 'utf8');
  const begin = text.indexOf(`\n## …${heading}\n`);
  assert.notEqual(begin, -1, `docs/what-happens-when.md has no section …${heading}`);
  const end = text.indexOf('\n## ', begin + 1);
  const section = text.slice(begin, end === -1 ? undefined : end);
  if (process.env['ROSE_MATRIX_WRITE'] === '1') {
    const there = new RegExp(`^\\| ${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')} \\| \\d.*$`, 'm');
    assert.match(section, there, `docs/what-happens-when.md has no row for ${name}`);
    writeFileSync(PAGE, text.slice(0, begin) + section.replace(there, () => row) + text.slice(begin + section.length));
    return;
  }
  assert.ok(section.includes(row), `docs/what-happens-when.md is out of date, write: ${row}`);
}
