import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

/** csi → storage → rds → routeros, and csi → host on the node, all above failures; the simulator stands apart; each imports nothing but what stands here. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  failures: [],
  routeros: ['failures'],
  rds: ['failures', 'routeros'],
  storage: ['failures', 'rds'],
  csi: ['failures', 'storage', 'host', 'schema'],
  simulator: ['schema'],
  host: ['failures', 'storage'],
  kubernetes: ['failures'],
  orphans: ['failures', 'storage', 'kubernetes'],
  why: ['failures', 'storage', 'kubernetes', 'cli'],
  doctor: ['failures', 'routeros', 'rds', 'storage', 'config', 'schema', 'cli'],
  cli: ['failures', 'schema'],
};
const FOLDERS = [...Object.keys(ALLOWED), 'config', 'app', 'observability', 'schema'];

let directory = '';
/** Files that the project's own lint rule refuses. */
let refused: ReadonlySet<string>;

function probePath(layer: string, imported: string, deep: boolean): string {
  return `src/${layer}/${deep ? 'deep/' : ''}imports-${imported}.ts`;
}

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'rose-csi-layers-'));
  cpSync(join(ROOT, 'biome.json'), join(directory, 'biome.json'));
  for (const layer of Object.keys(ALLOWED)) {
    for (const imported of FOLDERS) {
      for (const deep of [false, true]) {
        const path = join(directory, probePath(layer, imported, deep));
        mkdirSync(dirname(path), { recursive: true });
        const specifier = `${deep ? '../..' : '..'}/${imported}/x.ts`;
        writeFileSync(path, `import { x } from '${specifier}';\n\nexport const y = x;\n`);
      }
    }
  }
  const args = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'];
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/@biomejs/biome/bin/biome'), ...args], {
    cwd: directory,
    encoding: 'utf8',
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
  const hits = diagnostics.filter(({ category }) => category === 'lint/style/noRestrictedImports');
  refused = new Set(hits.map(({ location }) => location.path));
});

after(() => rmSync(directory, { recursive: true, force: true }));

for (const [layer, allowed] of Object.entries(ALLOWED)) {
  test(`${layer} may import ${allowed.join(', ') || 'no other layer'}, and the linter keeps it so`, () => {
    for (const imported of FOLDERS.filter((folder) => folder !== layer)) {
      for (const deep of [false, true]) {
        const path = probePath(layer, imported, deep);
        assert.equal(refused.has(path), !allowed.includes(imported), path);
      }
    }
  });
}
