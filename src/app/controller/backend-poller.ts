import type { Logger } from 'pino';
import type { Backend } from '../../storage/backend.ts';
import { type Call, callWithin } from '../../storage/call.ts';
import {
  hasLessThan,
  type PoolInventory,
  type PoolReading,
  poolInventories,
  readPools,
} from '../../storage/pool-reading.ts';
import { type HeldVolume, heldVolumes, type Running } from '../../storage/volume-health.ts';
import { runPeriodically } from '../run-periodically.ts';

/** From one reading of the pools to the next while the RDS answers and has room, in ms. */
const READING_MS = 300_000;
/** While a pool is short of room, since the volumes in it write on, and while they cannot be read, to notice its return. */
const SHORT_MS = 60_000;
/** From one inventory to the next, in ms: it looks at everything on the RDS. */
const INVENTORY_MS = 3_600_000;
/** How long a reading, and an inventory, may take, in ms. */
const LIMIT_MS = 60_000;

/** What an RDS has reported about its pools. */
export interface BackendReading {
  readonly pools: readonly PoolReading[];
  /** By label, of within the last hour; undefined when there is none, or the last one failed. */
  readonly inventory: ReadonlyMap<string, PoolInventory> | undefined;
  /** Of within the last hour; undefined when they were not looked at, or could not be. */
  readonly volumes: readonly HeldVolume[] | undefined;
}

/** Whoever wants to know how an RDS is. Must not throw, and asks the RDS nothing. */
export interface BackendListener {
  /** Every few seconds, and after each reading: what is known of the RDS without asking it can be looked at. */
  look?(): void;
  /** @param reading undefined when the pools could not be read */
  read(reading: BackendReading | undefined): void;
  /** Whether the volumes should be looked at with the next reading, though that was done within the hour. */
  doubtsVolumes?(): boolean;
}

export interface BackendPollerOptions {
  readonly listeners: readonly BackendListener[];
  /** Pause between two looks, in ms. */
  readonly lookMs: number;
  /** When a call was last refused for lack of room, by `now`; the pools are read again at the next look. */
  readonly refusedAt: () => number;
  /** Whether anyone wants inventories. */
  readonly inventories: boolean;
  /** Whether anyone wants to know how the volumes are. */
  readonly volumes: boolean;
  /** Ids of what this process is working on now. */
  readonly running: Running;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Milliseconds that only go forward; replaced in tests. */
  readonly now?: () => number;
}

/**
 * Reads the pools of an RDS in the background, for all who want to know: at once, then every five minutes, every minute while
 * one is short of room or they cannot be read, and soon after a call was refused for lack of it. Each reading is one exec. An
 * inventory follows once an hour, and a look at the volumes, which is repeated with each reading as long as a listener wants that,
 * and with the first after one that failed; what failed is asked again at the next reading. Where no one listens nothing is read. Resolves when the signal aborts.
 */
export async function pollBackend(backend: Backend, options: BackendPollerOptions): Promise<void> {
  const { listeners, lookMs, refusedAt, running, logger, signal, now = () => performance.now() } = options;
  const attempt = async <T>(
    what: string,
    ask: (backend: Backend, call: Call) => Promise<T>,
  ): Promise<T | undefined> => {
    try {
      return await ask(backend, callWithin(LIMIT_MS, signal));
    } catch (error) {
      if (!signal.aborted) logger.warn({ backend: backend.name, err: error }, `${what} failed`);
      return undefined;
    }
  };
  const look = (): void => {
    for (const listener of listeners) listener.look?.();
  };
  if (listeners.length === 0) return;
  let [readAt, pauseMs, wasAway] = [Number.NEGATIVE_INFINITY, 0, false];
  const hourly = <T>(
    isWanted: boolean,
    what: string,
    ask: (backend: Backend, call: Call) => Promise<T>,
    isDue: () => boolean = () => false,
  ) => {
    let askedAt = Number.NEGATIVE_INFINITY;
    let known: T | undefined;
    return async (): Promise<T | undefined> => {
      if (isWanted && (known === undefined || isDue() || readAt - askedAt >= INVENTORY_MS)) {
        known = await attempt(what, ask);
        askedAt = readAt;
      }
      return known;
    };
  };
  const inventoryNow = hourly(options.inventories, 'inventory of the pools', poolInventories);
  const volumesNow = hourly(
    options.volumes,
    'look at the volumes',
    (_, call) => heldVolumes(backend, running, call),
    () => wasAway || listeners.some((listener) => listener.doubtsVolumes?.() === true),
  );
  await runPeriodically(lookMs, signal, async () => {
    look();
    if (now() - readAt < pauseMs && refusedAt() < readAt) return;
    readAt = now();
    const pools = await attempt('reading of the pools', readPools);
    const reading = pools && { pools, inventory: await inventoryNow(), volumes: await volumesNow() };
    if (signal.aborted) return;
    // One that was restarted meanwhile may have lost exports and disk items.
    wasAway = pools === undefined;
    pauseMs = pools === undefined || pools.some((pool) => hasLessThan(4n, pool)) ? SHORT_MS : READING_MS;
    for (const listener of listeners) listener.read(reading);
    look();
  });
}
