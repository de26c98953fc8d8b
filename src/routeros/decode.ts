import type { JsonRow } from './routeros.ts';

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
