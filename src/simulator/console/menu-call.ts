import type { MenuCommand } from './ast.ts';
import type { Dialect } from './dialect.ts';
import type { Environment } from './evaluate.ts';
import type { Value } from './value.ts';

/** One call of a command on a menu, its arguments evaluated. */
export interface MenuCall {
  readonly node: MenuCommand;
  readonly args: ReadonlyMap<string, Value>;
  /** What the `where` clause takes from the script. */
  readonly outside: Omit<Environment, 'property'>;
  /** Whether the command stands alone, so that its value goes nowhere. */
  readonly bare: boolean;
  readonly dialect: Dialect;
  /** The account that runs it; undefined for the device itself. */
  readonly user: string | undefined;
  /** Prints one line. */
  readonly print: (line: string) => void;
}
