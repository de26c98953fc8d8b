import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Complaint {
  /** The rule, as Biome names it: `lint/style/noRestrictedImports`, or `plugin`. */
  readonly category: string;
  readonly location: { readonly path: string };
}

/** What the linter of this project, with its configuration and plugins, says of files that are not there: text by path. */
export function complaints(files: ReadonlyMap<string, string>): readonly Complaint[] {
  const directory = mkdtempSync(join(tmpdir(), 'rose-csi-linter-'));
  try {
    cpSync(join(ROOT, 'biome.json'), join(directory, 'biome.json'));
    cpSync(join(ROOT, 'scripts/lint'), join(directory, 'scripts/lint'), { recursive: true });
    for (const [path, text] of files) {
      mkdirSync(join(directory, dirname(path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    const args = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'];
    const { stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/@biomejs/biome/bin/biome'), ...args], {
      cwd: directory,
      encoding: 'utf8',
    });
    return (JSON.parse(stdout) as { diagnostics: readonly Complaint[] }).diagnostics;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
