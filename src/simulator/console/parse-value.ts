import type { Expression } from './ast.ts';
import { parseLiteral } from './literals.ts';
import { parseArray, parseGroup } from './parse-expression.ts';
import type { ParseState } from './parse-state.ts';
import { parseString, parseSubstitution, parseVariable } from './parse-string.ts';

/**
 * How an unquoted word is taken: `typed` gives builtins a num, bool, time or id where the word is one; `text` keeps it
 * as it stands, because the type of a menu's argument is the menu's business (`name=0123` must not become 123).
 */
export type Words = 'typed' | 'text';

/** Parses the value of an argument: one word, string, variable, `[…]`, `(…)` or `{…}`, up to a blank or the end. */
export function parseValue(state: ParseState, words: Words): Expression {
  const { lexer } = state;
  const expression = parseOne(state, words);
  if (!lexer.atCommandEnd && lexer.next !== ' ' && lexer.next !== '\t') {
    // An apostrophe is a quote nowhere; anything else glued to a value is a token too many (docs/routeros.md, 1.4, 3).
    lexer.fail(lexer.next === "'" ? 'syntax error' : 'expected end of command');
  }
  return expression;
}

function parseOne(state: ParseState, words: Words): Expression {
  const { lexer } = state;
  switch (lexer.next) {
    case '"':
      return parseString(state, 'script');
    case '$':
      return parseVariable(state);
    case '[':
      return parseSubstitution(state);
    case '(':
      return parseGroup(state, 'script');
    case '{':
      return parseArray(state, 'script');
    default: {
      const word = lexer.take(/[A-Za-z0-9._\-/:*@<>,]+/y) ?? lexer.fail('syntax error');
      return { kind: 'literal', value: (words === 'typed' ? parseLiteral(word) : undefined) ?? word };
    }
  }
}
