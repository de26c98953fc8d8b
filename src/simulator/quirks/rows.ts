import type { Arguments, Row } from '../console/menu.ts';
import type { Value } from '../console/value.ts';

/** A copy of a row with other properties; undefined leaves one unset. */
export function withProps(row: Row, changes: Readonly<Record<string, Value | undefined>>): Row {
  const props = new Map(row.props);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) props.delete(name);
    else props.set(name, value);
  }
  return { id: row.id, props };
}

/** A text property; empty where it is unset or no text. */
export function textOf(row: Row, name: string): string {
  const value = row.props.get(name);
  return typeof value === 'string' ? value : '';
}

/** A text argument; undefined where it is not given or no text. */
export function textOfArgument(args: Arguments, name: string): string | undefined {
  const value = args.get(name);
  return typeof value === 'string' ? value : undefined;
}

/** A copy of arguments with another value, or without one. */
export function withArgument(args: Arguments, name: string, value: Value | undefined): Arguments {
  const copy = new Map(args);
  if (value === undefined) copy.delete(name);
  else copy.set(name, value);
  return copy;
}

/** A copy of arguments with a text changed; the same arguments where it is not given or no text. */
export function rewritten(args: Arguments, name: string, change: (text: string) => string): Arguments {
  const text = textOfArgument(args, name);
  return text === undefined ? args : withArgument(args, name, change(text));
}
