import type { Expression } from './ast.ts';
import { ScriptFailure } from './errors.ts';
import { type Environment, truth } from './evaluate.ts';
import type { Menu, Row } from './menu.ts';
import { requireBool } from './operators.ts';
import { knownProperties, propertyOf } from './properties.ts';
import { nothing } from './value.ts';

/**
 * Keeps the rows that match a `where` clause, in their order.
 *
 * Inside the clause a variable whose name is also a property's resolves to the row's property, not to the variable
 * (docs/routeros.md, 2): `:local slot "x"; find where slot=$slot` finds every item.
 *
 * @param outside Resolves what the clause takes from the script.
 * @throws ScriptFailure when the clause names a property that the menu does not have.
 */
export function filterRows(
  menu: Menu,
  rows: readonly Row[],
  where: Expression | undefined,
  outside: Omit<Environment, 'property'>,
): readonly Row[] {
  if (where === undefined) {
    return rows;
  }
  const known = knownProperties(menu, rows);
  const unknown = propertyNames(where).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new ScriptFailure(`bad parameter ${unknown}`);
  }
  let row: Row | undefined;
  const property = (name: string) => (row === undefined ? nothing : propertyOf(row, name));
  const environment: Environment = {
    ...outside,
    property,
    variable: (name) => (known.has(name) ? property(name) : outside.variable(name)),
  };
  return rows.filter((candidate) => {
    row = candidate;
    return requireBool(truth(where, environment), 'where');
  });
}

/** The bare property names in a clause. */
function propertyNames(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case 'property':
      return [expression.name];
    case 'template':
      return expression.parts.flatMap(propertyNames);
    case 'unary':
      return propertyNames(expression.operand);
    case 'binary':
      return [...propertyNames(expression.left), ...propertyNames(expression.right)];
    case 'array':
      return expression.elements.flatMap(({ value }) => propertyNames(value));
    default:
      return [];
  }
}
