import { setImmediate } from 'node:timers/promises';
import type { Block, Builtin, Command, Expression, MenuCommand, Substitution } from './ast.ts';
import { functions } from './builtins.ts';
import { controls } from './control.ts';
import { toMilliseconds, toText } from './conversions.ts';
import type { Dialect } from './dialect.ts';
import { isScriptError, ScriptFailure, SyntaxProblem } from './errors.ts';
import { type Environment, evaluate, substitutions, withElement } from './evaluate.ts';
import type { Execution } from './execution.ts';
import type { ConsoleHooks, Statement } from './hooks.ts';
import type { Menu, Menus } from './menu.ts';
import { Matcher } from './operators.ts';
import { describeCommand } from './parse-report.ts';
import { parseLine } from './parser.ts';
import { knownProperties } from './properties.ts';
import { Scope } from './scope.ts';
import { callMenu } from './table.ts';
import { nothing, type Value } from './value.ts';

/** What a run takes from around it. */
export interface Surroundings {
  readonly menus: Menus;
  readonly hooks: ConsoleHooks;
  /** Prints one line of output. */
  readonly print: (line: string) => void;
  readonly execution: Execution;
  readonly dialect: Dialect;
}

/** Runs one parsed line. */
export class Interpreter {
  readonly #menus: Menus;
  readonly #hooks: ConsoleHooks;
  readonly #print: (line: string) => void;
  readonly #execution: Execution;
  readonly #dialect: Dialect;
  readonly #matcher: Matcher;

  constructor({ menus, hooks, print, execution, dialect }: Surroundings) {
    this.#menus = menus;
    this.#hooks = hooks;
    this.#print = print;
    this.#execution = execution;
    this.#dialect = dialect;
    this.#matcher = new Matcher(dialect.intervals);
  }

  /** Runs commands one after the other; the first that fails ends the block (docs/routeros.md, 1.1). */
  async runBlock(block: Block, scope: Scope): Promise<void> {
    for (const command of block.commands) {
      await this.#run(command, scope, true);
    }
  }

  async evaluate(expression: Expression, scope: Scope): Promise<Value> {
    return evaluate(expression, {
      ...(await this.#environment(expression, scope)),
      property: () => nothing,
    });
  }

  /** Lets other scripts run, as they do on the device. */
  async pause(): Promise<void> {
    await setImmediate();
  }

  /** Runs the `[…]` of an expression and gathers what it is evaluated against. */
  async #environment(expression: Expression, scope: Scope): Promise<Omit<Environment, 'property'>> {
    const results = new Map<Substitution, Value>();
    for (const substitution of substitutions(expression)) {
      results.set(substitution, await this.#run(substitution.command, scope, false));
    }
    return this.#against(scope, results);
  }

  #against(scope: Scope, results: ReadonlyMap<Substitution, Value> = new Map()): Omit<Environment, 'property'> {
    return {
      variable: (name) => scope.get(name),
      result: (substitution) => results.get(substitution) ?? nothing,
      matcher: this.#matcher,
    };
  }

  async #run(command: Command, scope: Scope, bare: boolean): Promise<Value> {
    const execution = this.#execution;
    const statement = statementOf(command);
    await execution.outlive(this.#hooks.beforeStatement?.(statement, execution));
    let value: Value;
    try {
      value = await this.#carryOut(command, scope, bare);
    } catch (error) {
      if (isScriptError(error)) {
        await execution.outlive(this.#hooks.afterStatement?.(statement, execution));
      }
      throw error;
    }
    await execution.outlive(this.#hooks.afterStatement?.(statement, execution));
    await this.pause();
    return value;
  }

  async #carryOut(command: Command, scope: Scope, bare: boolean): Promise<Value> {
    switch (command.kind) {
      case 'menu':
        return await this.#runMenu(command, scope, bare);
      case 'builtin':
        return await this.#runBuiltin(command, scope);
      case 'lacking':
        throw new ScriptFailure(`action failed (6): the simulator does not carry out ${command.path}`);
    }
  }

  async #runMenu(node: MenuCommand, scope: Scope, bare: boolean): Promise<Value> {
    const args = new Map<string, Value>();
    for (const [name, expression] of node.args) {
      args.set(name, await this.evaluate(expression, scope));
    }
    const { menu, where } = node;
    const outside = where ? await this.#whereEnvironment(menu, where, scope) : this.#against(scope);
    const { user } = this.#execution;
    return callMenu({ node, args, outside, bare, dialect: this.#dialect, user, print: this.#print });
  }

  async #whereEnvironment(menu: Menu, where: Expression, scope: Scope): Promise<Omit<Environment, 'property'>> {
    // In a `[…]` inside the clause, too, `$slot` is not the variable. Which row's property it is then, is unknown.
    const hidden = [...knownProperties(menu, [])].map((name) => [name, nothing] as const);
    const { result } = await this.#environment(where, new Scope(scope, hidden));
    return { ...this.#against(scope), result };
  }

  async #runBuiltin(node: Builtin, scope: Scope): Promise<Value> {
    const control = controls.get(node.name);
    if (control) {
      await control(node, scope, this);
      return nothing;
    }
    const values = new Map<string, Value>();
    for (const [name, expression] of node.values) {
      values.set(name, await this.evaluate(expression, scope));
    }
    const argument = (name: string) => values.get(name) ?? nothing;
    const compute = functions.get(node.name);
    return compute ? compute(argument, this.#dialect) : this.#act(node, argument, scope);
  }

  /** The builtins that do something besides computing a value. */
  async #act(node: Builtin, argument: (name: string) => Value, scope: Scope): Promise<Value> {
    const [variable = ''] = node.variables;
    switch (node.name) {
      case 'local':
        scope.declare(variable, argument('value'));
        return nothing;
      case 'set':
        await this.#assign(node, argument('value'), scope);
        return nothing;
      case 'put':
        this.#print(toText(argument('message')));
        return nothing;
      case 'delay':
        await this.#execution.sleep(toMilliseconds(argument('delay-time')));
        return nothing;
      case 'parse':
        return this.#parse(toText(argument('value')));
      default:
        throw new ScriptFailure(`${toText(argument('message'))} (:error; line 1)`);
    }
  }

  async #assign({ target }: Builtin, value: Value, scope: Scope): Promise<void> {
    if (target === undefined) {
      return;
    }
    const keys: Value[] = [];
    for (const key of target.keys) {
      keys.push(await this.evaluate(key, scope));
    }
    scope.assign(target.name, withElement(scope.get(target.name), keys, value));
  }

  /** `:parse` as a dry run: `(evl …)` for what parses, else the error's text (docs/routeros.md, 1.4). */
  #parse(text: string): string {
    try {
      return parseLine(text, this.#menus).commands.map(describeCommand).join('');
    } catch (error) {
      if (error instanceof SyntaxProblem) {
        return error.message;
      }
      throw error;
    }
  }
}

function statementOf(command: Command): Statement {
  if (command.kind === 'lacking') return { text: command.text, path: command.path, command: '' };
  return command.kind === 'menu'
    ? { text: command.text, path: command.menu.path, command: command.command }
    : { text: command.text, command: `:${command.name}` };
}
