/** `node scripts/layers.ts` writes what the linter holds of the layers of `src/` from the table below, the only place that says it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Where the linter's configuration of the layers is kept; `biome.json` extends it. */
export const LAYER_RULES = join(import.meta.dirname, 'lint/layers.json');

/**
 * What each folder of `src/` may import of the others: csi → storage → rds → routeros, and csi → host on the node, all above
 * failures. The simulator stands apart, but for the words for wrong input: a mistake that it shared with the driver would hide itself. `app` puts the parts together.
 * So does the folder `command` in any other: what a user types of this feature. Only `program.ts` imports that.
 */
export const LAYERS: Readonly<Record<string, readonly string[] | 'all'>> = {
  failures: [],
  schema: [],
  cli: ['failures', 'schema'],
  simulator: ['schema'],
  routeros: ['failures'],
  rds: ['failures', 'routeros'],
  storage: ['failures', 'rds'],
  host: ['failures', 'storage'],
  csi: ['failures', 'storage', 'host', 'schema'],
  kubernetes: ['failures'],
  observability: ['failures'],
  config: ['failures', 'observability', 'schema'],
  orphans: ['failures', 'storage', 'kubernetes'],
  why: ['failures', 'storage', 'kubernetes', 'cli'],
  snapshots: ['failures', 'storage', 'cli'],
  replicas: ['failures', 'rds', 'storage', 'cli'],
  'web-console': ['failures', 'storage', 'kubernetes', 'orphans', 'snapshots', 'replicas', 'why', 'cli'],
  doctor: ['failures', 'routeros', 'rds', 'storage', 'config', 'schema', 'cli'],
  app: 'all',
};

/** The linter's configuration of the layers, as text: one line for each. */
export function layerRules(): string {
  const overrides = Object.entries(LAYERS).flatMap(([layer, allowed]) =>
    allowed === 'all' ? [] : [ruleOf(layer, allowed)],
  );
  return `{"overrides":[\n${overrides.map((rule) => JSON.stringify(rule)).join(',\n')}\n]}\n`;
}

function ruleOf(layer: string, allowed: readonly string[]): object {
  const group = Object.keys(LAYERS)
    .filter((other) => other !== layer && !allowed.includes(other))
    .map((other) => `**/${other}/**`)
    .concat('**/command/**');
  const message = `${layer} may import ${allowed.length === 0 ? 'no other layer' : `${allowed.join(', ')} and no other layer`}.`;
  const options = { patterns: [{ group, message }] };
  return {
    includes: [`src/${layer}/**`, `!src/${layer}/command/**`],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeFile(LAYER_RULES, layerRules());
