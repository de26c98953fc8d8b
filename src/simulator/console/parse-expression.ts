import type { ArrayLiteral, BinaryOperator, Expression } from './ast.ts';
import type { Lexer } from './lexer.ts';
import { parseBool, parseLiteral } from './literals.ts';
import type { Mode, ParseState } from './parse-state.ts';
import { parseString, parseSubstitution, parseVariable } from './parse-string.ts';

/** How tightly each operator binds. `->` binds tightest and is parsed with its operand. */
const levels: Readonly<Record<Exclude<BinaryOperator, '->'>, number>> = {
  or: 1,
  and: 2,
  '=': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '~': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  '.': 6,
};

const COMPARISON = 3;
const ARITHMETIC = 4;

/** Spellings, longest first; `&&` and `and` are one operator. */
const spellings: readonly (readonly [string, Exclude<BinaryOperator, '->'>])[] = [
  ['||', 'or'],
  ['&&', 'and'],
  ['!=', '!='],
  ['<=', '<='],
  ['>=', '>='],
  ['=', '='],
  ['<', '<'],
  ['>', '>'],
  ['~', '~'],
  ['+', '+'],
  ['-', '-'],
  ['*', '*'],
  ['/', '/'],
  ['%', '%'],
  ['.', '.'],
];

/** Parses an expression as it stands between parentheses or after `where`. */
export function parseExpression(state: ParseState, mode: Mode, least = 1): Expression {
  const { lexer } = state;
  let left = parseOperand(state, mode, false);
  for (;;) {
    lexer.skipBlanks();
    const start = lexer.offset;
    const operator = takeOperator(lexer);
    if (operator === undefined || levels[operator] < least) {
      lexer.offset = start;
      return left;
    }
    lexer.countOperator();
    const right = parseRight(state, mode, left, levels[operator]);
    left = { kind: 'binary', operator, left, right };
  }
}

/**
 * In a `where` clause a bare word compared with a property is a literal, typed by the property. Compared with anything
 * else it is refused: whether the device would take it for text or for a property is unknown.
 */
function parseRight(state: ParseState, mode: Mode, left: Expression, level: number): Expression {
  if (mode !== 'where' || level !== COMPARISON) {
    return parseExpression(state, mode, level + 1);
  }
  if (left.kind !== 'property') {
    return parseExpression(state, 'script', level + 1);
  }
  state.lexer.skipBlanks();
  const word = state.lexer.take(/\*[0-9A-F]+|[A-Za-z0-9_][A-Za-z0-9._-]*/y);
  return word === undefined ? parseExpression(state, mode, level + 1) : { kind: 'literal', value: word };
}

function takeOperator(lexer: Lexer): Exclude<BinaryOperator, '->'> | undefined {
  const word = lexer.take(/(?:and|or)(?![A-Za-z0-9._-])/y);
  if (word === 'and' || word === 'or') {
    return word;
  }
  return spellings.find(([spelling]) => lexer.accept(spelling))?.[1];
}

function parseOperand(state: ParseState, mode: Mode, isKey: boolean): Expression {
  const { lexer } = state;
  lexer.skipBlanks();
  if (!isKey && (lexer.next === '!' || /-[^0-9]/y.test(lexer.text.slice(lexer.offset, lexer.offset + 2)))) {
    const operator = lexer.next === '!' ? '!' : '-';
    lexer.skip(1);
    return lexer.nested(() => ({ kind: 'unary', operator, operand: parseOperand(state, mode, false) }));
  }
  let operand = parsePrimary(state, mode);
  while (!isKey && lexer.accept('->')) {
    lexer.countOperator();
    operand = { kind: 'binary', operator: '->', left: operand, right: parseOperand(state, mode, true) };
  }
  return operand;
}

function parsePrimary(state: ParseState, mode: Mode): Expression {
  const { lexer } = state;
  switch (lexer.next) {
    case '"':
      return parseString(state, mode);
    case '$':
      return parseVariable(state);
    case '[':
      return parseSubstitution(state);
    case '{':
      return parseArray(state, mode);
    case '(':
      return parseGroup(state, mode);
    default:
      return parseWord(lexer, mode);
  }
}

export function parseGroup(state: ParseState, mode: Mode): Expression {
  const { lexer } = state;
  lexer.expect('(');
  return lexer.nested(() => {
    const expression = parseExpression(state, mode);
    lexer.skipBlanks();
    lexer.expect(')');
    return expression;
  });
}

function parseWord(lexer: Lexer, mode: Mode): Expression {
  const start = lexer.offset;
  if (mode === 'where') {
    const name = lexer.take(/\.?[A-Za-z][A-Za-z0-9-]*/y);
    if (name !== undefined) {
      const bool = parseBool(name);
      return bool === undefined ? { kind: 'property', name } : { kind: 'literal', value: bool };
    }
  }
  const word = lexer.take(/\*[0-9A-F]+|-?[0-9][0-9A-Za-z:]*|[a-z]+/y);
  const value = word === undefined ? undefined : parseLiteral(word);
  // `1.5` would be read as 1 and 5 joined to "15"; no one means that.
  if (value === undefined || /\.[0-9]/y.test(lexer.text.slice(lexer.offset, lexer.offset + 2))) {
    return lexer.fail('syntax error', start);
  }
  return { kind: 'literal', value };
}

/** Parses `{1;2}` and `{"key"=value}`. */
export function parseArray(state: ParseState, mode: Mode): ArrayLiteral {
  const { lexer } = state;
  lexer.expect('{');
  return lexer.nested(() => {
    const elements: ArrayLiteral['elements'][number][] = [];
    lexer.skipBlanks();
    if (lexer.accept('}')) {
      return { kind: 'array', elements };
    }
    do {
      elements.push(parseElement(state, mode));
      lexer.skipBlanks();
    } while (lexer.accept(';'));
    lexer.expect('}');
    return { kind: 'array', elements };
  });
}

function parseElement(state: ParseState, mode: Mode): ArrayLiteral['elements'][number] {
  const { lexer } = state;
  lexer.skipBlanks();
  const start = lexer.offset;
  const bareKey = lexer.take(/[A-Za-z][A-Za-z0-9]*(?==)/y);
  if (bareKey !== undefined) {
    lexer.skip(1);
    return { key: bareKey, value: parseExpression(state, mode, ARITHMETIC) };
  }
  const value = parseExpression(state, mode, ARITHMETIC);
  lexer.skipBlanks();
  if (!lexer.accept('=')) {
    return { value };
  }
  if (value.kind !== 'literal' || typeof value.value !== 'string') {
    return lexer.fail('syntax error', start);
  }
  return { key: value.value, value: parseExpression(state, mode, ARITHMETIC) };
}
