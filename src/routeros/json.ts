import type { JsonRow } from './routeros.ts';
import { ros, type Script } from './script.ts';

/** What a `JSON.parse` reviver gets since ES2025; the TypeScript library in use does not know it yet. */
interface ReviverContext {
  readonly source?: string;
}

type LosslessParse = (
  text: string,
  reviver: (key: string, value: unknown, context: ReviverContext) => unknown,
) => unknown;

const parse = JSON.parse as LosslessParse;

/** Integers beyond 2^53 become `bigint`, so that no size loses its last digits; `2048.000000` is RouterOS' integer too. */
function keepIntegersExact(_key: string, value: unknown, { source }: ReviverContext): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) {
    return value;
  }
  const integer = /^(-?\d+)(?:\.0+)?$/.exec(source)?.[1];
  return integer === undefined ? value : BigInt(integer);
}

/** The index after the JSON object or array that begins at `start`, or -1 when the text ends inside of it. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (inString) {
      if (character === '\\') {
        at += 1;
      } else if (character === '"') {
        inString = false;
      }
    } else if (character === '"') {
      inString = true;
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) {
        return at + 1;
      }
    }
  }
  return -1;
}

function isRow(value: unknown): value is JsonRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What may stand between rows: a space, or the bool that a console may print for an inner `:onerror`. */
const BETWEEN = /^(?: |true|false)/;

/**
 * Reads JSON objects that follow one another with nothing but spaces and bare bools between them. An array of objects, which is what
 * serialising a whole result set gives (docs/routeros.md, 2), counts as its members.
 *
 * @throws SyntaxError when the text is anything else.
 */
export function parseRows(text: string): readonly JsonRow[] {
  const rows: JsonRow[] = [];
  for (let at = 0; at < text.length; ) {
    const skipped = BETWEEN.exec(text.slice(at, at + 5))?.[0].length ?? 0;
    if (skipped > 0) {
      at += skipped;
      continue;
    }
    const character = text.charAt(at);
    const end = character === '{' || character === '[' ? endOfValue(text, at) : -1;
    if (end === -1) {
      throw new SyntaxError(`not a JSON object at offset ${at}`);
    }
    const value = parse(text.slice(at, end), keepIntegersExact);
    for (const row of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      if (!isRow(row)) {
        throw new SyntaxError(`an array at offset ${at} holds something other than objects`);
      }
      rows.push(row);
    }
    at = end;
  }
  return rows;
}

/**
 * Readers for the fields of a row. RouterOS gives the same thing in several shapes, by version and by whether a property
 * is set (docs/routeros.md, 2 and U12), so absent, null and empty are one, and so are a number and its digits.
 */

/** A field as text, a list as its members with `,` between them; empty when there is nothing. */
export function text(row: JsonRow, field: string): string {
  const value = row[field];
  if (Array.isArray(value)) {
    return (value as readonly unknown[]).join(',');
  }
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return '';
  }
}

/**
 * A field as a whole number ≥ 0: a number, its digits, or RouterOS' `2048.000000`; undefined when there is nothing, or
 * nothing that is one for certain, such as `1.5` or `10.0GiB`.
 */
export function integer(row: JsonRow, field: string): bigint | undefined {
  const digits = /^(\d+)(?:\.0+)?$/.exec(text(row, field))?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

/** A size in bytes, exact to the last one; see {@link integer}. */
export function bytes(row: JsonRow, field: string): bigint | undefined {
  return integer(row, field);
}

/** A flag: true, `true` or `yes`; everything else is no. */
export function flag(row: JsonRow, field: string): boolean {
  const value = row[field];
  return value === true || value === 'true' || value === 'yes';
}

/** A statement that prints one value as a line of JSON, for `parseRows` (docs/routeros.md, 2). */
export function put(value: Script): Script {
  return ros`:put [:serialize to=json options=json.no-string-conversion value=${value}]`;
}

/** A statement that prints a row which says one thing: that it is so. */
export function say(what: string): Script {
  return ros`:put ${JSON.stringify({ [what]: true })}`;
}
