import type { Block, Builtin, Expression, Target } from './ast.ts';
import { parseGroup } from './parse-expression.ts';
import type { ParseState } from './parse-state.ts';
import { parseValue } from './parse-value.ts';
import { isDeviceWord, type Parameter, type Signature, signatures } from './signatures.ts';

/** Arguments while they are being read. */
interface Collected {
  readonly values: Map<string, Expression>;
  readonly blocks: Map<string, Block>;
  /** Names given so far, in order. */
  readonly given: string[];
}

/** Parses `:name …`. */
export function parseBuiltin(state: ParseState): Builtin {
  const { lexer } = state;
  const start = lexer.offset;
  lexer.expect(':');
  const name = lexer.take(/[A-Za-z0-9-]+/y) ?? lexer.fail('expected command name');
  const signature = signatures.get(name) ?? refuseName(state, name, start + 1);
  if (!lexer.atCommandEnd && lexer.next !== ' ' && lexer.next !== '\t') {
    lexer.fail('expected end of command');
  }
  if (signature.variables > 0 || signature.target) {
    lexer.skipBlanks();
  }
  const variables = signature.variables > 0 ? parseNames(state, signature.variables) : [];
  const target = signature.target ? parseTarget(state) : undefined;
  const { values, blocks } = parseParameters(state, name, signature, variables);
  if (signature.scope === 'declares') {
    variables.forEach((variable) => {
      state.declare(variable);
    });
  }
  const text = lexer.text.slice(start, lexer.offset).trimEnd();
  return { kind: 'builtin', name, text, variables, values, blocks, ...(target ? { target } : {}) };
}

function refuseName({ lexer }: ParseState, name: string, offset: number): never {
  return isDeviceWord(name) ? lexer.lack(`:${name}`, offset) : lexer.fail(`bad command name ${name}`, offset);
}

function refuseParameter({ lexer }: ParseState, builtin: string, name: string, offset: number): never {
  return isDeviceWord(builtin, name)
    ? lexer.lack(`:${builtin} ${name}=`, offset)
    : lexer.fail(`bad parameter ${name}`, offset);
}

function parseNames(state: ParseState, most: number): string[] {
  const { lexer } = state;
  const names = [lexer.declaredName()];
  while (names.length < most && lexer.accept(',')) {
    names.push(lexer.declaredName());
  }
  return names;
}

/** Parses what `:set` assigns to: a variable's name, or `($x->key…)`. */
function parseTarget(state: ParseState): Target {
  const { lexer } = state;
  const start = lexer.offset;
  if (lexer.next !== '(') {
    const name = lexer.declaredName();
    state.require(name, start);
    return { name, keys: [] };
  }
  let place = parseGroup(state, 'script');
  const keys: Expression[] = [];
  while (place.kind === 'binary' && place.operator === '->') {
    keys.unshift(place.right);
    place = place.left;
  }
  if (place.kind !== 'variable' || keys.length === 0) {
    return lexer.fail('syntax error', start);
  }
  return { name: place.name, keys };
}

function parseParameters(
  state: ParseState,
  builtin: string,
  signature: Signature,
  variables: readonly string[],
): Collected {
  const { lexer } = state;
  const collected: Collected = { values: new Map(), blocks: new Map(), given: [] };
  const waiting = [...signature.positional];
  for (;;) {
    const before = lexer.offset;
    lexer.skipBlanks();
    if (lexer.atCommandEnd) {
      break;
    }
    if (before === lexer.offset) {
      lexer.fail('expected end of command');
    }
    const parameter =
      takeName(state, builtin, signature, collected) ?? waiting.shift() ?? lexer.fail('expected end of command');
    parseParameter(state, parameter, collected, signature.scope === 'binds' ? variables : []);
    collected.given.push(parameter.name);
  }
  const missing = [...signature.positional, ...signature.named].find(
    ({ name, required }) => required && !collected.given.includes(name),
  );
  return missing ? lexer.fail('expected input value') : collected;
}

/** Takes `name=` if it is next. */
function takeName(
  state: ParseState,
  builtin: string,
  signature: Signature,
  { given }: Collected,
): Parameter | undefined {
  const { lexer } = state;
  const start = lexer.offset;
  const name = lexer.take(/[A-Za-z][A-Za-z0-9-]*(?==)/y);
  if (name === undefined) {
    return undefined;
  }
  const index = signature.named.findIndex((parameter) => parameter.name === name);
  const parameter = signature.named[index] ?? refuseParameter(state, builtin, name, start);
  const later = signature.named.slice(index + 1).some((other) => given.includes(other.name));
  if (given.includes(name) || (signature.ordered && later)) {
    lexer.fail('expected end of command', start);
  }
  lexer.skip(1);
  if (lexer.atCommandEnd || lexer.next === ' ' || lexer.next === '\t') {
    lexer.fail('expected end of command');
  }
  return parameter;
}

function parseParameter(state: ParseState, parameter: Parameter, into: Collected, bound: readonly string[]): void {
  switch (parameter.kind) {
    case 'value':
      into.values.set(parameter.name, parseValue(state, 'typed'));
      return;
    case 'block':
      into.blocks.set(parameter.name, state.grammar.block(state, parameter.name === 'do' ? bound : []));
      return;
    case 'options':
      into.values.set(parameter.name, parseOptions(state));
      return;
  }
}

/** `options=json.pretty` or `options=(json.pretty,json.no-string-conversion)` (docs/routeros.md, 2). */
function parseOptions(state: ParseState): Expression {
  const { lexer } = state;
  const list = lexer.take(/\([A-Za-z.-]+(?:,[A-Za-z.-]+)*\)/y);
  return list === undefined ? parseValue(state, 'text') : { kind: 'literal', value: list.slice(1, -1) };
}
