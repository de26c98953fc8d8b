import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeBtrfsPool } from '../support/btrfs-pool.ts';
import { POOL } from '../support/programs.ts';

/** Where the simulator of the demo keeps its bytes. */
export interface Place {
  /** Flags of `rose-csi simulate`. */
  readonly flags: readonly string[];
  remove(): Promise<void>;
}

/**
 * Finds a place for a pool.
 *
 * @param poolPath Directory on a mounted Btrfs filesystem, for `btrfs`; a filesystem is made when it is absent.
 * @param label of the pool.
 * @throws Error that says what is wrong or missing.
 */
export async function findPlace(backend: string, poolPath: string | undefined, label = POOL): Promise<Place> {
  if (backend !== 'btrfs') {
    if (poolPath !== undefined) throw new Error('--pool-path is for --backend btrfs');
    return { flags: ['--backend', backend, '--pool', `label=${label},size=1T`], remove: async () => {} };
  }
  if (poolPath === undefined) {
    const { directory, remove } = makeBtrfsPool(2 ** 40);
    return { flags: flagsFor(directory, label), remove: async () => remove() };
  }
  const own = await mkdtemp(join(poolPath, 'rose-csi-demo-'));
  return { flags: flagsFor(own, label), remove: () => rm(own, { recursive: true, force: true }) };
}

function flagsFor(path: string, label: string): readonly string[] {
  return ['--backend', 'btrfs', '--pool', `label=${label},path=${path}`];
}
