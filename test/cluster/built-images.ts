import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBase } from '../../scripts/image/base.ts';
import { step } from '../../scripts/image/commands.ts';
import type { Say } from './building.ts';
import { CACHE } from './cache.ts';

const ROOT = join(import.meta.dirname, '../..');

/** An image that a Dockerfile describes. */
export interface DescribedImage {
  /** Repository and tag. */
  readonly name: string;
  /** Of its archive; another one when anything that it is made of is another. */
  readonly key: string;
  /** What `buildah bud` is reported: flags, and the context last. @param base the image that the driver's are built on. */
  how(base: string): readonly string[];
}

/**
 * Builds images with buildah, on a base that debootstrap makes, unless they were built before. Base and layers are kept, so
 * that after a change only the last steps are done again.
 *
 * @returns their archives.
 */
export function buildImages(images: readonly DescribedImage[], say: Say): readonly string[] {
  const all = images.map((image) => ({ ...image, archive: join(CACHE, 'images', `${image.key}.tar`) }));
  const missing = all.filter(({ archive }) => !existsSync(archive));
  if (missing.length > 0) {
    say(`built by buildah: ${missing.map(({ name }) => name).join(', ')}`);
    mkdirSync(join(CACHE, 'images'), { recursive: true });
    const work = mkdtempSync(join(tmpdir(), 'rose-csi-images-'));
    // In a mount namespace, since the storage is mounted upon itself and would stay so.
    const flags = ['--storage-driver', 'overlay', '--root', join(CACHE, 'buildah'), '--runroot', join(work, 'run')];
    const buildah = ['unshare', '--mount', 'buildah', ...flags] as const;
    const [program, ...prefix] = buildah;
    try {
      const base = /^ARG NODE_IMAGE=(\S+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';
      if (spawnSync(program, [...prefix, 'inspect', '--type', 'image', base]).status !== 0) {
        makeBase(buildah, work, base);
      }
      for (const { name, archive, how } of missing) {
        const common = ['--isolation', 'chroot', '--pull-never', '--layers', '--tag', 'built'];
        step(program, [...prefix, 'bud', ...common, ...how(base)]);
        rmSync(`${archive}.part`, { force: true });
        step(program, [...prefix, 'push', 'built', `docker-archive:${archive}.part:${name}`]);
        renameSync(`${archive}.part`, archive);
      }
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return all.map(({ archive }) => archive);
}
