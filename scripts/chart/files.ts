import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { parse } from 'yaml';
import { difference } from './difference.ts';
import { CHART, render } from './helm.ts';
import { valuesSchema } from './values-schema.ts';
import { valuesTable } from './values-table.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The sets of values whose renderings are kept beside them. */
export const GOLDEN = join(ROOT, 'test/chart/golden');

/** The sets whose renderings are kept whole; of the others there is what differs from the nearer one of these. */
const WHOLE: readonly string[] = ['minimum', 'everything'];

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

/** The plain manifests for those who do not use Helm, and the renderings of the golden sets of values that are kept whole. */
export async function renderings(helm: string): Promise<readonly MadeFile[]> {
  const whole = WHOLE.map(async (set) => ({ path: join(GOLDEN, `${set}.yaml`), content: await golden(helm, set) }));
  return Promise.all([...whole, manifests(helm)]);
}

/** What is different in the renderings of the other sets, as the difference to the files of those that are kept whole. */
export async function differences(helm: string): Promise<readonly MadeFile[]> {
  const sets = globSync('*.values.yaml', { cwd: GOLDEN }).map((name) => basename(name, '.values.yaml'));
  const others = sets.filter((set) => !WHOLE.includes(set));
  return Promise.all(
    others.map(async (set) => {
      const content = await golden(helm, set);
      const found = await Promise.all(WHOLE.map((base) => difference(join(GOLDEN, `${base}.yaml`), content)));
      const [shortest = ''] = found.toSorted((one, other) => one.length - other.length);
      return { path: join(GOLDEN, `${set}.diff`), content: shortest };
    }),
  );
}

/** The rendering of a golden set of values. */
export function golden(helm: string, set: string): Promise<string> {
  return render(helm, '--values', join(GOLDEN, `${set}.values.yaml`));
}

/** The plain manifests for those who do not use Helm. */
export async function manifests(helm: string): Promise<MadeFile> {
  const directory = join(ROOT, 'deploy');
  const rendered = await render(helm, '--values', join(directory, 'values.yaml'), '--skip-tests');
  const head = readFileSync(join(directory, 'namespace.yaml'), 'utf8');
  return { path: join(directory, 'rose-csi.yaml'), content: `${head}${rendered}` };
}

/** Writes files, and says so. */
export async function write(files: readonly MadeFile[]): Promise<void> {
  for (const { path, content } of files) {
    await writeFile(path, content);
    console.log(`wrote ${relative('.', path)}`);
  }
}
