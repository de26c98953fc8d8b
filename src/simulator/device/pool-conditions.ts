import type { PoolCondition } from '../faults/fault.ts';

const WELL: Required<Omit<PoolCondition, 'pool'>> = {
  full: false,
  readOnly: false,
  mounted: true,
  swappedFor: null,
  removalMs: 0,
  missingDevice: false,
  deviceErrors: 0,
  criticalWarning: 0,
  ioErrors: 0,
};

/** What is wrong with the pools of a device, by label. Kept in memory: a device that starts again is well. */
export class PoolConditions {
  readonly #labels: ReadonlySet<string>;
  readonly #current = new Map<string, typeof WELL>();
  #version = 0;

  constructor(labels: Iterable<string>) {
    this.#labels = new Set(labels);
  }

  /** Grows with every change, so that what is derived from the conditions can be kept until then. */
  get version(): number {
    return this.#version;
  }

  of(label: string): typeof WELL {
    return this.#current.get(label) ?? WELL;
  }

  /**
   * Changes what the condition names and leaves the rest.
   *
   * @throws Error when the device has no such pool.
   */
  set({ pool, ...changes }: PoolCondition): void {
    if (!this.#labels.has(pool)) throw new Error(`there is no pool ${pool}, only ${[...this.#labels].join(', ')}`);
    this.#current.set(pool, { ...this.of(pool), ...changes });
    this.#version += 1;
  }

  heal(): void {
    this.#current.clear();
    this.#version += 1;
  }
}
