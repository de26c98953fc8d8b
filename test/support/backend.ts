import { BACKENDS, type Backend, type PoolOptions } from '../../src/simulator/device/options.ts';
import { makeBtrfsPool } from './btrfs-pool.ts';

/** Backend of the simulator in tests that do not choose one: `ROSE_TEST_BACKEND`, by default `files`. */
export const BACKEND = chosen(process.env['ROSE_TEST_BACKEND'] ?? 'files');

/** Room beside the data for what a filesystem keeps for itself, in bytes. It takes none until it is used. */
const SPARE_BYTES = 2 ** 34;

/** Pools to start a simulator with, and how to remove what they lie on once it has stopped. */
export interface TestPools {
  readonly backend: Backend;
  readonly pools: readonly PoolOptions[];
  remove(): void;
}

/**
 * Gives pools a place on the backend of the tests: for `btrfs` a filesystem of their own, mounted by a loop device.
 *
 * @throws Error that says what the machine lacks.
 */
export function placePools(pools: readonly PoolOptions[], backend: Backend = BACKEND): TestPools {
  if (backend === 'files') return { backend, pools, remove: () => {} };
  const size = Math.max(...pools.map(({ sizeBytes = 2 ** 40 }) => sizeBytes));
  const { directory: path, remove } = makeBtrfsPool(size + SPARE_BYTES);
  return { backend, pools: pools.map((pool) => ({ ...pool, path })), remove };
}

function chosen(text: string): Backend {
  const backend = BACKENDS.find((name) => name === text);
  if (backend === undefined) throw new Error(`ROSE_TEST_BACKEND=${text}: use ${BACKENDS.join(' or ')}`);
  return backend;
}
