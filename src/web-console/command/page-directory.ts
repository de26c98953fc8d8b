import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where the build puts the page: beside the program, and in `dist/` when the sources run. */
export function pageDirectory(): string {
  const beside = join(import.meta.dirname, 'console');
  return existsSync(beside) ? beside : join(import.meta.dirname, '../../../dist/console');
}
