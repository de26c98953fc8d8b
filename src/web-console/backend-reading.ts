import type { Backend } from '../storage/backend.ts';
import { callWithin } from '../storage/call.ts';
import { StorageError } from '../storage/errors.ts';
import { type BackendInventory, type BackendList, listBackend, sortBackendList } from '../storage/inventory.ts';
import { type PoolReading, poolPromises, readPools } from '../storage/pool-reading.ts';
import type { Original, Received } from '../storage/replication/decision.ts';
import type { ReplicaPair } from '../storage/replication/pair.ts';
import { originalsIn, receivedIn } from '../storage/replication/reading.ts';
import type { StorageService } from '../storage/service.ts';
import { FIRST_LOOK, type Look, lookedAgain } from './second-look.ts';

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
  /** Its volumes with the conditions that two looks have seen. */
  readonly inventory: BackendInventory;
  /** What else two looks have seen. */
  readonly look: Look;
  /** The snapshots of each pool that has a replica, by its label. */
  readonly originals: ReadonlyMap<string, readonly Original[]>;
  /** What each pool that is a replica has received, by its label. */
  readonly received: ReadonlyMap<string, readonly Received[]>;
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
  readonly #pairs: readonly ReplicaPair[];
  readonly #now: () => number;
  #look: Look = FIRST_LOOK;
  #state: BackendState;

  /** @param pairs all that are configured */
  constructor(
    backend: Backend,
    storage: Pick<StorageService, 'prove'>,
    pairs: readonly ReplicaPair[],
    now: () => number = Date.now,
  ) {
    this.#backend = backend;
    this.#storage = storage;
    this.#pairs = pairs;
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
      const list = await listBackend(this.#backend, call);
      const seen = await sortBackendList(this.#backend, list, call);
      const { inventory, look } = lookedAgain(seen, this.#look);
      this.#look = look;
      const contents = {
        at: this.#now(),
        pools: pools.map((pool) => ({ ...pool, promised: promises.get(pool.pool) ?? 0n })),
        inventory,
        look,
        ...this.#copying(list),
      };
      this.#state = { ...this.#state, error: undefined, lostAt: undefined, contents };
    } catch (cause) {
      const error = cause instanceof StorageError ? cause : new StorageError('DRV-DEFECT', name, '', { cause });
      this.#state = { ...this.#state, error, lostAt: this.#state.lostAt ?? this.#now() };
    }
    return this.#state;
  }

  /** Of a list, what the pairs of which this is a side are judged by. */
  #copying({ snapshots }: BackendList): Pick<BackendContents, 'originals' | 'received'> {
    const byPool = Map.groupBy(snapshots, ({ subvolume }) => subvolume.fs);
    const listsOf = <T>(labels: readonly string[], read: (rows: BackendList['snapshots']) => readonly T[]) =>
      new Map(labels.map((label) => [label, read(byPool.get(label) ?? [])]));
    const { name } = this.#backend;
    const from = this.#pairs.filter((pair) => pair.from.name === name).map(({ pool }) => pool.label);
    const to = this.#pairs.filter((pair) => pair.to.name === name).map(({ replica }) => replica.label);
    return { originals: listsOf(from, originalsIn), received: listsOf(to, receivedIn) };
  }
}
