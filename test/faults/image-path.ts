import { join } from 'node:path';
import type { SimulatorOptions } from '../../src/simulator/simulate.ts';

/**
 * Where on this machine a simulator with one pool keeps the image of a subvolume: for reading what no disk item leads to,
 * such as a snapshot, and for seeing the bytes themselves rather than what the RDS says of them.
 */
export function imagePath(
  { stateDir, pools }: Pick<SimulatorOptions, 'stateDir' | 'pools'>,
  subvolume: string,
): string {
  const [pool] = pools;
  if (pool === undefined || pools.length > 1) throw new Error('exactly one pool is needed');
  const { label, path } = pool;
  const root = path === undefined ? join(stateDir, 'pools', label) : join(path, `rose-csi-simulator-${label}`, 'root');
  return join(root, subvolume, 'volume.img');
}
