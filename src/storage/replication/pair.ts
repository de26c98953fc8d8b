import type { ExpectedPool, ReplicaTarget } from '../../rds/index.ts';
import type { Backend } from '../backend.ts';

/** How old a snapshot without a copy must be before it is reported, in seconds. */
export const LATE_SECONDS = 6 * 3600;

/** A pool, and the pool on another backend that has copies of its snapshots. */
export interface ReplicaPair {
  readonly from: Backend;
  readonly pool: ExpectedPool;
  readonly to: Backend;
  readonly replica: ExpectedPool;
  /** How the RDS of the pool reaches the other one. */
  readonly target: ReplicaTarget;
  /** How long a copy stays when its original is gone, in ms; undefined forever. */
  readonly keepMs: number | undefined;
}

/** As messages have it: `rds1/pool to rds2/copies`. */
export function nameOfPair({ from, pool, to, replica }: ReplicaPair): string {
  return `${from.name}/${pool.label} to ${to.name}/${replica.label}`;
}
