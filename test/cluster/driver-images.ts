import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBase } from '../../scripts/image/base.ts';
import { step } from '../../scripts/image/commands.ts';
import type { Say } from './building.ts';
import { CACHE } from './cache.ts';
import { answer } from './commands.ts';
import { imageOf } from './versions.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What the Dockerfile copies, and what decides how. */
const SOURCES = [
  ...['Dockerfile', '.dockerignore', 'package.json', 'package-lock.json', 'LICENSE', 'src'],
  ...['scripts/build.ts', 'scripts/sbom.ts', 'scripts/image'],
];

/** What `.dockerignore` leaves out of it. */
const UNUSED = /\.(spec|testing|fixture)\.ts$/;

/**
 * Builds both images of the Dockerfile with buildah, on a base that debootstrap makes, unless they were built from the same
 * sources before. Base and layers are kept, so that after a change of the sources only the last steps are done again.
 *
 * @returns their archives.
 */
export async function driverImages(say: Say): Promise<readonly string[]> {
  const key = await keyOfSources();
  const archives = ['controller', 'node'].map((target) => ({
    target,
    archive: join(CACHE, 'images', `rose-csi-${target}-${key}.tar`),
  }));
  if (archives.every(({ archive }) => existsSync(archive))) return archives.map(({ archive }) => archive);
  say('the images of the driver are built');
  mkdirSync(join(CACHE, 'images'), { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'rose-csi-images-'));
  // In a mount namespace, since the storage is mounted upon itself and would stay so.
  const flags = ['--storage-driver', 'overlay', '--root', join(CACHE, 'buildah'), '--runroot', join(work, 'run')];
  const buildah = ['unshare', '--mount', 'buildah', ...flags] as const;
  const [program, ...prefix] = buildah;
  try {
    const base = /^ARG NODE_IMAGE=(\S+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';
    if (spawnSync(program, [...prefix, 'inspect', '--type', 'image', base]).status !== 0) makeBase(buildah, work, base);
    for (const { target, archive } of archives) {
      const how = ['--isolation', 'chroot', '--pull-never', '--layers', '--build-arg', 'VERSION=test'];
      step(program, [...prefix, 'bud', ...how, '--target', target, '--tag', target, ROOT]);
      rmSync(`${archive}.part`, { force: true });
      step(program, [...prefix, 'push', target, `docker-archive:${archive}.part:${imageOf(target)}`]);
      renameSync(`${archive}.part`, archive);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return archives.map(({ archive }) => archive);
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
