import { nearest } from './nearest.ts';

/** What is said of keys that a schema does not know: the same for the configuration and for parameters of classes. */

/**
 * @param unknown keys that were given
 * @param known those that there are
 */
export function unknownKeys(unknown: readonly string[], known: readonly string[]): string {
  const meant = [...new Set(unknown.flatMap((key) => nearest(key, known) ?? []))];
  const question = meant.length > 0 ? `did you mean ${quoted(meant)}? ` : '';
  return `${quoted(unknown)} unknown; ${question}${known.length > 0 ? `known: ${known.join(', ')}` : 'there are none'}`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}
