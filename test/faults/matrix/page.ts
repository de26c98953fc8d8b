import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '../../../docs/what-happens-when.md');

/**
 * Proves that the page for operators has the row of a scenario as it came out. With ROSE_MATRIX_WRITE=1 it is written
 * there instead.
 */
export function proveRow(scenario: string, statements: number, cells: number, codes: ReadonlySet<string>): void {
  const seen = codes.size === 0 ? 'none' : [...codes].toSorted().join(', ');
  const row = `| ${scenario} | ${statements} | ${cells} | ${seen} |`;
  const text = readFileSync(PAGE, 'utf8');
  const there = new RegExp(`^\\| ${scenario.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')} \\| \\d.*$`, 'm');
  if (process.env['ROSE_MATRIX_WRITE'] === '1') {
    assert.match(text, there, `docs/what-happens-when.md has no row for ${scenario}`);
    writeFileSync(
      PAGE,
      text.replace(there, () => row),
    );
    return;
  }
  assert.ok(text.includes(row), `docs/what-happens-when.md is out of date, write: ${row}`);
}
