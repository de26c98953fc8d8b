import { idIn } from '../../rds/index.ts';
import type { Call } from '../call.ts';
import { decide, type Hints, type View } from './decision.ts';
import type { ReplicaPair } from './pair.ts';
import { readOriginals, readReceivedOf, readReplica, readTransfers } from './reading.ts';
import type { Stillness } from './stillness.ts';

/** What there is on both sides, as it was read. */
export interface Reading {
  readonly view: View;
  /** Whether both lists are of just now; else only what is being sent was looked at again. */
  readonly isWhole: boolean;
  /** When both lists had been read, by the clock of the reader. */
  readonly at: number;
  /** How long reading both sides took then, and how long looking at what is being sent did now, in ms. */
  readonly listsMs: number;
  readonly lookMs: number;
}

/** Lists are used until they are so many times as old as reading them took. */
const GOOD_TIMES = 10;

/**
 * Reads a pair for one pass after the other. Lists of thousands take long to read, and show more than one snapshot without a copy:
 * while there is something to do by them they are used again, with what is new of the snapshots that are sent. By old lists nothing wrong
 * is done, since each statement looks itself at what it changes; copies are not removed by them.
 *
 * What the replica has is always read first and the transfers last, so that a half which was seen there, and which no transfer names, is of
 * none that began in between.
 */
export class PairReader {
  readonly #pair: ReplicaPair;
  readonly #still: Stillness;
  readonly #now: () => number;
  #kept: Reading | undefined;

  /** @param now Milliseconds that only go forward. */
  constructor(pair: ReplicaPair, still: Stillness, now: () => number) {
    this.#pair = pair;
    this.#still = still;
    this.#now = now;
  }

  /** Throws as {@link readLists}. */
  async read(hints: Hints, call: Call): Promise<Reading> {
    const kept = this.#kept;
    this.#kept = undefined;
    const again = kept && this.#isGood(kept, hints) ? await this.#look(kept, call) : undefined;
    return again ?? (await this.readLists(call));
  }

  /** Reads all of it. @throws RdsError when any list cannot be read: a list that failed is no empty one. */
  async readLists(call: Call): Promise<Reading> {
    const begun = this.#now();
    const received = await readReplica(this.#pair, call);
    const originals = await readOriginals(this.#pair, call);
    const between = this.#now();
    const transfers = this.#still.judge(await readTransfers(this.#pair, call));
    const at = this.#now();
    const view = { received, originals, transfers };
    return { view, isWhole: true, at, listsMs: at - begun, lookMs: at - between };
  }

  /** Keeps what there is when a pass has ended well; what is not kept is not used again. */
  keep(reading: Reading): void {
    this.#kept = reading;
  }

  #isGood({ view, at, listsMs }: Reading, hints: Hints): boolean {
    const names = new Set(view.originals.map(({ name }) => name));
    return (
      this.#now() - at < GOOD_TIMES * listsMs &&
      decide(view, hints).do !== 'nothing' &&
      [...hints.wanted].every((name) => names.has(name))
    );
  }

  /** @returns undefined where something is sent that these lists do not know of. */
  async #look(kept: Reading, call: Call): Promise<Reading | undefined> {
    const begun = this.#now();
    const { received, originals, transfers: before } = kept.view;
    const uuids = new Set(before.flatMap(({ name, isOurs }) => (isOurs ? (idIn(name)?.uuid ?? []) : [])));
    const fresh = await readReceivedOf(this.#pair, [...uuids], call);
    const transfers = this.#still.judge(await readTransfers(this.#pair, call));
    if (transfers.some(({ name, isOurs }) => isOurs && !uuids.has(idIn(name)?.uuid ?? ''))) return undefined;
    const others = received.filter(({ parsed }) => !uuids.has(parsed.uuid));
    const view = { received: [...others, ...fresh], originals, transfers };
    return { ...kept, view, isWhole: false, lookMs: this.#now() - begun };
  }
}
