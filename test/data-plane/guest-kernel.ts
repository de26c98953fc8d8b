import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './tools.ts';

/** A meta package of Debian: its dependency is the kernel of the day, built for virtual machines. */
const PACKAGE = 'linux-image-cloud-amd64';

export interface GuestKernel {
  readonly image: string;
  /** Folder that holds `lib/modules/<release>`. */
  readonly root: string;
  readonly release: string;
}

/**
 * Fetches Debian's kernel and unpacks it into `cache` without installing it: the machine that runs the tests boots
 * something else.
 *
 * @throws Error with what apt or dpkg said.
 */
export function fetchKernel(cache: string): GuestKernel {
  const dependency = /Depends: (linux-image-\S+)/.exec(run('apt-cache', ['depends', PACKAGE]))?.[1];
  if (dependency === undefined) throw new Error(`apt does not know ${PACKAGE}: run apt-get update`);
  const root = join(cache, dependency);
  if (!existsSync(root)) unpack(dependency, cache, root);
  const release = dependency.slice('linux-image-'.length);
  return { image: join(root, 'boot', `vmlinuz-${release}`), root, release };
}

function unpack(dependency: string, cache: string, root: string): void {
  const work = join(cache, `${dependency}.part`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  run('apt-get', ['download', '-qq', dependency], { cwd: work });
  const file = readdirSync(work).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error(`apt-get download ${dependency} left no package`);
  run('dpkg', ['-x', join(work, file), join(work, 'root')]);
  run('depmod', ['-b', join(work, 'root'), dependency.slice('linux-image-'.length)]);
  renameSync(join(work, 'root'), root);
  rmSync(work, { recursive: true });
}
