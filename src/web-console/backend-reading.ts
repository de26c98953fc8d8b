import type { Backend } from '../storage/backend.ts';
import { callWithin } from '../storage/call.ts';
import { StorageError } from '../storage/errors.ts';
import { type BackendInventory, readBackendInventory } from '../storage/inventory.ts';
import { type PoolReading, poolPromises, readPools } from '../storage/pool-reading.ts';
import type { StorageService } from '../storage/service.ts';

/** Patience with one RDS, in ms: 10,000 snapshots take some seconds. */
const PATIENCE_MS = 60_000;

/** Why an RDS is not fit as configured. */
type Problem = Awaited<ReturnType<StorageService['prove']>>['problems'][number];

/** A pool with what it has promised. */
export interface PoolState extends PoolReading {
  readonly promised: bigint;
}

/** Everything that was read of an RDS, at one time. */
export interface BackendContents {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly pools: readonly PoolState[];
  readonly inventory: BackendInventory;
}

/** What is known of an RDS. */
export interface BackendState {
  readonly name: string;
  /** Of RouterOS, when it last answered. */
  readonly routerOs: string | undefined;
  readonly problems: readonly Problem[];
  /** Why it could not be read; undefined when it could. */
  readonly error: StorageError | undefined;
  /** Since when it could not be read, in milliseconds since the epoch. */
  readonly lostAt: number | undefined;
  /** What it last reported, which is old when there is an error. */
  readonly contents: BackendContents | undefined;
}

/** Reads one RDS again and again, and remembers what it reported before it was lost. It changes nothing there. */
export class BackendReader {
  readonly #backend: Backend;
  readonly #storage: Pick<StorageService, 'prove'>;
  readonly #now: () => number;
  #state: BackendState;

  constructor(backend: Backend, storage: Pick<StorageService, 'prove'>, now: () => number = Date.now) {
    this.#backend = backend;
    this.#storage = storage;
    this.#now = now;
    this.#state = {
      name: backend.name,
      routerOs: undefined,
      problems: [],
      error: undefined,
      lostAt: undefined,
      contents: undefined,
    };
  }

  /** Throws nothing: what goes wrong is in the state. */
  async read(signal: AbortSignal): Promise<BackendState> {
    const call = callWithin(PATIENCE_MS, signal);
    const { name } = this.#backend;
    try {
      const { version, problems } = await this.#storage.prove(name, call);
      this.#state = { ...this.#state, routerOs: version, problems };
      const pools = await readPools(this.#backend, call);
      const promises = await poolPromises(this.#backend, call);
      const inventory = await readBackendInventory(this.#backend, call);
      const contents = {
        at: this.#now(),
        pools: pools.map((pool) => ({ ...pool, promised: promises.get(pool.pool) ?? 0n })),
        inventory,
      };
      this.#state = { ...this.#state, error: undefined, lostAt: undefined, contents };
    } catch (cause) {
      const error = cause instanceof StorageError ? cause : new StorageError('DRV-DEFECT', name, '', { cause });
      this.#state = { ...this.#state, error, lostAt: this.#state.lostAt ?? this.#now() };
    }
    return this.#state;
  }
}
