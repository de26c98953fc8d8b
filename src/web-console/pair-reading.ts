import { type CopyState, hasCopy, overviewOf, type SnapshotWithCopy } from '../replicas/overview.ts';
import { callWithin } from '../storage/call.ts';
import type { StorageError } from '../storage/errors.ts';
import { failure } from '../storage/failures.ts';
import { isAtWork, type Transfer } from '../storage/replication/decision.ts';
import { nameOfPair, type ReplicaPair } from '../storage/replication/pair.ts';
import { readTransfers } from '../storage/replication/reading.ts';
import { Stillness } from '../storage/replication/stillness.ts';
import type { BackendState } from './backend-reading.ts';

/** Patience with the list of transfers, in ms. */
const PATIENCE_MS = 15_000;
/** After how long without a byte or another status a transfer needs a look, in ms: what `rose-csi why` gives a request. */
const STILL_MS = 120_000;

/** One side of a pair. */
export interface PairSide {
  readonly backend: string;
  /** Label of the pool. */
  readonly pool: string;
}

/** A pool and its replica, as both were last read. */
export interface PairState {
  readonly from: PairSide;
  readonly to: PairSide;
  /** By the time at which they were taken; with copies whose originals are gone. */
  readonly snapshots: readonly SnapshotWithCopy[];
  /** Undefined when nothing is being sent, and when that could not be read. */
  readonly sending: Transfer | undefined;
  /** What is sent says that it is at work, and has not moved for two minutes. */
  readonly isStill: boolean;
  /** Why it is not known what is being sent, where both sides could be read. */
  readonly error: StorageError | undefined;
}

/** Puts the lists of two RDS together, and adds what is being sent. */
export class PairReader {
  readonly #pair: ReplicaPair;
  readonly #still: Stillness;

  /** @param now milliseconds that only go forward */
  constructor(pair: ReplicaPair, now: () => number = () => performance.now()) {
    this.#pair = pair;
    this.#still = new Stillness(STILL_MS, now);
  }

  /**
   * Asks the RDS of the pool what it sends, in one exec, unless it was just found to be away. After all lists, so that a half
   * among them which no transfer names is of none that began in between. Throws nothing.
   *
   * @param states of all backends, as they were read just now
   */
  async read(states: readonly BackendState[], signal: AbortSignal): Promise<PairState> {
    const { from, pool, to, replica } = this.#pair;
    const [near, far] = [from, to].map(({ name }) => states.find((state) => state.name === name));
    const { transfers, error } = near?.error === undefined ? await this.#transfers(signal) : {};
    const originals = near?.contents && (near.contents.originals.get(pool.label) ?? []);
    const received = far?.contents && (far.contents.received.get(replica.label) ?? []);
    const { snapshots } = overviewOf({ from, to }, { originals, received, transfers });
    const sending = transfers?.find(({ isOurs }) => isOurs);
    return {
      from: { backend: from.name, pool: pool.label },
      to: { backend: to.name, pool: replica.label },
      snapshots: snapshots.map((one) => ({ ...one, state: asKnown(one.state, near?.error, far?.error) })),
      sending,
      isStill: sending?.isStill === true && isAtWork(sending.status),
      error,
    };
  }

  async #transfers(
    signal: AbortSignal,
  ): Promise<{ readonly transfers?: readonly Transfer[]; readonly error?: StorageError }> {
    const call = callWithin(PATIENCE_MS, signal);
    try {
      return { transfers: this.#still.judge(await readTransfers(this.#pair, call)) };
    } catch (error) {
      return { error: failure(error, `replica of ${nameOfPair(this.#pair)}`, call) };
    }
  }
}

/** What an RDS that is lost last reported says of what is there, and not of what is not. */
function asKnown(state: CopyState, near: StorageError | undefined, far: StorageError | undefined): CopyState {
  if (near !== undefined && state === 'alone') return 'unknown original';
  return far !== undefined && !hasCopy({ state }) && state !== 'sending' ? 'unknown' : state;
}
