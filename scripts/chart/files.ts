import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { parse } from 'yaml';
import { difference } from './difference.ts';
import { CHART, render } from './helm.ts';
import { valuesSchema } from './values-schema.ts';
import { valuesTable } from './values-table.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The sets of values whose renderings are kept beside them. */
export const GOLDEN = join(ROOT, 'test/chart/golden');

/** The plain manifests for those who do not use Helm. */
export const MANIFESTS = join(ROOT, 'deploy/rose-csi.yaml');
/** The set that has the values of the plain manifests but for a few: of its rendering there is what differs from them. */
const LEAST = 'minimum';
/** The set whose rendering is kept whole. Of every other one there is what differs from this or the least, whichever is nearer. */
const WHOLE = 'everything';

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

/** What is kept whole: the plain manifests, and the rendering of one golden set of values. */
export async function renderings(helm: string): Promise<readonly MadeFile[]> {
  return [{ path: join(GOLDEN, `${WHOLE}.yaml`), content: await golden(helm, WHOLE) }, await manifests(helm)];
}

/** The renderings of the other sets, each as what is different in it. */
export async function differences(helm: string): Promise<readonly MadeFile[]> {
  const sets = globSync('*.values.yaml', { cwd: GOLDEN }).map((name) => basename(name, '.values.yaml'));
  const directory = await mkdtemp(join(tmpdir(), 'rose-csi-golden-'));
  try {
    const least = join(directory, `${LEAST}.yaml`);
    await writeFile(least, await golden(helm, LEAST));
    const others = sets.filter((set) => set !== WHOLE);
    return await Promise.all(
      others.map(async (set) => {
        const content = await golden(helm, set);
        const bases = set === LEAST ? [MANIFESTS] : [least, join(GOLDEN, `${WHOLE}.yaml`)];
        const found = await Promise.all(bases.map((base) => difference(base, content)));
        const [shortest = ''] = found.toSorted((one, other) => one.length - other.length);
        return { path: join(GOLDEN, `${set}.diff`), content: shortest };
      }),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
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
  return { path: MANIFESTS, content: `${head}${rendered}` };
}

/** Writes files, and says so. */
export async function write(files: readonly MadeFile[]): Promise<void> {
  for (const { path, content } of files) {
    await writeFile(path, content);
    console.log(`wrote ${relative('.', path)}`);
  }
}
