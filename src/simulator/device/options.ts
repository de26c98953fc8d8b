/** A Btrfs filesystem of the simulated box. */
export interface PoolOptions {
  /** Filesystem label, `[A-Za-z0-9._-]`, at most 64 characters. */
  readonly label: string;
  /** Filesystem UUID; made up at the first start when absent, and the same from then on. */
  readonly uuid?: string;
  /** First component of the paths on it, `[A-Za-z0-9._-]`, without slashes. */
  readonly mountPoint: string;
  /** Size that the pool claims to have, in bytes. */
  readonly sizeBytes: number;
}

export interface DeviceOptions {
  /** Directory that belongs to this simulator alone; made when absent. */
  readonly stateDir: string;
  readonly pools: readonly PoolOptions[];
  /** Value of `/system/identity name` until it is set; by default `rds-simulator`. */
  readonly identity?: string;
  /** Value of `/system/resource version`; by default `7.24.1 (stable)`. */
  readonly version?: string;
  /** The device's clock; by default the host's. */
  readonly now?: () => Date;
}

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Checks what a device cannot be built from.
 *
 * @throws Error that names the option and says what it must be.
 */
export function checkPools(pools: readonly PoolOptions[]): void {
  if (pools.length === 0) throw new Error('at least one pool is needed');
  for (const { label, uuid, mountPoint, sizeBytes } of pools) {
    if (!isName(label)) throw new Error(`pool label "${label}": use 1 to 64 of [A-Za-z0-9._-]`);
    if (!isName(mountPoint)) throw new Error(`pool ${label}: mount "${mountPoint}": use 1 to 64 of [A-Za-z0-9._-]`);
    if (uuid !== undefined && !UUID.test(uuid)) throw new Error(`pool ${label}: "${uuid}" is not a lower-case UUID`);
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
      throw new Error(`pool ${label}: size must be a positive number of bytes`);
    }
  }
  if (new Set(pools.map((pool) => pool.label)).size < pools.length) throw new Error('two pools with one label');
  if (new Set(pools.map((pool) => pool.mountPoint)).size < pools.length) throw new Error('two pools with one mount');
}

function isName(text: string): boolean {
  return NAME.test(text) && text !== '.' && text !== '..';
}
