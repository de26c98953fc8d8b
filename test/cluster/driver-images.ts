import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DescribedImage } from './built-images.ts';
import { answer } from './commands.ts';
import { imageOf } from './versions.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What the Dockerfile copies, and what decides how. */
const SOURCES = [
  'Dockerfile',
  '.dockerignore',
  'package.json',
  'package-lock.json',
  'LICENSE',
  'src',
  'scripts/build.ts',
  'scripts/sbom.ts',
  'scripts/image',
];

/** What `.dockerignore` leaves out of it. */
const UNUSED = /\.(spec|testing|fixture)\.ts$/;

/** Both images of the Dockerfile, from this checkout. */
export async function driverImages(): Promise<readonly DescribedImage[]> {
  const key = await keyOfSources();
  return ['controller', 'node'].map((target) => ({
    name: imageOf(target),
    key: `rose-csi-${target}-${key}`,
    how: () => ['--build-arg', 'VERSION=test', '--target', target, ROOT],
  }));
}

async function keyOfSources(): Promise<string> {
  const listed = await answer('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...SOURCES], {
    cwd: ROOT,
  });
  const hash = createHash('sha256').update(imageOf('controller')).update(imageOf('node'));
  const isPart = (name: string) => name !== '' && !UNUSED.test(name) && existsSync(join(ROOT, name));
  for (const name of listed.split('\0').filter(isPart)) {
    hash.update(`${name}\0`).update(readFileSync(join(ROOT, name)));
  }
  return hash.digest('hex').slice(0, 16);
}
