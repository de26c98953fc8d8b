import type { ExportTarget } from '../attach/export-target.ts';
import type { Clock } from '../clock.ts';

/** A Btrfs filesystem of the simulated device. */
export interface PoolOptions {
  /** Filesystem label, `[A-Za-z0-9._-]`, at most 64 characters. */
  readonly label: string;
  /** Filesystem UUID; made up at the first start when absent, and the same from then on. */
  readonly uuid?: string;
  /** First component of the paths on it, `[A-Za-z0-9._-]`, without slashes. */
  readonly mountPoint: string;
  /**
   * Size that the pool claims to have, in bytes; never more than the filesystem has that it lies on. When absent: all
   * of that filesystem, or 1 TiB with the backend `files`.
   */
  readonly sizeBytes?: number;
  /** Directory on a mounted Btrfs filesystem of the host, for the backend `btrfs` and for no other. */
  readonly path?: string;
}

/** Where a simulator keeps its bytes: sparse files in the state directory, or subvolumes on a mounted Btrfs. */
export const BACKENDS = ['files', 'btrfs'] as const;
export type Backend = (typeof BACKENDS)[number];

export interface DeviceOptions {
  /** Directory that belongs to this simulator alone; made when absent. */
  readonly stateDir: string;
  readonly pools: readonly PoolOptions[];
  /** By default `files`. */
  readonly backend?: Backend;
  /** Value of `/system/identity name` until it is set; by default `rds-simulator`. */
  readonly identity?: string;
  /** Value of `/system/resource version`; by default `7.24.1 (stable)`. */
  readonly version?: string;
  /** The account of the driver, with its policies (docs/routeros.md, 9); by default `csi`. */
  readonly user?: string;
  /** A real data path for what is exported, beside the block API; closed with the device. */
  readonly target?: ExportTarget;
  /** By default {@link HOST_CLOCK}. */
  readonly clock?: Clock;
}

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Checks what a device cannot be built from.
 *
 * @throws Error that names the option and says what it must be.
 */
export function checkPools(pools: readonly PoolOptions[], backend: Backend = 'files'): void {
  if (pools.length === 0) throw new Error('at least one pool is needed');
  for (const { label, uuid, mountPoint, sizeBytes, path } of pools) {
    if (!isName(label)) throw new Error(`pool label "${label}": use 1 to 64 of [A-Za-z0-9._-]`);
    if (!isName(mountPoint)) throw new Error(`pool ${label}: mount "${mountPoint}": use 1 to 64 of [A-Za-z0-9._-]`);
    if (uuid !== undefined && !UUID.test(uuid)) throw new Error(`pool ${label}: "${uuid}" is not a lower-case UUID`);
    if (sizeBytes !== undefined && (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0)) {
      throw new Error(`pool ${label}: size must be a positive number of bytes`);
    }
    if (backend === 'btrfs' && path === undefined) {
      throw new Error(`pool ${label}: the btrfs backend needs path=, a directory on a mounted Btrfs filesystem`);
    }
    if (backend !== 'btrfs' && path !== undefined) throw new Error(`pool ${label}: path= is for --backend btrfs`);
  }
  if (new Set(pools.map((pool) => pool.label)).size < pools.length) throw new Error('two pools with one label');
  if (new Set(pools.map((pool) => pool.mountPoint)).size < pools.length) throw new Error('two pools with one mount');
}

function isName(text: string): boolean {
  return NAME.test(text) && text !== '.' && text !== '..';
}
