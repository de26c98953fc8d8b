import type { Block, Command } from './ast.ts';
import { Lexer } from './lexer.ts';
import type { Menus } from './menu.ts';
import { parseBuiltin } from './parse-builtin.ts';
import { parseExpression } from './parse-expression.ts';
import { parseMenuCommand } from './parse-menu-command.ts';
import { type Grammar, ParseState } from './parse-state.ts';
import { isDeviceWord } from './signatures.ts';

const grammar: Grammar = { command: parseCommand, expression: parseExpression, block: parseBlock };

/**
 * Parses one whole line, nothing of which has run yet.
 *
 * @throws SyntaxProblem with the text and the byte column that the device would print (docs/routeros.md, 1.4).
 */
export function parseLine(line: string, menus: Menus): Block {
  const lexer = new Lexer(line);
  // Exec has no terminal, so a command with a line break in it cannot be sent (docs/routeros.md, 1.1).
  const lineBreak = line.search(/[\r\n]/);
  if (lineBreak >= 0) {
    lexer.fail('syntax error', lineBreak);
  }
  const state = new ParseState(lexer, menus, grammar);
  const block = { commands: parseCommands(state) };
  return lexer.atEnd ? block : lexer.fail('syntax error');
}

/** Parses commands separated by `;` up to the end of the block or line. A `;` may follow the last one. */
function parseCommands(state: ParseState): Command[] {
  const { lexer } = state;
  const commands: Command[] = [];
  lexer.skipBlanks();
  while (!lexer.atEnd && lexer.next !== '}') {
    commands.push(parseCommand(state));
    if (!lexer.accept(';')) {
      break;
    }
    lexer.skipBlanks();
  }
  return commands;
}

function parseCommand(state: ParseState): Command {
  const { lexer } = state;
  lexer.skipBlanks();
  if (lexer.next === ':') {
    return parseBuiltin(state);
  }
  if (lexer.atCommandEnd) {
    return lexer.fail('expected command name');
  }
  const word = lexer.peek(/[A-Za-z0-9-]+/y);
  if (lexer.next === '/' || (word !== undefined && state.menuPath !== '')) {
    return parseMenuCommand(state);
  }
  // The device also takes builtins without their colon and paths without their first slash. Scripts should not.
  if (word === undefined) return lexer.fail('syntax error');
  if (isDeviceWord(word)) return lexer.lack(`${word} without its colon`);
  const root = `/${word}`;
  const isMenu = [...state.menus.paths(), ...state.menus.unsimulated()].some((path) =>
    `${path}/`.startsWith(`${root}/`),
  );
  return isMenu ? lexer.lack(`${word} without its slash`) : lexer.fail(`bad command name ${word}`);
}

function parseBlock(state: ParseState, variables: readonly string[]): Block {
  const { lexer } = state;
  lexer.expect('{');
  return lexer.nested(() =>
    state.scoped(variables, () => {
      const commands = parseCommands(state);
      lexer.expect('}');
      return { commands };
    }),
  );
}
