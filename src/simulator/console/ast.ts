import type { Menu } from './menu.ts';
import type { Value } from './value.ts';

/** What the parser makes of a line. Names are resolved: every menu, command, argument and variable is known to exist. */

export type BinaryOperator =
  | 'or'
  | 'and'
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '~'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '.'
  | '->';

export type Expression = Literal | Template | Variable | Property | Unary | Binary | ArrayLiteral | Substitution;

interface Literal {
  readonly kind: 'literal';
  readonly value: Value;
}

/** A quoted string with something live in it: the parts are turned into text and joined. */
interface Template {
  readonly kind: 'template';
  readonly parts: readonly Expression[];
}

interface Variable {
  readonly kind: 'variable';
  readonly name: string;
}

/** A bare property name; occurs only in a `where` clause. */
interface Property {
  readonly kind: 'property';
  readonly name: string;
}

interface Unary {
  readonly kind: 'unary';
  readonly operator: '!' | '-';
  readonly operand: Expression;
}

export interface Binary {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

export interface ArrayLiteral {
  readonly kind: 'array';
  readonly elements: readonly { readonly key?: string; readonly value: Expression }[];
}

/** `[command]`: the command's value. */
export interface Substitution {
  readonly kind: 'substitution';
  readonly command: Command;
}

/** Statements in `{ }`, with a scope of their own. */
export interface Block {
  readonly commands: readonly Command[];
}

export type Command = Builtin | MenuCommand | LackingCommand;

/** `:name …` */
export interface Builtin {
  readonly kind: 'builtin';
  /** Without the colon. */
  readonly name: string;
  readonly text: string;
  /** Variables that the command declares (`:local`) or binds in its block (`:foreach`). */
  readonly variables: readonly string[];
  /** What `:set` assigns to. */
  readonly target?: Target;
  readonly values: ReadonlyMap<string, Expression>;
  readonly blocks: ReadonlyMap<string, Block>;
}

/** A variable, or an element inside it reached by keys: `x`, `($x->"k"->0)`. */
export interface Target {
  readonly name: string;
  readonly keys: readonly Expression[];
}

/** A command of a menu that the device has and the simulator has not: it parses, as it does there, and fails when it runs. */
export interface LackingCommand {
  readonly kind: 'lacking';
  /** Path of the menu. */
  readonly path: string;
  readonly text: string;
}

/** `/path/command …` */
export interface MenuCommand {
  readonly kind: 'menu';
  readonly menu: Menu;
  readonly command: string;
  readonly text: string;
  readonly args: ReadonlyMap<string, Expression>;
  /** Arguments without a value, such as `detail`. */
  readonly flags: ReadonlySet<string>;
  readonly where?: Expression;
  /** Byte column of the item argument, for errors about it. */
  readonly itemColumn: number;
}
