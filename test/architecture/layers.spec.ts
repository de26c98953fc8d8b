import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { LAYER_RULES, LAYERS, layerRules } from '../../scripts/layers.ts';
import { complaints } from './linter.ts';

const HELD = Object.entries(LAYERS).flatMap(([layer, allowed]) =>
  allowed === 'all' ? [] : [[layer, allowed] as const],
);
const FOLDERS = Object.keys(LAYERS);

/** Files that the project's own lint rule refuses. */
let refused: ReadonlySet<string>;

function probePath(layer: string, imported: string, deep: boolean): string {
  return `src/${layer}/${deep ? 'deep/' : ''}imports-${imported}.ts`;
}

function probe(specifier: string): string {
  return `import { x } from '${specifier}';\n\nexport const y = x;\n`;
}

before(() => {
  const probes = new Map<string, string>();
  for (const [layer] of HELD) {
    probes.set(`src/${layer}/imports-command.ts`, probe('./command/x.ts'));
    probes.set(`src/${layer}/command/imports-app.ts`, probe('../../app/x.ts'));
    for (const imported of FOLDERS) {
      for (const deep of [false, true]) {
        const specifier = `${deep ? '../..' : '..'}/${imported}/x.ts`;
        probes.set(probePath(layer, imported, deep), probe(specifier));
      }
    }
  }
  const hits = complaints(probes).filter(({ category }) => category === 'lint/style/noRestrictedImports');
  refused = new Set(hits.map(({ location }) => location.path));
});

for (const [layer, allowed] of HELD) {
  test(`${layer} may import ${allowed.join(', ') || 'no other layer'}, and the linter keeps it so`, () => {
    for (const imported of FOLDERS.filter((folder) => folder !== layer)) {
      for (const deep of [false, true]) {
        const path = probePath(layer, imported, deep);
        assert.equal(refused.has(path), !allowed.includes(imported), path);
      }
    }
  });
}

test('the command of a feature puts parts together, and no feature rests on its command', () => {
  for (const [layer] of HELD) {
    assert.ok(refused.has(`src/${layer}/imports-command.ts`), layer);
    assert.ok(!refused.has(`src/${layer}/command/imports-app.ts`), layer);
  }
});

test('every folder of src is in the table of layers, and the configuration of the linter is what the table says', () => {
  const entries = readdirSync(join(import.meta.dirname, '../../src'), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  assert.deepEqual(folders.toSorted(), FOLDERS.toSorted());
  assert.equal(readFileSync(LAYER_RULES, 'utf8'), layerRules(), 'run node scripts/layers.ts');
});

test('CONTRIBUTING.md says of every layer what it may import', () => {
  const text = readFileSync(join(import.meta.dirname, '../../CONTRIBUTING.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `src\/([\w-]+)\/` .*\|(.*)\|$/gm)];
  const told = rows.map(([, layer = '', may = '']) => [layer, [...may.matchAll(/`(\w+)`/g)].map(([, name]) => name)]);
  const wanted = HELD.map(([layer, allowed]) => [layer, allowed.filter((name) => name !== 'failures')]);
  assert.deepEqual(Object.fromEntries(told), Object.fromEntries(wanted));
});
