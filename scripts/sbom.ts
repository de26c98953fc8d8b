/**
 * `node scripts/sbom.ts FILE`: writes an SPDX document of what the program is made of: its dependencies at run time, as the
 * lock file has them. It is in the images as /opt/rose-csi/dist/sbom.spdx.json.
 *
 * npm is given a lock file without anything else: with `--omit=dev` it leaves out what development needs as well.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
}

const ROOT = join(import.meta.dirname, '..');

async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(ROOT, name), 'utf8')) as T;
}

/** The bill of materials, as npm writes it for what is in a directory. */
async function describe(directory: string): Promise<string> {
  const { devDependencies: _, ...manifest } = await readJson<Record<string, unknown>>('package.json');
  const lock = await readJson<LockFile>('package-lock.json');
  const { '': root, ...installed } = lock.packages;
  const shipped = Object.entries(installed).filter(([, { dev, optional }]) => !dev && !optional);
  const packages = { '': { ...root, devDependencies: {} }, ...Object.fromEntries(shipped) };
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(directory, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
  const args = ['sbom', '--package-lock-only', '--omit=optional', '--sbom-format=spdx', '--sbom-type=application'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: directory, maxBuffer: 1 << 26 });
  return stdout;
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node scripts/sbom.ts FILE');
const directory = await mkdtemp(join(tmpdir(), 'rose-csi-sbom-'));
try {
  await writeFile(file, await describe(directory));
} finally {
  await rm(directory, { recursive: true });
}
console.log(`wrote ${file}`);
