import type { BackendConfig } from '../config/schema.ts';
import type { ReplicaTarget } from '../rds/index.ts';
import type { HostKeys, RouterOsConsole } from '../routeros/index.ts';
import type { Finding } from './finding.ts';
import type { Scratch } from './scratch.ts';

/** How long the tests wait, in milliseconds; shorter in specs. */
export interface Timing {
  /** For a connection to a TCP port, and for a host key. */
  readonly connectMs: number;
  /** Execs that are timed. */
  readonly execs: number;
  /** How long the script goes on that loses its connection half-way (U22). */
  readonly survivalMs: number;
  /** For something to become visible or to vanish. */
  readonly patienceMs: number;
  /** How often an RDS that is away is asked what is left on it; the pauses grow to 3 s. */
  readonly cleanUpAttempts: number;
}

export const TIMING: Timing = {
  connectMs: 5_000,
  execs: 30,
  survivalMs: 4_000,
  patienceMs: 12_000,
  cleanUpAttempts: 25,
};

/** What every test of an RDS is given. */
export interface RdsContext {
  readonly backend: BackendConfig;
  readonly console: RouterOsConsole;
  /** A second way in, for what must not share the connection. */
  openConsole(): RouterOsConsole;
  /**
   * The pinned host keys, as the controller reads them.
   *
   * @param warn is reported each line of the file that is not used
   */
  hostKeys(warn?: (problem: string) => void): Promise<HostKeys>;
  /** The private key, as the controller reads it. */
  privateKey(): Promise<string>;
  readonly timing: Timing;
}

/** What a test in one pool is given. */
export interface PoolContext extends RdsContext {
  readonly label: string;
  /** Where the RDS mounts the pool, without a leading slash. */
  readonly mountPoint: string;
  /** What this run makes in the pool. */
  readonly scratch: Scratch;
}

/** What a test of a pool that has a replica is given. */
export interface PairContext extends PoolContext {
  /** The replica. */
  readonly far: PoolContext;
  readonly transfer: {
    /** What a row that sends says of where to. */
    readonly target: ReplicaTarget;
    /** Path on the other RDS that copies are received in. */
    readonly place: string;
    /** What stands in front of the name of a copy there: nothing, or the subvolume and a slash. */
    readonly prefix: string;
  };
}

interface CheckBase {
  /** Stable, in kebab case: the key of a finding in JSON. */
  readonly id: string;
  readonly title: string;
  readonly unknown?: string;
}

/** One test of the RDS; errors of the conversation may be left to whoever runs it. */
export interface RdsCheck extends CheckBase {
  readonly needs: 'read';
  run(context: RdsContext): Promise<Finding>;
}

/** One test in each pool. */
export interface PoolCheck extends CheckBase {
  readonly needs: 'write';
  run(context: PoolContext): Promise<Finding>;
}

/** One test of each pool that has a replica. */
export interface PairCheck extends CheckBase {
  readonly needs: 'write';
  run(context: PairContext): Promise<Finding>;
}
