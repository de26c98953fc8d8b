import type { ConsoleHooks } from '../../../src/simulator/console/hooks.ts';

interface Due {
  left: number;
  readonly act: () => void;
}

/** Does things when the RDS begins the nth statement from now on. */
export class StatementWatch {
  #due: Due[] = [];

  readonly hooks: ConsoleHooks = {
    beforeStatement: () => {
      if (this.#due.length === 0) return;
      for (const one of this.#due) one.left -= 1;
      const now = this.#due.filter(({ left }) => left <= 0);
      this.#due = this.#due.filter(({ left }) => left > 0);
      for (const { act } of now) act();
    },
  };

  at(statement: number, act: () => void): void {
    this.#due.push({ left: statement, act });
  }

  clear(): void {
    this.#due = [];
  }
}

/** Lets no script of the RDS begin a further statement while it is closed. */
export class Gate {
  #closed: PromiseWithResolvers<void> | undefined;
  /** Scripts that wait. */
  held = 0;

  readonly hooks: ConsoleHooks = {
    beforeStatement: () => (this.#closed === undefined ? undefined : this.#hold(this.#closed.promise)),
  };

  close(): void {
    this.#closed ??= Promise.withResolvers();
  }

  open(): void {
    this.#closed?.resolve();
    this.#closed = undefined;
  }

  async #hold(opening: Promise<void>): Promise<void> {
    this.held += 1;
    await opening;
    this.held -= 1;
  }
}
