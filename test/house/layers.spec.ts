import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { complaints } from './linter.ts';

/** csi → storage → rds → routeros, and csi → host on the node, all above failures; the simulator stands apart; each imports nothing but what stands here. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  failures: [],
  routeros: ['failures'],
  rds: ['failures', 'routeros'],
  storage: ['failures', 'rds'],
  csi: ['failures', 'storage', 'host', 'schema'],
  simulator: [],
  host: ['failures', 'storage'],
  kubernetes: ['failures'],
  orphans: ['failures', 'storage', 'kubernetes'],
  why: ['failures', 'storage', 'kubernetes', 'cli'],
  doctor: ['failures', 'routeros', 'rds', 'storage', 'config', 'cli'],
  cli: [],
};
const FOLDERS = [...Object.keys(ALLOWED), 'config', 'app', 'observability', 'schema'];

/** Files that the project's own lint rule refuses. */
let refused: ReadonlySet<string>;

function probePath(layer: string, imported: string, deep: boolean): string {
  return `src/${layer}/${deep ? 'deep/' : ''}imports-${imported}.ts`;
}

before(() => {
  const probes = new Map<string, string>();
  for (const layer of Object.keys(ALLOWED)) {
    for (const imported of FOLDERS) {
      for (const deep of [false, true]) {
        const specifier = `${deep ? '../..' : '..'}/${imported}/x.ts`;
        probes.set(probePath(layer, imported, deep), `import { x } from '${specifier}';\n\nexport const y = x;\n`);
      }
    }
  }
  const hits = complaints(probes).filter(({ category }) => category === 'lint/style/noRestrictedImports');
  refused = new Set(hits.map(({ location }) => location.path));
});

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
