import type { Arguments } from '../console/menu.ts';
import { ItemId, type Value } from '../console/value.ts';
import { invalidValue } from './failures.ts';

const SUFFIX_BYTES: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Reads a text argument. Numbers and booleans are taken as they would be typed. Undefined when it is not given. */
export function textArgument(args: Arguments, name: string): string | undefined {
  const value = args.get(name);
  if (value === undefined) return undefined;
  const text = asText(value);
  if (text === undefined) throw invalidValue(name);
  return text;
}

/** Reads a yes/no argument; `true` and `false` are accepted too. Undefined when it is not given. */
export function booleanArgument(args: Arguments, name: string): boolean | undefined {
  const value = args.get(name);
  if (value === undefined) return undefined;
  if (typeof value === 'boolean') return value;
  if (value === 'yes' || value === 'true') return true;
  if (value === 'no' || value === 'false') return false;
  throw invalidValue(name);
}

/**
 * Reads a size in bytes. A suffix counts in powers of two, as `file-size` does on the device
 * (docs/routeros.md, 4.3). Undefined when it is not given.
 */
export function sizeArgument(args: Arguments, name: string): number | undefined {
  const text = textArgument(args, name);
  if (text === undefined) return undefined;
  const match = /^([0-9]+)([KMGT]?)$/.exec(text);
  if (match === null) throw invalidValue(name);
  const bytes = Number(match[1]) * (SUFFIX_BYTES[match[2] ?? ''] ?? 1);
  if (!Number.isSafeInteger(bytes)) throw invalidValue(name, 'out of range');
  return bytes;
}

/** Reads a TCP port. Undefined when it is not given. */
export function portArgument(args: Arguments, name: string): number | undefined {
  const text = textArgument(args, name);
  if (text === undefined) return undefined;
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw invalidValue(name, 'out of range (1..65535)');
  return port;
}

function asText(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (value instanceof ItemId) return value.text;
  return undefined;
}
