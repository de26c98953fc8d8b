import type { ConsoleHooks } from '../../../src/simulator/console/hooks.ts';
import type { Simulator } from '../../../src/simulator/simulate.ts';

/** Does something when the box begins the nth statement from now on. */
export class StatementWatch {
  #left = 0;
  #act: () => void = () => undefined;

  readonly hooks: ConsoleHooks = {
    beforeStatement: () => {
      this.#left -= 1;
      if (this.#left === 0) this.#act();
    },
  };

  /** Replaces what was set before. */
  at(statement: number, act: () => void): void {
    this.#left = statement;
    this.#act = act;
  }

  clear(): void {
    this.#left = 0;
  }
}

/** How many scripts run on a box: it counts an exec when it begins, and the time that it took when it ends. */
export class RunningScripts {
  #running = 0;

  constructor({ counters }: Simulator) {
    const count = counters.count.bind(counters);
    counters.count = (name, amount) => {
      if (name === 'execs') this.#running += 1;
      if (name === 'busyMs') this.#running -= 1;
      count(name, amount);
    };
  }

  get idle(): boolean {
    return this.#running === 0;
  }
}
