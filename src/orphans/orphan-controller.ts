import type { Cluster, EventNote, ObjectReference } from '../kubernetes/cluster.ts';
import type { Leadership } from '../kubernetes/leadership.ts';
import type { Call } from '../storage/call.ts';
import { StorageError } from '../storage/errors.ts';
import type { Inventory } from '../storage/inventory.ts';
import type { StorageService } from '../storage/service.ts';
import { missingAnnotations } from './annotations.ts';
import { doubtAbout } from './doubt.ts';
import { type BackendObject, backendObjects, findOrphans, poolOf } from './find.ts';
import { Freshness } from './freshness.ts';
import { judge, parseFirstSeen, printFirstSeen, type Verdict } from './judge.ts';
import { doubtAboutNames, mismatchesOf } from './mismatches.ts';
import { type KubernetesView, referencesOf, snapshotHandleOf, viewOf } from './references.ts';

/** Partial volumes that one pass removes at most. */
const MAX_REMOVALS = 3;
/** Contents that one pass annotates at most. */
const MAX_REPAIRS = 100;

export interface OrphanControllerOptions {
  readonly cluster: Cluster;
  readonly storage: Pick<StorageService, 'inventory' | 'running' | 'discardPartial'>;
  readonly leadership: Pick<Leadership, 'hold'>;
  /** Name of the CSI driver. */
  readonly driver: string;
  /** Name of the ConfigMap that keeps first-seen times. */
  readonly stateName: string;
  /** What Events are about: that ConfigMap. */
  readonly about: ObjectReference;
  readonly graceSeconds: number;
  /** Whether partial volumes are removed. Nothing else ever is. */
  readonly deletePartial: boolean;
  readonly observer: OrphanObserver;
  /** Milliseconds since the epoch; replaced in tests. */
  readonly now?: () => number;
}

/** Where the findings go, beside Events. */
export interface OrphanObserver {
  /** Everything that is an orphan now, and what of it this process reports for the first time. */
  orphans(all: readonly BackendObject[], fresh: readonly BackendObject[]): void;
  /** A partial volume was removed. */
  removed(object: BackendObject): void;
  /** A pass ended. `reason` says why it came to no result. */
  ended(outcome: Outcome, reason?: string): void;
  /** A part of a pass failed that the rest does not depend on. */
  failed(what: string, error: unknown): void;
}

/**
 * `done`: compared. `follower`: another process leads. `doubtful`: Kubernetes answered, and its answer, or the names of
 * the configured backends, must not be believed. `abandoned`: something could not be read or written.
 */
export type Outcome = 'done' | 'follower' | 'doubtful' | 'abandoned';

/** Looks for what no one refers to, pass by pass. It reports, and removes nothing by itself but partial volumes. */
export class OrphanController {
  readonly #options: OrphanControllerOptions;
  readonly #freshness = new Freshness();
  /** Orphans that were reported by this process. */
  #reported: ReadonlySet<string> = new Set();
  /** Partial volumes that the RDS did not find to be without data. */
  readonly #leftAlone = new Set<string>();
  #doubtReported = false;

  constructor(options: OrphanControllerOptions) {
    this.#options = options;
  }

  /** One pass; never throws. Any error, and an answer of Kubernetes that cannot be true, ends it without a result. */
  async pass(signal: AbortSignal): Promise<Outcome> {
    const { leadership, observer } = this.#options;
    try {
      const [outcome, reason] = (await leadership.hold(signal)) ? await this.#compare(signal) : (['follower'] as const);
      observer.ended(outcome, reason);
      return outcome;
    } catch (error) {
      observer.ended('abandoned', messageOf(error));
      return 'abandoned';
    }
  }

