import { POOL_UUID, type StackOptions } from './stack.ts';

/** Of a pool beside that of most tests. */
export const COLD_UUID = '5d1c9a43-0b5e-4c39-8f4e-00000000c01d';
const pools = [
  { label: 'pool', uuid: POOL_UUID, mountPoint: 'nvme-pool' },
  { label: 'cold', uuid: COLD_UUID, mountPoint: 'sata-pool' },
];

/** An RDS with the pools `pool` and `cold`, both configured. */
export const twoPools = {
  simulator: { pools: pools.map((pool) => ({ ...pool, sizeBytes: 2 ** 40 })) },
  backend: { pools },
} satisfies StackOptions;

/** The same RDS as two backends, `rds1` with the pool `pool` and `rds2` with the pool `cold`. */
export const twoBackends = {
  simulator: twoPools.simulator,
  backend: { pools: pools.slice(0, 1) },
  moreBackends: [{ name: 'rds2', pools: pools.slice(1) }],
} satisfies StackOptions;

/** An RDS with one pool of `bytes`, of which `reserve` must stay free. */
export function smallPool(bytes: bigint, reserve: string): StackOptions {
  const sizeBytes = Number(bytes);
  return {
    simulator: { pools: [{ label: 'pool', uuid: POOL_UUID, mountPoint: 'pool', sizeBytes }] },
    backend: { reserve },
  };
}
