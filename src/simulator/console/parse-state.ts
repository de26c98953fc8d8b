import type { Block, Command, Expression } from './ast.ts';
import type { Lexer } from './lexer.ts';
import type { Menus } from './menu.ts';

/** Where an expression stands. In a `where` clause a bare word is a property of the row. */
export type Mode = 'script' | 'where';

/** The rules that others refer back to. Passing them along keeps the parser's files free of import cycles. */
export interface Grammar {
  command(state: ParseState): Command;
  expression(state: ParseState, mode: Mode): Expression;
  block(state: ParseState, variables: readonly string[]): Block;
}

/** The state of one parse: the cursor, and the variables in scope. */
export class ParseState {
  readonly lexer: Lexer;
  readonly menus: Menus;
  readonly grammar: Grammar;
  #scopes: Set<string>[] = [new Set()];
  #menuPath = '';

  /** The menu whose command is being read, so that `[find …]` among its arguments means that menu's; '' outside. */
  get menuPath(): string {
    return this.#menuPath;
  }

  constructor(lexer: Lexer, menus: Menus, grammar: Grammar) {
    this.lexer = lexer;
    this.menus = menus;
    this.grammar = grammar;
  }

  declare(name: string): void {
    this.#scopes.at(-1)?.add(name);
  }

  /**
   * Checks that a variable is declared. Stricter than the device, which is silent about some undeclared variables and
   * takes them for nothing: here a misspelt name never passes.
   */
  require(name: string, offset: number): void {
    if (!this.#scopes.some((scope) => scope.has(name))) {
      this.lexer.fail(`bad variable name ${name}`, offset);
    }
  }

  /** Runs a parser for the arguments of a command of a menu. */
  inMenu<T>(path: string, parse: () => T): T {
    const outer = this.#menuPath;
    this.#menuPath = path;
    try {
      return parse();
    } finally {
      this.#menuPath = outer;
    }
  }

  /** Runs a parser in an inner scope that starts with some variables. */
  scoped<T>(variables: readonly string[], parse: () => T): T {
    this.#scopes.push(new Set(variables));
    try {
      return parse();
    } finally {
      this.#scopes.pop();
    }
  }
}
