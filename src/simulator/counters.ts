/** What the simulator has been asked to do since it started or was reset. */
export interface CounterValues {
  /** Connections that logged in. */
  readonly connections: number;
  /** Commands that were sent for execution, also those that failed. */
  readonly execs: number;
  /** Statements that ran, those within blocks and brackets included. */
  readonly statements: number;
  /** Time that commands took to run in ms, the latency before them left out: the device's own part of an exec. */
  readonly busyMs: number;
  /** Bytes that commands printed, before any fault of the output. */
  readonly outputBytes: number;
}

const NONE: CounterValues = { connections: 0, execs: 0, statements: 0, busyMs: 0, outputBytes: 0 };

/** Counts, so that a claim such as "one exec per call" is measured. */
export class Counters {
  #values = NONE;

  count(name: keyof CounterValues, amount = 1): void {
    this.#values = { ...this.#values, [name]: this.#values[name] + amount };
  }

  reset(): void {
    this.#values = NONE;
  }

  get values(): CounterValues {
    return this.#values;
  }
}
