import { type Condition, type ConditionCode, codesOf, type Look } from '../../failures/conditions.ts';
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
  /** Reports the end of what was reported. Returns at once and never throws. */
  readonly recovered: (volumeId: string, code: ConditionCode, how: 'well' | 'gone') => void;
  /** Milliseconds that only go forward; replaced in tests. */
  readonly now?: () => number;
}

interface Seen {
  readonly at: number;
  /** As the last look that could judge each has found: since when it is so, undefined when it is not. */
  readonly known: ReadonlyMap<ConditionCode, number | undefined>;
}

/**
 * Keeps how the volumes of the node were at the last look at each: for metrics, and to report what lasts. It looks at nothing
 * itself: the kubelet asks for the usage of every volume each minute, and each answer takes such a look.
 */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();
  /** By volume. */
  readonly #reported = new Map<string, Set<ConditionCode>>();

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    options.metrics.beforeReading(() => this.#measure());
  }

  /**
   * Takes note of a look at a volume, or that this node no longer has it. A condition is over when a look that could judge it
   * has not found it: one while the pod ends, and nothing is mounted any more, sees none and says nothing.
   */
  note(volumeId: string, look: Look | 'gone'): void {
    if (look === 'gone') {
      this.#seen.delete(volumeId);
      this.#end(volumeId, [...(this.#reported.get(volumeId) ?? [])], 'gone');
      return;
    }
    const { conditions, examined } = look;
    if (examined.length === 0) return;
    const now = this.#now();
    const known = this.#knownOf(volumeId, now);
    const over = examined.filter((code) => !conditions.some((condition) => condition.code === code));
    for (const code of over) known.set(code, undefined);
    for (const { code } of conditions) known.set(code, known.get(code) ?? now);
    this.#seen.set(volumeId, { at: now, known });
    this.#end(volumeId, over, 'well');
    for (const condition of conditions) {
      const { code } = condition;
      const lasted = now - (known.get(code) ?? now);
      if (BY_ERROR.has(code) || (code === 'ConnectionLost' && lasted < LASTING_MS)) continue;
      this.#reported.set(volumeId, (this.#reported.get(volumeId) ?? new Set()).add(code));
      this.#options.report(volumeId, condition);
    }
  }

  /** What was known before, unless that is too old to go on. */
  #knownOf(volumeId: string, now: number): Map<ConditionCode, number | undefined> {
    const before = this.#seen.get(volumeId);
    return new Map(before !== undefined && now - before.at <= FORGET_MS ? before.known : []);
  }

  #end(volumeId: string, codes: readonly ConditionCode[], how: 'well' | 'gone'): void {
    const reported = this.#reported.get(volumeId);
    for (const code of codes) if (reported?.delete(code)) this.#options.recovered(volumeId, code, how);
    if (reported?.size === 0) this.#reported.delete(volumeId);
  }

  /** Of what no look could judge nothing is known, which is no 0. */
  #measure(): void {
    const oldest = this.#now() - FORGET_MS;
    for (const [id, { at }] of this.#seen) if (at < oldest) this.#seen.delete(id);
    for (const condition of CODES) {
      const all = [...this.#seen.values()].filter(({ known }) => known.has(condition));
      const count = all.filter(({ known }) => known.get(condition) !== undefined).length;
      if (all.length === 0) this.#options.metrics.forget('nodeVolumeConditions', { condition });
      else this.#options.metrics.set('nodeVolumeConditions', { condition }, count);
    }
  }
}
