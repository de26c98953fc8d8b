import type { BinaryOperator } from './ast.ts';
import { joinTexts, toText, typeName } from './conversions.ts';
import { Ere } from './ere.ts';
import { EreProblem } from './ere-parser.ts';
import { ScriptFailure } from './errors.ts';
import { MAX_NUMBER, MIN_NUMBER } from './literals.ts';
import { Duration, ItemId, nothing, RosArray, type Value } from './value.ts';

/** Decides whether a text matches a POSIX ERE; compiled expressions are kept, since a `where` tests one on every row. */
export class Matcher {
  readonly #compiled = new Map<string, Ere>();
  readonly #intervals: boolean;

  /** @param intervals Whether `{2}` in a pattern is an interval; otherwise braces stand for themselves. */
  constructor(intervals = true) {
    this.#intervals = intervals;
  }

  matches(text: string, pattern: string): boolean {
    let ere = this.#compiled.get(pattern);
    if (ere === undefined) {
      ere = compile(this.#intervals ? pattern : escapeBraces(pattern));
      if (this.#compiled.size >= 100) {
        this.#compiled.clear();
      }
      this.#compiled.set(pattern, ere);
    }
    return ere.matches(text);
  }
}

/** Braces outside of bracket expressions become ordinary characters. */
function escapeBraces(pattern: string): string {
  return pattern.replace(/\\.|\[\^?\]?[^\]]*\]|[{}]/gsu, (part) => (part === '{' || part === '}' ? `\\${part}` : part));
}

function compile(pattern: string): Ere {
  try {
    return new Ere(pattern);
  } catch (error) {
    if (error instanceof EreProblem) {
      throw new ScriptFailure(`failure: bad regexp: ${error.message}`);
    }
    throw error;
  }
}

/**
 * Applies an operator to two values that have both been evaluated: `and` and `or` have no short circuit
 * (docs/routeros.md, 1.3). Operands of types that do not belong together fail, where the device may convert.
 */
export function applyBinary(operator: BinaryOperator, left: Value, right: Value, matcher: Matcher): Value {
  switch (operator) {
    case 'or':
    case 'and': {
      const [first, second] = [requireBool(left, operator), requireBool(right, operator)];
      return operator === 'or' ? first || second : first && second;
    }
    case '=':
      return areEqual(left, right);
    case '!=':
      return !areEqual(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(operator, left, right);
    case '~':
      return matchText(left, right, matcher);
    case '.':
      return concatenate(left, right);
    case '->':
      return elementOf(left, right);
    default:
      return calculate(operator, left, right);
  }
}

export function applyUnary(operator: '!' | '-', operand: Value): Value {
  if (operator === '!') {
    return !requireBool(operand, operator);
  }
  return typeof operand === 'bigint' ? within64Bits(-operand) : mismatch(operator, operand);
}

/** A bool, or a failure that names what was asked of it. */
export function requireBool(value: Value, where: string): boolean {
  return typeof value === 'boolean' ? value : mismatch(where, value);
}

function mismatch(operator: string, ...operands: Value[]): never {
  throw new ScriptFailure(`cannot apply ${operator} to ${operands.map(typeName).join(' and ')}`);
}

/** Values of different types are never equal: `2048="2048"` is false. */
export function areEqual(left: Value, right: Value): boolean {
  if (left instanceof RosArray || right instanceof RosArray) {
    return mismatch('=', left, right);
  }
  if (left instanceof ItemId || right instanceof ItemId) {
    return left instanceof ItemId && right instanceof ItemId && left.text === right.text;
  }
  if (left instanceof Duration || right instanceof Duration) {
    return left instanceof Duration && right instanceof Duration && left.ms === right.ms;
  }
  return left === right;
}

/** Orders two nums or two times; other types have no order here. */
export function compare(operator: '<' | '<=' | '>' | '>=', left: Value, right: Value): boolean {
  const [low, high] = magnitudes(left, right) ?? mismatch(operator, left, right);
  switch (operator) {
    case '<':
      return low < high;
    case '<=':
      return low <= high;
    case '>':
      return low > high;
    case '>=':
      return low >= high;
  }
}

function magnitudes(left: Value, right: Value): readonly [bigint, bigint] | readonly [number, number] | undefined {
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    return [left, right];
  }
  return left instanceof Duration && right instanceof Duration ? [left.ms, right.ms] : undefined;
}

function matchText(left: Value, right: Value, matcher: Matcher): boolean {
  if (typeof left !== 'string' || typeof right !== 'string') {
    return mismatch('~', left, right);
  }
  return matcher.matches(left, right);
}

/** `.` joins texts. The device joins arrays element by element; here an array as an operand fails. */
function concatenate(left: Value, right: Value): string {
  if (left instanceof RosArray || right instanceof RosArray) {
    return mismatch('.', left, right);
  }
  return joinTexts([toText(left), toText(right)]);
}

/** `array->key`. A missing key and an index out of range give nothing (docs/routeros.md, 1.3). */
function elementOf(array: Value, key: Value): Value {
  if (!(array instanceof RosArray)) {
    return array === nothing ? nothing : mismatch('->', array, key);
  }
  if (typeof key === 'bigint') {
    return (key >= 0n ? array.list[Number(key)] : undefined) ?? nothing;
  }
  return typeof key === 'string' ? (array.keyed.get(key) ?? nothing) : mismatch('->', array, key);
}

function calculate(operator: '+' | '-' | '*' | '/' | '%', left: Value, right: Value): bigint {
  if (typeof left !== 'bigint' || typeof right !== 'bigint') {
    return mismatch(operator, left, right);
  }
  if (right === 0n && (operator === '/' || operator === '%')) {
    throw new ScriptFailure('division by zero');
  }
  switch (operator) {
    case '+':
      return within64Bits(left + right);
    case '-':
      return within64Bits(left - right);
    case '*':
      return within64Bits(left * right);
    case '/':
      return within64Bits(left / right);
    case '%':
      return left % right;
  }
}

/** The device computes with 64 bits; a result beyond them is an error here rather than a silent wrap-around. */
function within64Bits(value: bigint): bigint {
  if (value > MAX_NUMBER || value < MIN_NUMBER) {
    throw new ScriptFailure('number out of range');
  }
  return value;
}
