/** What the simulator has been asked to do since it started or was reset. */
export interface CounterValues {
  /** Connections that logged in. */
  readonly connections: number;
  /** Commands that were sent for execution, also those that failed. */
  readonly execs: number;
  /** Statements that ran, those within blocks and brackets included. */
  readonly statements: number;
}

/** Counts, so that a claim such as "one exec per call" is measured. */
export class Counters {
  #values: CounterValues = { connections: 0, execs: 0, statements: 0 };

  count(name: keyof CounterValues): void {
    this.#values = { ...this.#values, [name]: this.#values[name] + 1 };
  }

  reset(): void {
    this.#values = { connections: 0, execs: 0, statements: 0 };
  }

  get values(): CounterValues {
    return this.#values;
  }
}
