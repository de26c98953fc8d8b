import type { Block } from './ast.ts';
import { isScriptError, SyntaxProblem } from './errors.ts';
import { Interpreter, type Statement } from './interpreter.ts';
import type { Menus } from './menu.ts';
import { parseLine } from './parser.ts';
import { Scope } from './scope.ts';

export type { Statement };

/** Where a fault injector or a counter watches a script run. */
export interface ConsoleHooks {
  /**
   * Awaited before each command runs, those in `[…]` and in blocks included. It may delay. A `DeviceFailure` or
   * `ScriptFailure` that it throws fails the command, and the script may catch that; anything else kills the script.
   */
  beforeStatement?(statement: Statement): Promise<void> | void;
}

/**
 * The console of the simulated device. In case of doubt it is stricter than a real one: a script that it takes should
 * run there, not the other way round.
 */
export class Console {
  readonly #menus: Menus;
  readonly #hooks: ConsoleHooks;

  constructor(menus: Menus, hooks: ConsoleHooks = {}) {
    this.#menus = menus;
    this.#hooks = hooks;
  }

  /**
   * Runs one line as `ssh host '<line>'` does. The whole line is parsed before anything runs; output comes through
   * `write` in lines that end in CRLF, and errors are text in the same stream (docs/routeros.md, 1.1).
   *
   * @throws what a hook or a menu threw that is not a script error; the script ends there. Script errors never reject.
   */
  async run(line: string, write: (text: string) => void): Promise<void> {
    const print = (text: string) => write(`${text}\r\n`);
    const block = this.#parse(line, print);
    if (block === undefined) {
      return;
    }
    const interpreter = new Interpreter(this.#menus, (statement) => this.#hooks.beforeStatement?.(statement), print);
    try {
      await interpreter.runBlock(block, new Scope());
    } catch (error) {
      if (!isScriptError(error)) {
        throw error;
      }
      print(error.message);
    }
  }

  #parse(line: string, print: (text: string) => void): Block | undefined {
    try {
      return parseLine(line, this.#menus);
    } catch (error) {
      if (error instanceof SyntaxProblem) {
        print(error.message);
        return undefined;
      }
      throw error;
    }
  }
}
