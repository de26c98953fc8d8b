import { type Condition, type ConditionCode, codesOf } from '../../failures/conditions.ts';
import type { Metrics } from '../../observability/metrics.ts';

const CODES = codesOf({ about: 'volume', seenBy: 'node' });
/** A volume that was not looked at for so long counts no more, in ms: the kubelet asks for its usage every minute. */
const FORGET_MS = 300_000;
/** How long a lost connection must have lasted before it is reported, in ms: an RDS that restarts is back within minutes. */
const LASTING_MS = 60_000;
/** Reported by the error of the call that meets them. */
const BY_ERROR: ReadonlySet<ConditionCode> = new Set(['FilesystemGaveUp', 'FilesystemDamaged']);

export interface HealthWatchOptions {
  readonly metrics: Metrics;
  /** Reports a condition of a volume. Returns at once and never throws. */
  readonly report: (volumeId: string, condition: Condition) => void;
  /** Reports that a volume has none of what was reported any more. Returns at once and never throws. */
  readonly recovered: (volumeId: string) => void;
  /** Milliseconds that only go forward; replaced in tests. */
  readonly now?: () => number;
}

interface Seen {
  readonly at: number;
  /** Since when each of its conditions is so. */
  readonly since: ReadonlyMap<ConditionCode, number>;
}

/**
 * Keeps how the volumes of the node were at the last look at each: for metrics, and to report what lasts. It looks at nothing
 * itself: the kubelet asks for the usage of every volume each minute, and each answer takes such a look.
 */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();
  readonly #reported = new Set<string>();

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    options.metrics.beforeReading(() => this.#measure());
  }

  /** Takes note of a look at a volume, or that this node no longer has it. */
  note(volumeId: string, conditions: readonly Condition[] | 'gone'): void {
    const before = this.#seen.get(volumeId)?.since;
    this.#seen.delete(volumeId);
    if (conditions === 'gone' || conditions.length === 0) {
      if (this.#reported.delete(volumeId)) this.#options.recovered(volumeId);
    }
    if (conditions === 'gone') return;
    const now = this.#now();
    const since = new Map(conditions.map(({ code }) => [code, before?.get(code) ?? now]));
    this.#seen.set(volumeId, { at: now, since });
    for (const condition of conditions) {
      const { code } = condition;
      const lasted = now - (since.get(code) ?? now);
      if (BY_ERROR.has(code) || (code === 'ConnectionLost' && lasted < LASTING_MS)) continue;
      this.#reported.add(volumeId);
      this.#options.report(volumeId, condition);
    }
  }

  /** Of volumes that no one looks at nothing is known, which is no 0. */
  #measure(): void {
    const oldest = this.#now() - FORGET_MS;
    for (const [id, { at }] of this.#seen) if (at < oldest) this.#seen.delete(id);
    const all = [...this.#seen.values()];
    for (const condition of CODES) {
      if (all.length === 0) this.#options.metrics.forget('nodeVolumeConditions', { condition });
      else
        this.#options.metrics.set(
          'nodeVolumeConditions',
          { condition },
          all.filter(({ since }) => since.has(condition)).length,
        );
    }
  }
}
