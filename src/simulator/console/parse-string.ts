import type { Expression } from './ast.ts';
import type { Lexer } from './lexer.ts';
import type { Mode, ParseState } from './parse-state.ts';

/** Escapes of one character and the byte they stand for (docs/routeros.md, 3). */
const escapes: Readonly<Record<string, number>> = {
  '"': 0x22,
  '\\': 0x5c,
  $: 0x24,
  '?': 0x3f,
  _: 0x20,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  a: 0x07,
  b: 0x08,
  f: 0x0c,
  v: 0x0b,
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Parses a quoted string. `$x`, `$(…)` and `$[…]` in it are live (docs/routeros.md, 3). */
export function parseString(state: ParseState, mode: Mode): Expression {
  const { lexer } = state;
  const start = lexer.offset;
  lexer.expect('"');
  const parts: Expression[] = [];
  let bytes: Uint8Array[] = [];
  const endText = () => {
    if (bytes.length > 0) {
      parts.push({ kind: 'literal', value: decode(lexer, bytes, start) });
      bytes = [];
    }
  };
  while (!lexer.accept('"')) {
    if (lexer.next === '$') {
      endText();
      parts.push(parseLive(state, mode));
    } else {
      bytes.push(lexer.next === '\\' ? parseEscape(lexer) : parsePlain(lexer));
    }
  }
  endText();
  const [only = { kind: 'literal', value: '' } as const, ...rest] = parts;
  return rest.length === 0 && only.kind === 'literal' ? only : { kind: 'template', parts };
}

/** Bytes that are not UTF-8 are refused: the device would keep them, but nothing could name the item again. */
function decode(lexer: Lexer, bytes: readonly Uint8Array[], start: number): string {
  try {
    return utf8.decode(Buffer.concat(bytes));
  } catch {
    return lexer.fail('syntax error', start);
  }
}

function parseEscape(lexer: Lexer): Uint8Array {
  const start = lexer.offset;
  lexer.skip(1);
  const hex = lexer.take(/[0-9A-F]{2}/y);
  if (hex !== undefined) {
    return Uint8Array.of(Number.parseInt(hex, 16));
  }
  const letter = lexer.next;
  const byte = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
  if (byte === undefined) {
    return lexer.fail('syntax error', start);
  }
  lexer.skip(1);
  return Uint8Array.of(byte);
}

/** Raw text up to the next character with a meaning. A raw tab becomes four spaces, as on the device (3). */
function parsePlain(lexer: Lexer): Uint8Array {
  if (lexer.accept('\t')) {
    return Buffer.from('    ');
  }
  // A raw `?` asks for help on a terminal; what it does over exec is unknown, so here it must be escaped.
  const text = lexer.take(/[^"$\\?\p{Cc}]+/uy) ?? lexer.fail('syntax error');
  return Buffer.from(text);
}

function parseLive(state: ParseState, mode: Mode): Expression {
  const { lexer } = state;
  const start = lexer.offset;
  lexer.skip(1);
  if (lexer.accept('(')) {
    return lexer.nested(() => {
      const expression = state.grammar.expression(state, mode);
      lexer.skipBlanks();
      lexer.expect(')');
      return expression;
    });
  }
  if (lexer.next === '[') {
    return parseSubstitution(state);
  }
  lexer.offset = start;
  return parseVariable(state);
}

/** Parses `$name`. */
export function parseVariable(state: ParseState): Expression {
  const { lexer } = state;
  const start = lexer.offset;
  lexer.expect('$');
  const name = lexer.take(/[A-Za-z][A-Za-z0-9]*/y) ?? lexer.fail('syntax error');
  state.require(name, start + 1);
  return { kind: 'variable', name };
}

/** Parses `[command]`. */
export function parseSubstitution(state: ParseState): Expression {
  const { lexer } = state;
  lexer.expect('[');
  return lexer.nested(() => {
    const command = state.grammar.command(state);
    lexer.expect(']');
    return { kind: 'substitution', command };
  });
}
