import type { Block } from './ast.ts';
import { type Dialect, PLAIN_DIALECT } from './dialect.ts';
import { isScriptError, SyntaxProblem } from './errors.ts';
import { Execution } from './execution.ts';
import type { ConsoleHooks, Statement } from './hooks.ts';
import { Interpreter } from './interpreter.ts';
import type { Menus } from './menu.ts';
import { parseLine } from './parser.ts';
import { Scope } from './scope.ts';

export type { ConsoleHooks, Statement };

/**
 * The console of the simulated device. In case of doubt it is stricter than a real one: a script that it takes should
 * run there, not the other way round.
 */
export class Console {
  readonly #menus: Menus;
  readonly #hooks: ConsoleHooks;
  readonly #dialect: () => Dialect;

  /** @param dialect Asked at the beginning of each line. */
  constructor(menus: Menus, hooks: ConsoleHooks = {}, dialect: () => Dialect = () => PLAIN_DIALECT) {
    this.#menus = menus;
    this.#hooks = hooks;
    this.#dialect = dialect;
  }

  /**
   * Runs one line as `ssh host '<line>'` does. The whole line is parsed before anything runs; output comes through
   * `write` in lines that end in CRLF, and errors are text in the same stream (docs/routeros.md, 1.1).
   *
   * @param execution Learns whether the line failed, and may be killed from outside.
   * @throws what a hook or a menu threw that is not a script error, `ScriptKilled` when it was killed; the script ends
   *   there. Script errors never reject.
   */
  async run(line: string, write: (text: string) => void, execution = new Execution(line)): Promise<void> {
    const print = (text: string) => write(`${text}\r\n`);
    const block = this.#parse(line, print);
    if (block === undefined) {
      execution.fail();
      return;
    }
    const around = { menus: this.#menus, hooks: this.#hooks, dialect: this.#dialect(), print, execution };
    const interpreter = new Interpreter(around);
    try {
      await interpreter.runBlock(block, new Scope());
    } catch (error) {
      if (!isScriptError(error)) {
        throw error;
      }
      execution.fail();
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