  async #compare(signal: AbortSignal): Promise<readonly [Outcome, string?]> {
    const { cluster, storage, driver, graceSeconds, stateName, now = Date.now } = this.#options;
    const before = storage.running();
    const inventory = await storage.inventory({ signal });
    const view = await viewOf(cluster, signal);
    const running = new Set([...before, ...storage.running()]);
    const objects = backendObjects(inventory);
    const references = referencesOf(view);
    const doubt =
      this.#freshness.staleness(view) ??
      doubtAbout(objects, view, driver) ??
      doubtAboutNames(mismatchesOf(inventory, references));
    if (doubt !== undefined) return await this.#doubt(doubt, signal);
    const found = findOrphans(inventory, references, running);
    const earlier = await cluster.readState(stateName, signal);
    const total = objects.length;
    const verdict = judge(found, parseFirstSeen(earlier.text), { now: now(), graceSeconds, total });
    if (verdict.isMass) {
      const text = `${found.length} of ${total} objects on the backends look orphaned at once; Kubernetes is doubted, and none is called an orphan`;
      return await this.#doubt(text, signal);
    }
    await cluster.writeState(stateName, { ...earlier, text: printFirstSeen(verdict.firstSeen) }, signal);
    this.#doubtReported = false;
    await this.#repair(inventory, view, signal);
    await this.#report(verdict, signal);
    if (this.#options.deletePartial) await this.#remove(verdict.orphans, { signal });
    return ['done'];
  }

  /** One Event while the doubt lasts, and none about any object. */
  async #doubt(reason: string, signal: AbortSignal): Promise<readonly [Outcome, string]> {
    if (!this.#doubtReported) {
      this.#doubtReported = true;
      await this.#event({ reason: 'OrphanReportDoubtful', message: reason }, signal);
    }
    return ['doubtful', reason];
  }

  async #report({ orphans }: Verdict, signal: AbortSignal): Promise<void> {
    const fresh = orphans.filter(({ id }) => !this.#reported.has(id));
    this.#reported = new Set(orphans.map(({ id }) => id));
    this.#options.observer.orphans(orphans, fresh);
    for (const object of fresh) {
      await this.#event({ reason: 'OrphanFound', message: describe(object), subject: object.id }, signal);
    }
  }

  /** An Event that cannot be written does not end a pass. */
  async #event(note: EventNote, signal: AbortSignal): Promise<void> {
    const { cluster, about, observer } = this.#options;
    try {
      await cluster.event(about, note, signal);
    } catch (error) {
      observer.failed(`the Event ${note.reason}`, error);
    }
  }

  /** Writes the annotations that are missing or wrong. */
  async #repair({ snapshots }: Inventory, { contents }: KubernetesView, signal: AbortSignal): Promise<void> {
    const byId = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
    let repairs = 0;
    for (const content of contents?.items ?? []) {
      const { name, annotations } = content.metadata;
      const { driver } = content.spec;
      const snapshot = byId.get(snapshotHandleOf(content) ?? '');
      const missing = snapshot === undefined ? undefined : missingAnnotations(snapshot, annotations);
      if (driver !== this.#options.driver || missing === undefined) continue;
      if (++repairs > MAX_REPAIRS) return;
      try {
        await this.#options.cluster.annotateContent(name, missing, signal);
      } catch (error) {
        this.#options.observer.failed(`the annotations of ${name}`, error);
        return;
      }
    }
  }

  async #remove(orphans: readonly BackendObject[], call: Call): Promise<void> {
    const { storage, observer } = this.#options;
    const candidates = orphans.filter(
      ({ id, kind, mayBeEmpty, inUse }) => kind === 'partial' && mayBeEmpty && !inUse && !this.#leftAlone.has(id),
    );
    for (const object of candidates.slice(0, MAX_REMOVALS)) {
      try {
        await storage.discardPartial(object.id, call);
      } catch (error) {
        if (error instanceof StorageError && error.kind === 'precondition') this.#leftAlone.add(object.id);
        observer.failed(`removing ${object.id}`, error);
        continue;
      }
      observer.removed(object);
      const message = `removed ${describe(object)}`;
      await this.#event({ reason: 'PartialRemoved', message, subject: object.id }, call.signal);
    }
  }
}

/** One sentence about something that no one refers to. */
export function describe({ id, kind, what, pool, backend, sizeBytes }: BackendObject): string {
  const size = sizeBytes === undefined ? '' : `, ${sizeBytes} bytes`;
  const name = kind === 'partial' ? 'a partial volume' : `a ${kind}`;
  return `${id}: ${name} on ${backend}, ${poolOf({ pool })} (${what}${size}), that nothing in Kubernetes refers to`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
