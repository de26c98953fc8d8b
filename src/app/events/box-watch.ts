import type { ObjectReference } from '../../kubernetes/cluster.ts';
import type { Teller } from '../../kubernetes/teller.ts';
import type { Backend } from '../../storage/backend.ts';
import { callWithin } from '../../storage/call.ts';
import { type PoolRoom, readRoom } from '../../storage/pool-reading.ts';
import { repeatedly } from '../repeatedly.ts';

/** Pause between two readings of the pools of a box that answers and has room, in ms. */
const READING_MS = 300_000;
/** Of one whose room is short, since the volumes in it write on, and of one that does not answer, to notice its return. */
const SHORT_MS = 60_000;
/** How long one reading may take, in ms. */
const LIMIT_MS = 60_000;
/** Looks at the state of the connection within the time after which people are told of it. */
const LOOKS = 6;

export interface BoxWatchOptions {
  readonly teller: Teller;
  /** What Events about a whole box are about. */
  readonly driver: ObjectReference;
  /** How long a box must not have answered before it is told, in ms. */
  readonly lastingMs: number;
  /** When a call was last refused for lack of room, by `performance.now()`; a pool is read anew at the next look. */
  readonly refusedAt: () => number;
  readonly signal: AbortSignal;
}

/**
 * Tells when a box does not answer for a while, when it answers again, and when a pool is nearly full. It reads free space
 * every five minutes, every minute while that is short, and soon after a call was refused for it; the box bears that
 * easily. Resolves when the signal aborts.
 */
export async function watchBox(backend: Backend, options: BoxWatchOptions): Promise<void> {
  const { lastingMs, refusedAt, signal } = options;
  const reach = new Reach(backend, options);
  let readAt = Number.NEGATIVE_INFINITY;
  let pauseMs = 0;
  await repeatedly(lastingMs / LOOKS, signal, async () => {
    reach.look();
    if (performance.now() - readAt < pauseMs && refusedAt() < readAt) return;
    readAt = performance.now();
    const pools = await roomOf(backend, signal);
    pauseMs = pools === undefined || pools.some((pool) => hasLessThan(4n, pool)) ? SHORT_MS : READING_MS;
    for (const pool of pools ?? []) tellIfScarce(backend.name, pool, options);
    reach.look();
  });
}

/** Whether a box answers, as its circuit breaker knows it. */
class Reach {
  readonly #backend: Backend;
  readonly #options: BoxWatchOptions;
  #lostSince: number | undefined;
  #told = false;

  constructor(backend: Backend, options: BoxWatchOptions) {
    this.#backend = backend;
    this.#options = options;
  }

  look(): void {
    const { name, rds } = this.#backend;
    const { teller, driver, lastingMs } = this.#options;
    const now = performance.now();
    const { breaker, lastFailure } = rds.state();
    if (breaker === 'closed') {
      if (this.#told) teller.tell(driver, { reason: 'BoxReachable', subject: name, message: `${name} answers again` });
      this.#lostSince = undefined;
      this.#told = false;
      return;
    }
    this.#lostSince ??= now;
    if (now - this.#lostSince < lastingMs) return;
    // At each look: an outage that outlasts its Event is told again, once in a while.
    this.#told = true;
    const reason = lastFailure?.kind === 'unauthenticated' ? 'BoxLoginFailed' : 'BoxUnreachable';
    const what = reason === 'BoxLoginFailed' ? 'the driver does not get to log in' : 'it does not answer over SSH';
    const message = `${name}: ${what}, so nothing can be made, published, grown, snapshotted or deleted on it: ${lastFailure?.detail}`;
    teller.tell(driver, { reason, subject: name, message });
  }
}

/** Undefined when they cannot be read: the calls that need the box tell of that. */
async function roomOf(backend: Backend, signal: AbortSignal): Promise<readonly PoolRoom[] | undefined> {
  return await readRoom(backend, callWithin(LIMIT_MS, signal)).catch(() => undefined);
}

/** Whether less than one part of so many is free without the reserve. */
function hasLessThan(part: bigint, { size, free, reserve }: PoolRoom): boolean {
  return (free - reserve) * part < size;
}

/** The same tenth as in the alert `RoseCsiPoolNearlyFull` of the chart. */
function tellIfScarce(backend: string, room: PoolRoom, { teller, driver }: BoxWatchOptions): void {
  const { pool, size, free, reserve } = room;
  if (!hasLessThan(10n, room)) return;
  const message = `pool ${pool} of ${backend} has ${free} of ${size} bytes free, less than its reserve of ${reserve} and a tenth of it`;
  teller.tell(driver, { reason: 'PoolNearlyFull', subject: `${backend}/${pool}`, message });
}
