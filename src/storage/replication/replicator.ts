import type { Backend } from '../backend.ts';
import type { Call } from '../call.ts';
import { failure } from '../failures.ts';
import { Attempts } from './attempts.ts';
import { type Decision, decide, taken, type View } from './decision.ts';
import { Expiry, type References } from './expiry.ts';
import type { ReplicaObserver } from './observer.ts';
import { nameOfPair, type ReplicaPair } from './pair.ts';
import { PairReader } from './pair-reader.ts';
import { beginSending, discardHalf, forgetTransfer } from './sending.ts';
import { SharedRun } from './shared-run.ts';
import { type PairStatus, statusOf } from './status.ts';
import { Stillness } from './stillness.ts';

export interface ReplicatorOptions {
  readonly observer: ReplicaObserver;
  /** All backends, which are asked before a copy is removed. */
  readonly backends: readonly Backend[];
  /** What else keeps a copy; by default nothing. */
  readonly references?: References;
  /** How long a transfer must have stood still before it is believed to have stopped, in ms. */
  readonly stillMs?: number;
  /** Milliseconds that only go forward; replaced in tests. */
  readonly now?: () => number;
}

type DecisionTo<What extends Decision['do']> = Extract<Decision, { readonly do: What }>;

const STILL_MS = 10_000;
/** Steps of one pass. */
const MAX_STEPS = 20;

/**
 * Keeps the copies of one pool up to date, pass by pass (docs/decisions/0025-replicas.md). What it remembers are hints: two of
 * them at once, or one that has just begun, do the same.
 */
export class Replicator {
  readonly pair: ReplicaPair;
  readonly #observer: ReplicaObserver;
  readonly #still: Stillness;
  readonly #reader: PairReader;
  readonly #attempts: Attempts;
  readonly #expiry: Expiry;
  readonly #passes = new SharedRun((signal) => this.#pass({ signal }));

  constructor(
    pair: ReplicaPair,
    {
      observer,
      backends,
      references = async () => new Set<string>(),
      stillMs = STILL_MS,
      now = () => performance.now(),
    }: ReplicatorOptions,
  ) {
    this.pair = pair;
    this.#observer = observer;
    this.#still = new Stillness(stillMs, now);
    this.#reader = new PairReader(pair, this.#still, now);
    this.#attempts = new Attempts(now);
    this.#expiry = new Expiry(pair, {
      backends,
      references,
      now,
      expired: (copy) => observer.expired(pair, copy),
      kept: (copy, why) => observer.kept(pair, copy, why),
    });
  }

  /**
   * Looks at both sides and does what is next: at most one transfer is begun, and a few copies removed. Who asks meanwhile gets the
   * answer of the one that is under way, which goes on while anyone waits for it.
   *
   * @throws StorageError when a side cannot be read, or refuses.
   */
  async pass(call: Call): Promise<PairStatus> {
    try {
      return await this.#passes.join(call.signal);
    } catch (error) {
      throw failure(error, `replica of ${nameOfPair(this.pair)}`, call);
    }
  }

  /** Has a snapshot sent before others, in passes to come, until it is copied or that has failed. */
  want(name: string): void {
    this.#attempts.want(name);
  }

  /** The words of the RDS when the last transfer of it failed; undefined when none did since it was copied. */
  failureOf(name: string): string | undefined {
    return this.#attempts.failureOf(name);
  }

  async #pass(call: Call): Promise<PairStatus> {
    let reading = await this.#reader.read(this.#attempts.hints, call);
    let view = await this.#work(reading.view, call);
    if (!reading.isWhole && !isSending(view)) {
      // Nothing more is to be done by these lists, and they may be older than what was made since.
      reading = await this.#reader.readLists(call);
      view = await this.#work(reading.view, call);
    }
    if (reading.isWhole) view = await this.#expiry.pass(view, call);
    this.#reader.keep({ ...reading, view });
    return statusOf(view, isSending(view) ? reading.lookMs : reading.listsMs);
  }

  /** Does what is next, until that is to wait. @returns what there is afterwards. */
  async #work(seen: View, call: Call): Promise<View> {
    let view = seen;
    this.#attempts.learn(view, this.#still.gone);
    for (let step = 0; step < MAX_STEPS; step += 1) {
      const next = await this.#carryOut(decide(view, this.#attempts.hints), view, call);
      if (next === undefined) break;
      view = next;
    }
    for (const original of this.#attempts.untold(taken(view))) this.#observer.taken(this.pair, original);
    return view;
  }

  /** @returns what there is afterwards; undefined when nothing more is to be done in this pass. */
  async #carryOut(decision: Decision, view: View, call: Call): Promise<View | undefined> {
    switch (decision.do) {
      case 'forget':
        return await this.#forget(decision, view, call);
      case 'discard': {
        const { half } = decision;
        const rest = view.received.filter((one) => one !== half);
        // What is not removed is one of its own, until the lists are read again.
        if (!(await discardHalf(this.pair, half, call)))
          return { ...view, received: [...rest, { ...half, kind: 'own' }] };
        this.#observer.discarded(this.pair, half);
        return { ...view, received: rest };
      }
      case 'send':
        return await this.#send(decision, view, call);
      default:
        return undefined;
    }
  }

  async #forget({ transfer, original, copy }: DecisionTo<'forget'>, view: View, call: Call): Promise<View> {
    const { name, status, bytes } = transfer;
    await forgetTransfer(this.pair, name, call);
    this.#observer.sent(this.pair, bytes);
    if (original !== undefined && copy !== undefined) {
      this.#attempts.succeed(name);
      this.#observer.copied(this.pair, original, copy, bytes);
    }
    // Of one that was deleted meanwhile no one needs to hear.
    if (original !== undefined && copy === undefined) this.#fail(name, status);
    return { ...view, transfers: view.transfers.filter((one) => one !== transfer) };
  }

  /** A snapshot that is gone by now, or that is not sent, does not hold up the others. */
  async #send({ original, parent }: DecisionTo<'send'>, view: View, call: Call): Promise<View | undefined> {
    const { name } = original;
    const outcome = await beginSending(this.pair, original, parent, call);
    switch (outcome.is) {
      case 'begun': {
        this.#attempts.begin(name);
        const transfer = { name, isOurs: true, status: '', bytes: 0n, isStill: false };
        // The next decision is to wait.
        return { ...view, transfers: [...view.transfers, transfer] };
      }
      case 'gone':
        return { ...view, originals: view.originals.filter((one) => one !== outcome.original) };
      case 'lacking':
        return { ...view, received: view.received.filter(({ receivedUuid }) => receivedUuid !== parent?.uuid) };
      case 'refused':
        this.#fail(name, outcome.why);
        return outcome.all ? undefined : view;
      case 'busy':
        return undefined;
    }
  }

  #fail(name: string, why: string): void {
    this.#observer.failed(this.pair, name, this.#attempts.fail(name, why));
  }
}

function isSending({ transfers }: View): boolean {
  return transfers.some(({ isOurs }) => isOurs);
}
