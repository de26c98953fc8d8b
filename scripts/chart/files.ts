import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { CHART, render } from './helm.ts';
import { valuesSchema } from './values-schema.ts';
import { valuesTable } from './values-table.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The sets of values whose renderings are kept beside them. */
export const GOLDEN = join(ROOT, 'test/chart/golden');

const MARKED = /<!-- values -->\n.*?<!-- \/values -->/s;

/** A file that is made from others. */
export interface MadeFile {
  /** Absolute path. */
  readonly path: string;
  readonly content: string;
}

/** The chart's schema and README, made from the driver's configuration, `values.yaml` and `docs/configuration.md`. */
export function chartFiles(): readonly MadeFile[] {
  const schema = valuesSchema();
  const values: unknown = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
  const readme = join(CHART, 'README.md');
  const text = readFileSync(readme, 'utf8');
  if (!MARKED.test(text)) throw new Error('README.md has no lines <!-- values --> and <!-- /values -->');
  const table = `<!-- values -->\n${valuesTable(schema, values)}\n<!-- /values -->`;
  return [
    { path: join(CHART, 'values.schema.json'), content: `${JSON.stringify(schema, null, 2)}\n` },
    { path: readme, content: text.replace(MARKED, () => table) },
  ];
}

/** The renderings of the golden sets of values, and the plain manifests for those who do not use Helm. */
export async function renderings(helm: string): Promise<readonly MadeFile[]> {
  const golden = globSync('*.values.yaml', { cwd: GOLDEN }).map(async (name) => {
    const content = await render(helm, '--values', join(GOLDEN, name));
    return { path: join(GOLDEN, `${basename(name, '.values.yaml')}.yaml`), content };
  });
  return Promise.all([...golden, manifests(helm)]);
}

async function manifests(helm: string): Promise<MadeFile> {
  const directory = join(ROOT, 'deploy');
  const rendered = await render(helm, '--values', join(directory, 'values.yaml'));
  const head = readFileSync(join(directory, 'namespace.yaml'), 'utf8');
  return { path: join(directory, 'rose-csi.yaml'), content: `${head}${rendered}` };
}
