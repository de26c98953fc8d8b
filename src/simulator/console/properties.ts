import type { Dialect } from './dialect.ts';
import { ScriptFailure } from './errors.ts';
import type { Menu, Row } from './menu.ts';
import { ItemId, nothing, RosArray, type Value } from './value.ts';

/** A row's property; `.id` is its id, and an unset property is nothing. */
export function propertyOf(row: Row, name: string): Value {
  return name === '.id' ? new ItemId(row.id) : (row.props.get(name) ?? nothing);
}

/** What is kept of a menu, since every `where` asks for it. */
interface Known {
  readonly names: ReadonlySet<string>;
  /** Rows that have no property beside those. */
  readonly covered: WeakSet<Row>;
}

const menus = new WeakMap<Menu, Known>();

/** Every property name that means something in a menu: declared, settable, a flag, or found in a row. */
export function knownProperties(menu: Menu, rows: readonly Row[]): ReadonlySet<string> {
  let known = menus.get(menu);
  if (known === undefined) {
    known = { names: ownProperties(menu), covered: new WeakSet() };
    menus.set(menu, known);
  }
  const { names, covered } = known;
  const more = rows.filter((row) => !covered.has(row)).flatMap((row) => propertiesBeside(names, row, covered));
  return more.length === 0 ? names : new Set([...names, ...more]);
}

function ownProperties(menu: Menu): ReadonlySet<string> {
  const settable = ['add', 'set'].flatMap((command) => menu.commands[command] ?? []);
  const names = new Set(['.id', ...(menu.properties ?? []), ...settable, ...Object.keys(menu.flags)]);
  names.delete('numbers');
  return names;
}

function propertiesBeside(names: ReadonlySet<string>, row: Row, covered: WeakSet<Row>): readonly string[] {
  const more = [...row.props.keys()].filter((name) => !names.has(name));
  if (more.length === 0) {
    covered.add(row);
  }
  return more;
}

/** The names that a `proplist=` or `value-name` asks for, all of them known to the menu. */
export function requestedProperties(list: string, argument: string, known: ReadonlySet<string>): readonly string[] {
  const names = list.split(',');
  if (names.some((name) => !known.has(name))) {
    throw new ScriptFailure(`input does not match any value of ${argument}`);
  }
  return names;
}

/** The properties that `print` shows without `detail`. */
export function briefProperties(menu: Menu): readonly string[] {
  return menu.columns ?? (menu.properties ?? []).slice(0, 5);
}

/** A row as `get` and `print as-value` give it: a keyed array, unset properties absent unless told otherwise. */
export function rowValue(row: Row, names: Iterable<string>, unset: Dialect['unset'] = 'absent'): RosArray {
  const keyed = new Map<string, Value>();
  for (const name of names) {
    const value = propertyOf(row, name);
    if (value !== nothing || unset !== 'absent') {
      keyed.set(name, value === nothing && unset === 'empty' ? '' : value);
    }
  }
  return new RosArray([], keyed);
}

/** All properties of a row; the only row of a singleton menu has no id (docs/routeros.md, 2). */
export function allProperties(menu: Menu, row: Row): readonly string[] {
  return menu.kind === 'singleton' ? [...row.props.keys()] : ['.id', ...row.props.keys()];
}
