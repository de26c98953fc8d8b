import { toText } from './conversions.ts';
import { resolveItems } from './items.ts';
import type { Menu, Row } from './menu.ts';
import type { MenuCall } from './menu-call.ts';
import {
  allProperties,
  briefProperties,
  knownProperties,
  propertyOf,
  requestedProperties,
  rowValue,
} from './properties.ts';
import { renderDetail, renderSingleton, renderTable, renderTerse } from './render.ts';
import { nothing, RosArray, type Value } from './value.ts';
import { filterRows } from './where.ts';

/** `print` in all its forms. At the console it prints lines; inside `[…]`, `as-value` gives the rows and `count-only` their number. */
export function print(call: MenuCall, all: readonly Row[]): Value {
  const { node } = call;
  const rows = selectRows(call, all);
  if (node.flags.has('count-only')) {
    if (call.bare) {
      call.print(String(rows.length));
    }
    return BigInt(rows.length);
  }
  const properties = selectProperties(call, all);
  if (node.flags.has('as-value')) {
    // Bare `print as-value` prints nothing (docs/routeros.md, 2).
    const values = rows.map((row) => rowValue(row, properties(row), call.dialect.unset));
    return node.menu.kind === 'singleton' ? (values[0] ?? new RosArray()) : new RosArray(values);
  }
  for (const line of renderRows(call, rows, properties)) {
    call.print(line);
  }
  return nothing;
}

function selectRows({ node, args, outside }: MenuCall, all: readonly Row[]): readonly Row[] {
  const from = args.get('from');
  const candidates = from === undefined ? all : resolveItems(node.menu, all, from, node.itemColumn);
  const rows = filterRows(node.menu, candidates, node.where, outside);
  const order = args.get('order-by');
  return order === undefined ? rows : sortRows(node.menu, rows, toText(order));
}

/** Which properties of a row are shown: the `proplist`, or all with `detail`, or the brief ones. */
function selectProperties({ node, args }: MenuCall, all: readonly Row[]): (row: Row) => readonly string[] {
  const list = args.get('proplist');
  if (list !== undefined) {
    const names = requestedProperties(toText(list), 'proplist', knownProperties(node.menu, all));
    return () => names;
  }
  // Without `detail` the device leaves properties out (docs/routeros.md, 2); a menu with one row has no `detail`.
  if (node.flags.has('detail') || node.menu.kind === 'singleton') {
    return (row) => allProperties(node.menu, row);
  }
  const brief = ['.id', ...briefProperties(node.menu)];
  return () => brief;
}

function renderRows({ node, args }: MenuCall, rows: readonly Row[], properties: (row: Row) => readonly string[]) {
  const { menu, flags } = node;
  const ids = flags.has('show-ids');
  if (menu.kind === 'singleton') {
    return renderSingleton(menu, rows[0]);
  }
  if (flags.has('terse')) {
    return renderTerse(menu, rows, { properties, ids });
  }
  if (flags.has('detail')) {
    return renderDetail(menu, rows, { properties, ids });
  }
  const list = args.get('proplist');
  const columns = list === undefined ? briefProperties(menu) : toText(list).split(',');
  return renderTable(menu, rows, columns, ids);
}

/** Sorts ascending; rows without the property come last. */
function sortRows(menu: Menu, rows: readonly Row[], name: string): readonly Row[] {
  requestedProperties(name, 'order-by', knownProperties(menu, rows));
  return [...rows].sort((left, right) => order(propertyOf(left, name), propertyOf(right, name)));
}

function order(left: Value, right: Value): number {
  if (left === nothing || right === nothing) {
    return Number(left === nothing) - Number(right === nothing);
  }
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    return left < right ? -1 : Number(left > right);
  }
  return Buffer.compare(Buffer.from(toText(left)), Buffer.from(toText(right)));
}
