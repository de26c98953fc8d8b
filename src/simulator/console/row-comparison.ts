import type { BinaryOperator } from './ast.ts';
import { ScriptFailure } from './errors.ts';
import { parseBool, parseDuration, parseId, parseNumber } from './literals.ts';
import { applyBinary, areEqual, compare, type Matcher } from './operators.ts';
import { Duration, ItemId, nothing, type Value } from './value.ts';

/** A property of the row under test; nothing where it is unset. */
export interface PropertyValue {
  readonly name: string;
  readonly value: Value;
}

/**
 * Compares a row's property with a value, as `where` does. A text is read as the property's type, so quoting is accepted
 * for every kind of value (docs/routeros.md, 3); an unset property equals the empty text and is in no order.
 */
export function compareProperty(
  operator: BinaryOperator,
  property: PropertyValue,
  operand: Value,
  matcher: Matcher,
): Value {
  const { value } = property;
  switch (operator) {
    case '=':
    case '!=': {
      const equal = value === nothing ? operand === '' || operand === nothing : equals(property, operand);
      return equal === (operator === '=');
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      return value !== nothing && compare(operator, value, readAs(property, operand));
    case '~':
      return applyBinary('~', value === nothing ? '' : value, operand, matcher);
    default:
      return applyBinary(operator, value, operand, matcher);
  }
}

function equals(property: PropertyValue, operand: Value): boolean {
  return operand !== '' && operand !== nothing
    ? areEqual(property.value, readAs(property, operand))
    : property.value === '';
}

/** Reads a text as the type of the property it is compared with. */
function readAs({ name, value }: PropertyValue, operand: Value): Value {
  if (typeof operand !== 'string' || typeof value === 'string') {
    return operand;
  }
  return parseAs(value, operand) ?? invalid(name);
}

function parseAs(value: Value, text: string): Value | undefined {
  switch (typeof value) {
    case 'bigint':
      return parseNumber(text);
    case 'boolean':
      return parseBool(text);
    default:
      return value instanceof ItemId ? parseId(text) : value instanceof Duration ? parseDuration(text) : undefined;
  }
}

function invalid(name: string): never {
  throw new ScriptFailure(`invalid value for argument ${name}`);
}
