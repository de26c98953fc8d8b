import type { ConsoleHooks, Statement } from '../../../src/simulator/console/hooks.ts';

/** What one call ran on the RDS. */
export interface Recording {
  readonly statements: readonly Statement[];
  readonly execs: number;
  /** Bytes that the RDS sent back, of all execs together. */
  readonly answerBytes: number;
}

/** Something that happens right before or after a statement has run; the script waits for it. */
export interface Strike {
  /** Counted from 1 since the last {@link Recorder.take}. */
  readonly nth: number;
  readonly when: 'before' | 'after';
  act(): Promise<void>;
}

/** Writes down every statement that an RDS runs, and may strike at one. Its {@link hooks} go to the simulator. */
export class Recorder {
  #statements: Statement[] = [];
  #strike: Strike | undefined;
  /** The statement behind which the strike waits. */
  #awaited: Statement | undefined;

  readonly hooks: ConsoleHooks = {
    beforeStatement: async (statement) => {
      this.#statements.push(statement);
      if (this.#strike?.nth !== this.#statements.length) return;
      if (this.#strike.when === 'before') await this.#act();
      else this.#awaited = statement;
    },
    afterStatement: async (statement) => {
      if (this.#awaited !== statement) return;
      this.#awaited = undefined;
      await this.#act();
    },
  };

  /** Statements since the last call of this. */
  take(): Statement[] {
    const taken = this.#statements;
    this.#statements = [];
    return taken;
  }

  /** Strikes once, at a statement to come. */
  arm(strike: Strike): void {
    this.take();
    this.#strike = strike;
  }

  /** Whether the strike is yet to come. */
  get isArmed(): boolean {
    return this.#strike !== undefined;
  }

  async #act(): Promise<void> {
    const strike = this.#strike;
    this.#strike = undefined;
    await strike?.act();
  }
}
