import { sentenceOf } from '../../failures/message.ts';
import {
  type Asking,
  deleteCopy,
  discardHalfReceived,
  idIn,
  namesake,
  type ObjectState,
  RdsError,
  readSnapshot,
  readVolume,
  receiveIn,
  removeTransfer,
  type Sent,
  type SnapshotRef,
  startTransfer,
} from '../../rds/index.ts';
import type { Backend } from '../backend.ts';
import type { Call } from '../call.ts';
import { failure } from '../failures.ts';
import { snapshotRef, volumeRef } from '../ids.ts';
import { Backoff } from './backoff.ts';
import {
  copyOf,
  type Decision,
  decide,
  isAtWork,
  type Original,
  type Received,
  taken,
  uncopied,
  type View,
} from './decision.ts';
import { nameOfPair, type ReplicaPair } from './pair.ts';
import { readPair } from './reading.ts';
import { expired, orphaned } from './retention.ts';
import { Stillness } from './stillness.ts';

/** Learns what happens to copies. Must not throw. */
export interface ReplicaObserver {
  /** @param bytes that were sent for it, as the RDS counts them. */
  copied(pair: ReplicaPair, original: Original, copy: Received, bytes: bigint): void;
  /** @param bytes as the RDS counts them. */
  sent(pair: ReplicaPair, bytes: bigint): void;
  /** @param why In the words of the RDS. */
  failed(pair: ReplicaPair, name: string, why: string): void;
  /** Something else has the name on the replica. */
  taken(pair: ReplicaPair, original: Original): void;
  /** What a transfer had left that was cut off is removed. */
  discarded(pair: ReplicaPair, half: Received): void;
  /** A copy is removed, as its original has been gone for long enough. */
  expired(pair: ReplicaPair, copy: Received): void;
}

/** What a pass found, for users and metrics. */
export interface PairStatus {
  /** Unix seconds of the oldest snapshot without a copy; undefined where each has one. */
  readonly oldestUncopied: bigint | undefined;
  /** Unix seconds of the newest snapshot that has a copy; undefined where none has. */
  readonly newestCopy: bigint | undefined;
  readonly originals: number;
  readonly copies: number;
  /** Snapshots without a copy. */
  readonly missing: readonly Original[];
  /** What is being sent. */
  readonly sending: { readonly name: string; readonly bytes: bigint; readonly status: string } | undefined;
  /** Snapshots whose name is taken on the replica. */
  readonly taken: readonly Original[];
  /** How long reading both sides took, in ms. */
  readonly readMs: number;
}

export interface ReplicatorOptions {
  readonly observer: ReplicaObserver;
  /** All backends, which are asked before a copy is removed. */
  readonly backends: readonly Backend[];
  /**
   * Whether anything outside of the backends needs a snapshot, by its uuid, or a copy of it: then no copy expires. By default nothing
   * does. Must not throw.
   */
  readonly isNeeded?: (uuid: string, signal: AbortSignal) => Promise<boolean>;
  /** How long a transfer must have stood still before it is believed to have stopped, in ms. */
  readonly stillMs?: number;
  /** Milliseconds that only go forward; replaced in tests. */
  readonly now?: () => number;
}

const STILL_MS = 10_000;
/** Where the RDS says nothing. */
const WORDLESS = 'it ended without a word, and the copy is not whole';
/** Steps of one pass. */
const MAX_STEPS = 20;

/**
 * Keeps the copies of one pool up to date, pass by pass (docs/decisions/0025-replicas.md). What it remembers are hints: two of
 * them at once, or one that has just begun, do the same.
 */
export class Replicator {
  readonly pair: ReplicaPair;
  readonly #options: ReplicatorOptions;
  readonly #now: () => number;
  readonly #still: Stillness;
  readonly #backoff: Backoff;
  readonly #wanted = new Set<string>();
  /** When copies were first seen to have no original, by their own uuids. */
  readonly #goneSince = new Map<string, number>();
  readonly #told = new Set<string>();
  /** What the last pass has begun to send, whose rows no one has seen yet. */
  readonly #begun = new Set<string>();
  readonly #failures = new Map<string, string>();
  #running: Promise<PairStatus> | undefined;

  constructor(pair: ReplicaPair, options: ReplicatorOptions) {
    this.pair = pair;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#still = new Stillness(options.stillMs ?? STILL_MS, this.#now);
    this.#backoff = new Backoff(this.#now);
  }

