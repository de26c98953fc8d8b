import type { Binary, Expression, Substitution } from './ast.ts';
import { joinTexts, toText } from './conversions.ts';
import { ScriptFailure } from './errors.ts';
import { applyBinary, applyUnary, type Matcher } from './operators.ts';
import { compareProperty, type PropertyValue } from './row-comparison.ts';
import { nothing, RosArray, type Value } from './value.ts';

/** What an expression is evaluated against. */
export interface Environment {
  variable(name: string): Value;
  /** The row's property; only where there is a row. */
  property(name: string): Value;
  /** The value that a `[…]` gave: commands run before the expression is computed. */
  result(substitution: Substitution): Value;
  readonly matcher: Matcher;
}

/**
 * Every `[…]` of an expression, in the order in which they run. All of them run whatever the others give, since no
 * operator has a short circuit (docs/routeros.md, 1.3); so they can run first, and the rest needs no waiting.
 */
export function substitutions(expression: Expression): readonly Substitution[] {
  switch (expression.kind) {
    case 'substitution':
      return [expression];
    case 'template':
      return expression.parts.flatMap(substitutions);
    case 'unary':
      return substitutions(expression.operand);
    case 'binary':
      return [...substitutions(expression.left), ...substitutions(expression.right)];
    case 'array':
      return expression.elements.flatMap(({ value }) => substitutions(value));
    default:
      return [];
  }
}

/** @throws ScriptFailure when an operator is applied to what it cannot take. */
export function evaluate(expression: Expression, environment: Environment): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'template':
      return joinTexts(expression.parts.map((part) => toText(evaluate(part, environment))));
    case 'variable':
      return environment.variable(expression.name);
    case 'property':
      return environment.property(expression.name);
    case 'unary': {
      const { operator, operand } = expression;
      return applyUnary(operator, operator === '!' ? truth(operand, environment) : evaluate(operand, environment));
    }
    case 'binary':
      return evaluateBinary(expression, environment);
    case 'array':
      return evaluateArray(expression.elements, environment);
    case 'substitution':
      return environment.result(expression);
  }
}

function evaluateBinary({ operator, left, right }: Binary, environment: Environment): Value {
  const { matcher } = environment;
  if (operator === 'and' || operator === 'or') {
    return applyBinary(operator, truth(left, environment), truth(right, environment), matcher);
  }
  if (left.kind === 'property') {
    const property: PropertyValue = { name: left.name, value: environment.property(left.name) };
    return compareProperty(operator, property, evaluate(right, environment), matcher);
  }
  return applyBinary(operator, evaluate(left, environment), evaluate(right, environment), matcher);
}

function evaluateArray(
  elements: readonly { readonly key?: string; readonly value: Expression }[],
  environment: Environment,
): RosArray {
  const array = new RosArray();
  for (const { key, value } of elements) {
    const element = evaluate(value, environment);
    if (key === undefined) {
      array.list.push(element);
    } else {
      array.keyed.set(key, element);
    }
  }
  return array;
}

/** A bare property stands for "set, and true if it is a bool" (docs/routeros.md, 2); any other condition is a bool. */
export function truth(condition: Expression, environment: Environment): Value {
  const value = evaluate(condition, environment);
  return condition.kind === 'property' && typeof value !== 'boolean' ? value !== nothing && value !== '' : value;
}

/** A copy of an array with one element replaced, reached by keys; missing keyed arrays on the way are made. */
export function withElement(container: Value, keys: readonly Value[], value: Value): Value {
  const [key, ...deeper] = keys;
  if (key === undefined) {
    return value;
  }
  if (!(container instanceof RosArray) && container !== nothing) {
    throw new ScriptFailure('cannot set an element of what is not an array');
  }
  const { list, keyed } = container === nothing ? new RosArray() : container;
  const copy = new RosArray([...list], new Map(keyed));
  if (typeof key === 'string') {
    copy.keyed.set(key, withElement(keyed.get(key) ?? nothing, deeper, value));
  } else if (typeof key === 'bigint' && key >= 0n && key < BigInt(list.length)) {
    copy.list[Number(key)] = withElement(list[Number(key)] ?? nothing, deeper, value);
  } else {
    throw new ScriptFailure('no such element');
  }
  return copy;
}
