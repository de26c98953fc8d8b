import type { Expression, LackingCommand, MenuCommand } from './ast.ts';
import type { Menu } from './menu.ts';
import { parseExpression } from './parse-expression.ts';
import type { ParseState } from './parse-state.ts';
import { parseValue } from './parse-value.ts';

/** Arguments that stand without a value, and mean something to the simulator. */
const flagNames: ReadonlySet<string> = new Set([
  'as-value',
  'brief',
  'count-only',
  'detail',
  'show-ids',
  'show-sensitive',
  'terse',
  'without-paging',
]);

/** Arguments of `print` that take a value here. The device has more; a script that uses them is refused. */
const printValues: ReadonlySet<string> = new Set(['from', 'order-by', 'proplist']);

/** Arguments of `get` here. */
const getValues: ReadonlySet<string> = new Set(['number', 'value-name']);

/** Arguments that may be given without their name, in this order, where the command has them. */
const positional = ['numbers', 'number', 'value-name', 'message'];

interface Collected {
  readonly args: Map<string, Expression>;
  readonly flags: Set<string>;
  where?: Expression;
  itemColumn: number;
}

/** Parses `/path/command …` and `/path command …`; inside another command's arguments also `command …` alone. */
export function parseMenuCommand(state: ParseState): MenuCommand | LackingCommand {
  const { lexer } = state;
  const start = lexer.offset;
  const found = parsePath(state, lexer.accept('/') ? '' : state.menuPath);
  if ('lacking' in found) {
    lexer.skipCommand();
    return { kind: 'lacking', path: found.lacking, text: lexer.text.slice(start, lexer.offset).trimEnd() };
  }
  const { menu, command } = found;
  const collected = state.inMenu(menu.path, () => parseArguments(state, menu, command));
  return { kind: 'menu', menu, command, text: lexer.text.slice(start, lexer.offset).trimEnd(), ...collected };
}

function parseArguments(state: ParseState, menu: Menu, command: string): Collected {
  const { lexer } = state;
  const offered = menu.commands[command] ?? [];
  const known = accepted(command, offered);
  const waiting = positional.filter((name) => known.includes(name));
  const collected: Collected = { args: new Map(), flags: new Set(), itemColumn: lexer.column() };
  for (;;) {
    const before = lexer.offset;
    lexer.skipBlanks();
    if (lexer.atCommandEnd) {
      break;
    }
    if (before === lexer.offset) {
      lexer.fail('expected end of command');
    }
    parseArgument(state, { name: `${menu.path}/${command}`, command, offered, known }, waiting, collected);
  }
  requireItem(state, command, offered, collected);
  return collected;
}

/** The arguments of a command that the simulator carries out: the menu's, cut down for the table commands. */
function accepted(command: string, known: readonly string[]): readonly string[] {
  switch (command) {
    case 'print':
      return known.filter((name) => flagNames.has(name) || printValues.has(name) || name === 'where');
    case 'get':
      return known.filter((name) => getValues.has(name));
    default:
      return known;
  }
}

function parsePath(state: ParseState, from: string): { menu: Menu; command: string } | { lacking: string } {
  const { lexer, menus } = state;
  const [paths, unsimulated] = [menus.paths(), menus.unsimulated()];
  let path = from;
  for (;;) {
    const start = lexer.offset;
    const word = lexer.take(/[A-Za-z0-9-]+/y) ?? lexer.fail('expected command name');
    const deeper = `${path}/${word}`;
    if (unsimulated.includes(deeper)) return { lacking: deeper };
    if (![...paths, ...unsimulated].some((known) => known === deeper || known.startsWith(`${deeper}/`))) {
      const menu = menus.find(path);
      return menu !== undefined && Object.hasOwn(menu.commands, word)
        ? { menu, command: word }
        : lexer.fail(`bad command name ${word}`, start);
    }
    path = deeper;
    if (!lexer.accept('/')) {
      lexer.skipBlanks();
    }
  }
}

/** A command while its arguments are being read. */
interface Reading {
  /** With the path of its menu. */
  readonly name: string;
  readonly command: string;
  /** The arguments that the device has. */
  readonly offered: readonly string[];
  /** Those of them that are carried out. */
  readonly known: readonly string[];
}

function parseArgument(state: ParseState, reading: Reading, waiting: string[], into: Collected): void {
  const { lexer } = state;
  const { name: path, command, offered, known } = reading;
  const start = lexer.offset;
  const word = lexer.peek(/[A-Za-z.][A-Za-z0-9.-]*/y) ?? '';
  const after = lexer.text.charAt(start + word.length);
  if (word === 'where' && known.includes('where') && after !== '=') {
    lexer.skip(word.length);
    into.where = parseWhere(state);
  } else if (command === 'find') {
    // `find` takes its conditions without the word as well.
    into.where = parseWhere(state);
  } else if (word !== '' && after === '=') {
    parseNamed(state, word, reading, into);
  } else if (known.includes(word) && flagNames.has(word)) {
    lexer.skip(word.length);
    into.flags.add(word);
  } else if (offered.includes(word) && !known.includes(word)) {
    lexer.lack(`${path} ${word}`);
  } else {
    const name = waiting.shift() ?? lexer.fail(word === '' ? stray(lexer.next) : 'expected end of command');
    take(state, name, into);
  }
}

/** An apostrophe is no token at all; other strays are a token too many. */
function stray(character: string): string {
  return character === "'" ? 'syntax error' : 'expected end of command';
}

function parseNamed(state: ParseState, name: string, { name: path, offered, known }: Reading, into: Collected): void {
  const { lexer } = state;
  if (offered.includes(name) && !known.includes(name)) lexer.lack(`${path} ${name}=`);
  if (!known.includes(name) || flagNames.has(name) || name === 'where') {
    lexer.fail(`bad parameter ${name}`);
  }
  if (into.args.has(name)) {
    lexer.fail('expected end of command');
  }
  lexer.skip(name.length + 1);
  if (lexer.atCommandEnd || lexer.next === ' ' || lexer.next === '\t') {
    lexer.fail('expected end of command');
  }
  take(state, name, into);
}

function take(state: ParseState, name: string, into: Collected): void {
  if (name === 'numbers' || name === 'number') {
    into.itemColumn = state.lexer.column();
  }
  into.args.set(name, parseValue(state, 'text'));
}

/** Parses the conditions: everything up to the end of the command. */
function parseWhere(state: ParseState): Expression {
  const { lexer } = state;
  lexer.skipBlanks();
  if (lexer.atCommandEnd) {
    lexer.fail('expected input value');
  }
  const where = parseExpression(state, 'where');
  lexer.skipBlanks();
  return lexer.atCommandEnd ? where : lexer.fail(stray(lexer.next));
}

/** A command on items has to say which: over exec no one answers the device's question. */
function requireItem(state: ParseState, command: string, known: readonly string[], { args }: Collected): void {
  for (const name of ['numbers', 'number']) {
    if (command !== 'print' && known.includes(name) && !args.has(name)) {
      state.lexer.fail('expected item id');
    }
  }
}
