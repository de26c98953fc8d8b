import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** What users read, from the root of the repository. */
export const PAGES: readonly string[] = [
  ...globSync('*.md', { cwd: ROOT }),
  ...globSync('docs/**/*.md', { cwd: ROOT }),
  'charts/rose-csi/README.md',
];

/** What stands between two fences of a page. */
export interface Block {
  readonly page: string;
  /** Without the indentation that it has in a list. */
  readonly text: string;
  /** Whether a line above it says that a test runs it. */
  readonly runs: boolean;
}

/** The fenced blocks of a language, e.g. `yaml`, in the order of the pages. */
export function blocks(language: string): Block[] {
  const fence = new RegExp(`^(<!-- runs -->\\n)?( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, 'gms');
  return PAGES.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(fence)].map(([, mark, indent = '', text = '']) => ({
      page,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      runs: mark !== undefined,
    })),
  );
}

/** Names of the headings of a page, as GitHub makes them. @param file from the root of the repository. */
export function anchorsOf(file: string): string[] {
  const headings = readFileSync(join(ROOT, file), 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