  /**
   * Looks at both sides and does what is next: at most one transfer is begun, and one copy removed. Who asks meanwhile gets the
   * answer of the one that is under way.
   *
   * @throws StorageError when a side cannot be read, or refuses.
   */
  async pass(call: Call): Promise<PairStatus> {
    this.#running ??= this.#pass(call).finally(() => {
      this.#running = undefined;
    });
    return await this.#running;
  }

  /** Has a snapshot sent before others, in passes to come. */
  want(name: string): void {
    this.#wanted.add(name);
  }

  /** The words of the RDS when the last transfer of it failed; undefined when none did since it was copied. */
  failureOf(name: string): string | undefined {
    return this.#failures.get(name);
  }

  async #pass(call: Call): Promise<PairStatus> {
    try {
      const begun = this.#now();
      let view = await readPair(this.pair, this.#still, call);
      const readMs = this.#now() - begun;
      this.#forget(view);
      this.#notice(view);
      for (let step = 0; step < MAX_STEPS; step += 1) {
        const decision = decide(view, { wanted: this.#wanted, deferred: this.#backoff.deferred() });
        const next = await this.#carryOut(decision, view, call);
        if (next === undefined) break;
        view = next;
      }
      for (const original of taken(view)) this.#tellTaken(original);
      if (this.pair.keepMs !== undefined) view = await this.#expire(view, this.pair.keepMs, call);
      return { ...statusOf(view), readMs };
    } catch (error) {
      throw failure(error, `replica of ${nameOfPair(this.pair)}`, call);
    }
  }

  /** @returns what there is afterwards; undefined when this pass is at its end. */
  async #carryOut(decision: Decision, view: View, call: Call): Promise<View | undefined> {
    const { pair } = this;
    const { observer } = this.#options;
    switch (decision.do) {
      case 'forget': {
        const { transfer, outcome } = decision;
        const original = view.originals.find(({ name }) => name === transfer.name);
        await this.#removeRow(transfer.name, call);
        observer.sent(pair, transfer.bytes);
        const copy = original && copyOf(original, view);
        if (outcome === 'finished' && original !== undefined && copy !== undefined)
          this.#succeed(original, copy, transfer.bytes);
        else this.#fail(transfer.name, transfer.status);
        return { ...view, transfers: view.transfers.filter((one) => one !== transfer) };
      }
      case 'discard': {
        const { half } = decision;
        const rest = view.received.filter((one) => one !== half);
        if (!(await this.#discard(half, call))) return { ...view, received: [...rest, { ...half, kind: 'own' }] };
        observer.discarded(pair, half);
        return { ...view, received: rest };
      }
      case 'send':
        return await this.#send(decision.original, decision.parent, view, call);
      default:
        return undefined;
    }
  }

  /** @returns false where the RDS finds that it is no half, or in use: then it is one of its own, for this pass. */
  async #discard(half: Received, call: Call): Promise<boolean> {
    const { to, replica } = this.pair;
    const snapshot = snapshotRef(half.parsed);
    try {
      return await to.rds.run((settings) => discardHalfReceived(settings, replica, snapshot, half), call);
    } catch (error) {
      if (error instanceof RdsError && error.code === 'RC-USED') return false;
      throw error;
    }
  }

  async #removeRow(name: string, call: Call): Promise<void> {
    const { from, pool, target } = this.pair;
    const { uuid = '' } = idIn(name) ?? {};
    await from.rds.run((settings) => removeTransfer(settings, pool, target, snapshotRef({ uuid }), name), call);
  }

  /** Begins a transfer. A snapshot that is gone by now, or that cannot be sent or received, does not hold up the others. */
  async #send(original: Original, parent: Sent | undefined, view: View, call: Call): Promise<View | undefined> {
    const snapshot = snapshotRef(original.parsed);
    const refusal = (await this.#receive(snapshot, call)) ?? (await this.#start(snapshot, original, parent, call));
    if (refusal !== undefined) {
      this.#fail(original.name, refusal);
      return undefined;
    }
    this.#begun.add(original.name);
    const begun = { name: original.name, isOurs: true, status: '', bytes: 0n, isStill: false };
    // The next decision is to wait, which ends the pass.
    return { ...view, transfers: [...view.transfers, begun] };
  }

  /** @returns why nothing can be received; undefined when it can. */
  async #receive(snapshot: SnapshotRef, call: Call): Promise<string | undefined> {
    const { to, replica } = this.pair;
    try {
      await to.rds.run(() => receiveIn(replica, snapshot), call);
      return undefined;
    } catch (error) {
      if (!(error instanceof RdsError) || error.code !== 'RC-NOPLACE') throw error;
      return sentenceOf(error.code, error.detail);
    }
  }

  /** @returns why the RDS refuses to send; undefined when it has begun. */
  async #start(
    snapshot: SnapshotRef,
    original: Sent,
    parent: Sent | undefined,
    call: Call,
  ): Promise<string | undefined> {
    const { from, pool, target } = this.pair;
    try {
      await from.rds.run(
        (settings) => startTransfer(settings, pool, target, { snapshot, sent: original, parent }),
        call,
      );
      return undefined;
    } catch (error) {
      if (!(error instanceof RdsError) || error.code !== 'RDS-REFUSED' || error.mayStillRun) throw error;
      return (await this.#nested([original, parent], call)) ?? error.detail;
    }
  }

  /** What lies in another subvolume may have the name of what is sent, or of its parent. */
  async #nested(sent: readonly (Sent | undefined)[], call: Call): Promise<string | undefined> {
    for (const { uuid } of sent.flatMap((one) => idIn(one?.name ?? '') ?? [])) {
      const nested = await this.pair.from.rds.run(() => namesake(snapshotRef({ uuid })), call);
      if (nested !== undefined) return sentenceOf('RC-NESTED', nested);
    }
    return undefined;
  }

  #succeed(original: Original, copy: Received, bytes: bigint): void {
    this.#backoff.succeed(original.name);
    this.#failures.delete(original.name);
    this.#wanted.delete(original.name);
    this.#options.observer.copied(this.pair, original, copy, bytes);
  }

  #fail(name: string, why: string): void {
    this.#backoff.fail(name);
    const words = why === '' ? WORDLESS : why;
    this.#failures.set(name, words);
    this.#options.observer.failed(this.pair, name, words);
  }

  /** A transfer that left no copy has failed, also where another process dealt with it: whoever waits here is to learn of it. */
  #notice(view: View): void {
    const missing = new Set(uncopied(view).map(({ name }) => name));
    const isThere = new Set(view.transfers.map(({ name }) => name));
    const begun = [...this.#begun].filter((name) => !isThere.has(name)).map((name) => ({ name, status: '' }));
    for (const { name, status } of [...this.#still.gone.filter(({ isOurs }) => isOurs), ...begun]) {
      if (missing.has(name))
        this.#failures.set(name, isAtWork(status) ? (this.#failures.get(name) ?? WORDLESS) : status);
    }
    this.#begun.clear();
  }

  #tellTaken(original: Original): void {
    if (this.#told.has(original.name)) return;
    this.#told.add(original.name);
    this.#options.observer.taken(this.pair, original);
  }

  /** Forgets what is remembered of snapshots and copies that are not there any more, so that memory is bounded. */
  #forget(view: View): void {
    const names = new Set(view.originals.map(({ name }) => name));
    this.#backoff.keep(names);
    const missing = new Set(uncopied(view).map(({ name }) => name));
    for (const name of [...this.#wanted, ...this.#told, ...this.#failures.keys()]) {
      if (missing.has(name)) continue;
      this.#wanted.delete(name);
      this.#told.delete(name);
      this.#failures.delete(name);
    }
  }

  /** Removes at most one copy whose original has been gone for long enough. */
  async #expire(view: View, keepMs: number, call: Call): Promise<View> {
    const now = this.#now();
    const gone = new Set(orphaned(view).map(({ uuid }) => uuid));
    for (const uuid of this.#goneSince.keys()) if (!gone.has(uuid)) this.#goneSince.delete(uuid);
    for (const uuid of gone) if (!this.#goneSince.has(uuid)) this.#goneSince.set(uuid, now);
    for (const { copy, isLast } of expired(view, this.#goneSince, keepMs, now)) {
      if (isLast && (await this.#volumeExists(copy, call))) continue;
      if (await this.#hasOriginal(copy, call)) continue;
      if (await this.#options.isNeeded?.(copy.parsed.uuid, call.signal)) continue;
      const { to, replica } = this.pair;
      await to.rds.run((settings) => deleteCopy(settings, replica, snapshotRef(copy.parsed), copy.uuid), call);
      this.#options.observer.expired(this.pair, copy);
      return { ...view, received: view.received.filter((one) => one !== copy) };
    }
    return view;
  }

  async #volumeExists({ parsed }: Received, call: Call): Promise<boolean> {
    const volume = volumeRef({ uuid: parsed.sourceUuid });
    return await this.#isAnywhere((settings) => readVolume(settings, volume), call);
  }

  async #hasOriginal({ parsed }: Received, call: Call): Promise<boolean> {
    const snapshot = snapshotRef(parsed);
    return await this.#isAnywhere((settings) => readSnapshot(settings, snapshot), call);
  }

  /** Whether any backend has what is asked for, in whatever pool. */
  async #isAnywhere(asking: Asking<ObjectState>, call: Call): Promise<boolean> {
    for (const { rds } of this.#options.backends) {
      const { subvolumes } = await rds.run(asking, call);
      if (subvolumes.length > 0) return true;
    }
    return false;
  }
}

/** What a view tells. */
function statusOf(view: View): Omit<PairStatus, 'readMs'> {
  const missing = uncopied(view);
  const copied = view.originals.filter((original) => copyOf(original, view) !== undefined);
  const seconds = copied.map(({ parsed }) => parsed.createdAtSeconds).toSorted((a, b) => Number(a - b));
  const sending = view.transfers.find(({ isOurs }) => isOurs);
  return {
    oldestUncopied: missing[0]?.parsed.createdAtSeconds,
    newestCopy: seconds.at(-1),
    originals: view.originals.length,
    copies: view.received.filter(({ kind }) => kind === 'copy').length,
    missing,
    sending: sending && { name: sending.name, bytes: sending.bytes, status: sending.status },
    taken: taken(view),
  };
}

/** Age of the oldest snapshot without a copy, in seconds; 0 when each has one. */
export function lagOf({ oldestUncopied }: Pick<PairStatus, 'oldestUncopied'>, now = Date.now()): number {
  return oldestUncopied === undefined ? 0 : Math.max(0, now / 1000 - Number(oldestUncopied));
}
