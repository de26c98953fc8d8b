import { ScriptFailure } from './errors.ts';
import { parseId } from './literals.ts';
import type { Menu, Row } from './menu.ts';
import { propertyOf } from './properties.ts';
import { ItemId, nothing, RosArray, type Value } from './value.ts';

/**
 * The rows that an item argument names: an id, an item's name, a list of them joined by commas, or an array of them.
 * Row numbers are not taken: they mean what the last `print` of a session showed, and exec has no session.
 *
 * @param column Byte column of the argument.
 * @throws ScriptFailure `no such item (4)` for an id that is gone, `no such item` for a name; an empty list is
 *   `expected item id`, the stricter of two observed behaviours (docs/routeros.md, 1.3), unless it may pass (U27).
 */
export function resolveItems(
  menu: Menu,
  rows: readonly Row[],
  reference: Value,
  column: number,
  emptyPasses = false,
): readonly Row[] {
  const found = new Set(references(reference).map((single) => resolveItem(menu, rows, single)));
  if (found.size === 0 && !emptyPasses) {
    throw new ScriptFailure(`expected item id (line 1 column ${column})`);
  }
  return [...found];
}

function references(value: Value): readonly (ItemId | string)[] {
  if (value instanceof RosArray) {
    return value.list.flatMap(references);
  }
  if (typeof value === 'string') {
    return value === '' ? [] : value.split(',').map((single) => parseId(single) ?? single);
  }
  if (value instanceof ItemId) {
    return [value];
  }
  if (value === nothing) {
    return [];
  }
  throw new ScriptFailure('no such item');
}

function resolveItem(menu: Menu, rows: readonly Row[], reference: ItemId | string): Row {
  if (reference instanceof ItemId) {
    const row = rows.find(({ id }) => id === reference.text);
    if (row === undefined) {
      throw new ScriptFailure('no such item (4)');
    }
    return row;
  }
  const { nameProperty } = menu;
  const [row, ...others] =
    nameProperty === undefined ? [] : rows.filter((candidate) => propertyOf(candidate, nameProperty) === reference);
  if (row === undefined) {
    throw new ScriptFailure('no such item');
  }
  if (others.length > 0) {
    // The device takes one of them without saying which: names are unique only where a menu makes them so.
    throw new ScriptFailure(`failure: more than one item is named ${reference}`);
  }
  return row;
}
