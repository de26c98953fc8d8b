import type { MenuCommand } from './ast.ts';
import { toText } from './conversions.ts';
import { ScriptFailure } from './errors.ts';
import { resolveItems } from './items.ts';
import type { Row } from './menu.ts';
import type { MenuCall } from './menu-call.ts';
import { print } from './print.ts';
import { allProperties, knownProperties, propertyOf, rowValue } from './properties.ts';
import { ItemId, nothing, RosArray, type Value } from './value.ts';
import { filterRows } from './where.ts';

/** Runs a command: `find`, `print` and `get` here, the others in the menu. */
export async function callMenu(call: MenuCall): Promise<Value> {
  const { menu, command } = call.node;
  switch (command) {
    case 'find':
      return find(call, await menu.rows(call.user));
    case 'get':
      return get(call, await menu.rows(call.user));
    case 'print':
      return print(call, await menu.rows(call.user));
    default:
      return act(call);
  }
}

/** A command of the menu's own. It is silent, and gives the id of what it made. */
async function act({ node, args, dialect, user }: MenuCall): Promise<Value> {
  const rest = new Map(args);
  let ids: readonly string[] = [];
  for (const name of ['numbers', 'number']) {
    const reference = rest.get(name);
    if (reference !== undefined) {
      const items = await node.menu.rows(user);
      ids = resolveItems(node.menu, items, reference, node.itemColumn, dialect.emptyItemsPass).map(({ id }) => id);
      if (ids.length === 0) return nothing;
      rest.delete(name);
    }
  }
  const made = await node.menu.run(node.command, ids, rest, user);
  return made === undefined ? nothing : new ItemId(made);
}

function find({ node, outside }: MenuCall, rows: readonly Row[]): Value {
  return new RosArray(filterRows(node.menu, rows, node.where, outside).map(({ id }) => new ItemId(id)));
}

function get({ node, args }: MenuCall, rows: readonly Row[]): Value {
  const row = node.menu.kind === 'singleton' ? rows[0] : only(node, args, rows);
  if (row === undefined) {
    throw new ScriptFailure('no such item');
  }
  const name = args.get('value-name');
  if (name === undefined) {
    return rowValue(row, allProperties(node.menu, row));
  }
  const text = toText(name);
  if (!knownProperties(node.menu, rows).has(text)) {
    throw new ScriptFailure('input does not match any value of value-name');
  }
  return propertyOf(row, text);
}

/** The one item that `get` was given, or none; several are refused. */
function only(node: MenuCommand, args: ReadonlyMap<string, Value>, rows: readonly Row[]): Row | undefined {
  const reference = args.get('number') ?? nothing;
  if (reference === nothing || (reference instanceof RosArray && reference.length === 0)) {
    return undefined;
  }
  const [row, ...others] = resolveItems(node.menu, rows, reference, node.itemColumn);
  if (others.length > 0) {
    throw new ScriptFailure('invalid internal item number');
  }
  return row;
}
