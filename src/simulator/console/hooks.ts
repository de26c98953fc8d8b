import type { Execution } from './execution.ts';

/** What an observer learns of a command. */
export interface Statement {
  /** The command as it stands in the line. */
  readonly text: string;
  /** The menu's path, for a menu's command. */
  readonly path?: string;
  /** `add`, or `:put` with the colon for a builtin. */
  readonly command?: string;
}

/** Where a fault injector or a counter watches a script run. */
export interface ConsoleHooks {
  /**
   * Awaited before each command runs, those in `[…]` and in blocks included. It may delay. A `DeviceFailure` or
   * `ScriptFailure` that it throws fails the command, and the script may catch that; anything else kills the script.
   */
  beforeStatement?(statement: Statement, execution: Execution): Promise<void> | void;
  /** As `beforeStatement`, once the command took effect or failed. It gets the same object as `beforeStatement` did. */
  afterStatement?(statement: Statement, execution: Execution): Promise<void> | void;
}

/** Asks one after the other. A promise is only made where one of them makes one. */
export function inSequence(all: readonly ConsoleHooks[]): ConsoleHooks {
  const ask =
    (name: keyof ConsoleHooks): Required<ConsoleHooks>[keyof ConsoleHooks] =>
    (statement, execution) => {
      let pending: Promise<void> | undefined;
      for (const hooks of all) {
        const next = () => hooks[name]?.(statement, execution);
        pending = pending === undefined ? (next() ?? undefined) : pending.then(next);
      }
      return pending;
    };
  return { beforeStatement: ask('beforeStatement'), afterStatement: ask('afterStatement') };
}
