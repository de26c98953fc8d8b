import { sentenceOf } from '../../failures/message.ts';
import {
  type Asking,
  deleteCopy,
  type ObjectState,
  RdsError,
  type RdsSettings,
  readSnapshot,
  readVolume,
} from '../../rds/index.ts';
import type { Backend } from '../backend.ts';
import type { Call } from '../call.ts';
import { snapshotRef, volumeRef } from '../ids.ts';
import { Backoff } from './backoff.ts';
import type { Received, View } from './decision.ts';
import type { ReplicaPair } from './pair.ts';
import { type Expired, expired, orphaned } from './retention.ts';

/**
 * Reads which snapshots and volumes something outside of the backends refers to, as `snap-<uuid>` and `pvc-<uuid>`: a copy has the
 * uuid of its original.
 *
 * @throws Error where that cannot be told.
 */
export type References = (signal: AbortSignal) => Promise<ReadonlySet<string>>;

export interface ExpiryOptions {
  /** All of them: whoever has the original keeps its copy. */
  readonly backends: readonly Backend[];
  readonly references: References;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** A copy is removed. */
  readonly expired: (copy: Received) => void;
  /** One that might go is not removed, as something stands in the way. */
  readonly kept: (copy: Received, why: string) => void;
}

/** Copies that one pass looks at. */
const MOST = 20;
/** After so long without a look, in ms, what was seen before says nothing of what has been since: `keep` is an hour at least. */
const LONGEST_GAP_MS = 3_600_000;

/**
 * Removes the copies of a pair whose originals have been gone for as long as `keep` says, each in no doubt only: no backend has the
 * original, nothing refers to it or to its copy, and the last copy of a volume outlives that, and whatever refers to it: a pool that was
 * lost and made again holds none of the volumes that are needed. What stays is looked at again after a while, so that it does not hold
 * up the others.
 */
export class Expiry {
  readonly #pair: ReplicaPair;
  readonly #options: ExpiryOptions;
  readonly #staying: Backoff;
  /** When copies were first seen to have no original, by their own uuids. */
  readonly #goneSince = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(pair: ReplicaPair, options: ExpiryOptions) {
    this.#pair = pair;
    this.#options = options;
    this.#staying = new Backoff(options.now);
  }

  /**
   * Looks at what has just been read.
   *
   * @returns what there is afterwards. Throws only when the call is over.
   */
  async pass(view: View, call: Call): Promise<View> {
    const { keepMs } = this.#pair;
    if (keepMs === undefined) return view;
    const now = this.#options.now();
    this.#note(view, now);
    const staying = this.#staying.deferred();
    const due = expired(view, this.#goneSince, keepMs, now).filter(({ copy }) => !staying.has(copy.uuid));
    const removed = new Set<Received>();
    const references = once(() => this.#options.references(call.signal));
    for (const one of due.slice(0, MOST)) {
      if (await this.#goes(one, references, call)) removed.add(one.copy);
      else this.#staying.fail(one.copy.uuid);
    }
    return removed.size === 0 ? view : { ...view, received: view.received.filter((one) => !removed.has(one)) };
  }

  #note(view: View, now: number): void {
    // A process that does not look after copies looks when a claim waits, and no more.
    if (now - this.#lookedAt > LONGEST_GAP_MS) this.#goneSince.clear();
    this.#lookedAt = now;
    const gone = new Set(orphaned(view).map(({ uuid }) => uuid));
    for (const uuid of this.#goneSince.keys()) if (!gone.has(uuid)) this.#goneSince.delete(uuid);
    for (const uuid of gone) if (!this.#goneSince.has(uuid)) this.#goneSince.set(uuid, now);
    this.#staying.keep(gone);
  }

  /** Removes one, if nothing speaks for it. What fails is doubt. */
  async #goes(one: Expired, references: () => ReturnType<References>, call: Call): Promise<boolean> {
    const { copy, other } = one;
    try {
      if ((await this.#isNeeded(one, call)) || isReferredTo(one, await references())) return false;
      const { to, replica } = this.#pair;
      const remove = (settings: RdsSettings) =>
        deleteCopy(settings, replica, snapshotRef(copy.parsed), copy.uuid, other?.uuid);
      if (!(await to.rds.run(remove, call))) return false;
    } catch (error) {
      if (call.signal.aborted) throw error;
      this.#options.kept(copy, wordsOf(error));
      return false;
    }
    this.#options.expired(copy);
    return true;
  }

  /** Whether any backend has its original, in whatever pool, or it is the last copy of a volume that exists. */
  async #isNeeded({ copy, other }: Expired, call: Call): Promise<boolean> {
    const [snapshot, volume] = [snapshotRef(copy.parsed), volumeRef({ uuid: copy.parsed.sourceUuid })];
    return (
      (other === undefined && (await this.#isAnywhere((settings) => readVolume(settings, volume), call))) ||
      (await this.#isAnywhere((settings) => readSnapshot(settings, snapshot), call))
    );
  }

  async #isAnywhere(asking: Asking<ObjectState>, call: Call): Promise<boolean> {
    for (const { rds } of this.#options.backends) {
      const { subvolumes } = await rds.run(asking, call);
      if (subvolumes.length > 0) return true;
    }
    return false;
  }
}

/** Whether something refers to it, or it is the last copy of a volume that something refers to. */
function isReferredTo({ copy: { parsed }, other }: Expired, references: ReadonlySet<string>): boolean {
  return references.has(`snap-${parsed.uuid}`) || (other === undefined && references.has(`pvc-${parsed.sourceUuid}`));
}

/** The work, which is done when its outcome is asked for first, and never again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let outcome: Promise<T> | undefined;
  return () => {
    outcome ??= work();
    return outcome;
  };
}

function wordsOf(error: unknown): string {
  if (error instanceof RdsError) return sentenceOf(error.code, error.detail);
  return error instanceof Error ? error.message : String(error);
}
